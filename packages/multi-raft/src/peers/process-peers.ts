/**
 * The other processes: what they send goes to the groups' inboxes, what groups say goes to one outbox per peer, and who
 * is there is known in one place. Nothing a peer does or omits here can hold up another one.
 * Of each Resource Manager one incarnation is connected at a time, and only that one is alive and spoken to: what groups say to
 * another one (an old disk's id) is dropped here, never carried to the process that took its place.
 */
import { AgreedTime, describeVerdict, PeerLiveness, sameVerdict, type Condition, type Reading } from '@mas/health';
import type { MemberId } from '@mas/membership';
import type { NodeId } from '@mas/raft';
import { invariant, type BucketId, type RmId } from '@mas/values';
import { ticksIn, type MultiRaftConfig } from '../config';
import type { Inbound } from '../group/inbox';
import type { Replica } from '../group/replica';
import { receiveSnapshot } from '../group/snapshot-receiving';
import { onPeerGained, onPeerLost } from '../group/succession';
import type { PeerStatus } from '../host';
import type { HostPorts } from '../host-ports';
import type { CoalescedHeartbeat, PeerBatch, PeerReceiver, SnapshotHeader } from '../peer-transport';
import { nodeOf, rmOf } from '../replica-id';
import { Outboxes } from './outboxes';
import { OwnHealth } from './own-health';
import { SnapshotSender } from './snapshot-sender';

/** A follower that has its snapshot is given so long to show that it has caught up. */
const SNAPSHOT_GRACE_MS = 10_000;
/** A peer that has been silent for so long is dialled anew: TCP would find its way back only much later. */
const REDIAL_AFTER_MS = 1_000;

export class ProcessPeers<Result> implements PeerReceiver {
  readonly outboxes: Outboxes;
  readonly liveness: PeerLiveness<NodeId>;
  readonly own: OwnHealth;
  readonly time: AgreedTime<NodeId>;
  readonly snapshots: SnapshotSender<Result>;
  private installs = 0;
  /** The incarnation of each Resource Manager that is connected now. */
  private readonly connected = new Map<RmId, NodeId>();
  private readonly everConnected = new Map<RmId, NodeId>();
  /** Dialled anew, and not heard since: once is enough. */
  private readonly redialled = new Set<NodeId>();
  private readonly selfNode: NodeId;
  private readonly heartbeatTicks: number;

  constructor(
    private readonly ports: HostPorts,
    private readonly config: MultiRaftConfig,
    private readonly registry: ReadonlyMap<BucketId, Replica<Result>>,
    private readonly tickCount: () => number,
  ) {
    const { transport, clock, logger } = ports;
    const { tickMs, minSilenceMs, maxSilenceMs } = config;
    this.heartbeatTicks = ticksIn(config, config.heartbeatMs);
    this.time = new AgreedTime(ports.processes);
    this.own = new OwnHealth(ports.log, clock, logger, () => this.time.ownClockOffMs());
    this.selfNode = nodeOf(ports.self);
    this.outboxes = new Outboxes(
      config,
      {
        send: (to, batch) => this.connected.get(rmOf(to)) === to && transport.send(rmOf(to), batch),
        dropped: (to, group) => this.onDropped(to, group),
        ownPosition: () => ports.positions.own(),
        positions: () => ports.positions.tell(),
        condition: () => this.own.condition,
        clock: (to) => this.time.signal(to, this.reading()),
      },
      clock,
    );
    this.liveness = new PeerLiveness(
      { tickMs, floorMs: minSilenceMs, capMs: maxSilenceMs },
      {
        gained: (peer) => this.onGained(peer),
        lost: (peer, how) => this.onLost(peer, how),
      },
      clock.monotonicMs(),
    );
    this.snapshots = new SnapshotSender({
      transport,
      clock,
      logger,
      maxSends: config.maxSnapshotSends,
      retryMs: config.snapshotRetryMs,
      graceTicks: ticksIn(config, SNAPSHOT_GRACE_MS),
      replica: (group) => registry.get(group),
    });
  }

  /** Once per tick of the host. */
  tick(): void {
    const { clock } = this.ports;
    this.own.tick(this.liveness.tick(clock.monotonicMs()));
    this.outboxes.signOfLife(this.connected.values(), this.tickCount() % this.heartbeatTicks === 0);
    // Once the sockets have been read: when this process itself stood still, what peers sent meanwhile waits in them.
    clock.defer(() => {
      this.liveness.judge(clock.monotonicMs());
      this.redialSilent();
    });
  }

  onBatch(from: MemberId, batch: PeerBatch): void {
    const sender = nodeOf(from);
    this.heard(sender, batch.condition);
    if (batch.clock !== null) this.time.heard(sender, batch.clock, this.reading());
    // Ahead of what it promises.
    if (batch.positions.length > 0) this.ports.positions.heard(batch.positions);
    for (const { group, message } of batch.messages) {
      const replica = this.registry.get(group);
      if (replica === undefined) continue;
      // A peer speaks for its own replicas only, and never of what hosts do not send each other.
      if (message.from !== sender || message.to !== this.selfNode || !isExchanged(message.kind)) {
        this.ports.logger.warn({ bucket: group, from: sender, to: message.to, kind: message.kind }, 'a message that its sender may not send is dropped');
        continue;
      }
      this.deliver(replica, { kind: 'message', message });
    }
    for (const heartbeat of batch.heartbeats) this.onHeartbeat(sender, 'heartbeat', heartbeat);
    for (const heartbeat of batch.heartbeatResponses) this.onHeartbeat(sender, 'heartbeat-response', heartbeat);
    for (const { group, term } of batch.givenUp) {
      const replica = this.registry.get(group);
      if (replica !== undefined) this.deliver(replica, { kind: 'given-up', from: sender, term });
    }
  }

  async onSnapshot(from: MemberId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const replica = this.registry.get(header.group);
    if (replica === undefined || replica.isRetired) throw new Error(`group ${header.group} has no replica in process ${this.ports.self.rm}`);
    if (this.installs >= this.config.maxSnapshotInstalls) throw new Error('too many snapshots are being installed');
    this.installs += 1;
    try {
      await receiveSnapshot(replica, from, header, chunks);
    } finally {
      this.installs -= 1;
    }
  }

  onConnected(peer: MemberId): void {
    const node = nodeOf(peer);
    const nowMs = this.ports.clock.monotonicMs();
    const before = this.connected.get(peer.rm);
    this.connected.set(peer.rm, node);
    this.everConnected.set(peer.rm, node);
    if (before !== undefined && before !== node) this.liveness.disconnected(before, nowMs);
    this.liveness.connected(node, nowMs);
    this.time.connected(node);
  }

  onDisconnected(peer: MemberId): void {
    const node = nodeOf(peer);
    if (this.connected.get(peer.rm) === node) this.connected.delete(peer.rm);
    this.liveness.disconnected(node, this.ports.clock.monotonicMs());
    this.time.disconnected(node);
  }

  status(): readonly PeerStatus[] {
    return [...this.everConnected].map(([rm, node]) => ({ rm, verdict: this.liveness.verdict(node) }));
  }

  /** Milliseconds since the Unix epoch on which a majority of processes agrees (packages/health); null: none has since the start. */
  agreedMs(): number | null {
    return this.time.at(this.reading());
  }

  private reading(): Reading {
    const { clock } = this.ports;
    return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  }

  private heard(peer: NodeId, says: Condition | null): void {
    this.redialled.delete(peer);
    const before = this.liveness.verdict(peer);
    this.liveness.heard(peer, this.ports.clock.monotonicMs(), ...(says === null ? [] : [says]));
    const now = this.liveness.verdict(peer);
    if (sameVerdict(before, now) || (before.kind !== 'ailing' && now.kind !== 'ailing')) return;
    this.ports.logger.info({ peer: rmOf(peer), id: peer }, `peer process is ${describeVerdict(now)}`);
  }

  private redialSilent(): void {
    const nowMs = this.ports.clock.monotonicMs();
    for (const [rm, peer] of [...this.connected]) {
      if (this.redialled.has(peer) || this.liveness.verdict(peer).kind !== 'silent' || (this.liveness.goneForMs(peer, nowMs) ?? 0) < REDIAL_AFTER_MS) continue;
      this.redialled.add(peer);
      this.ports.transport.redial(rm);
    }
  }

  private onHeartbeat(from: NodeId, kind: 'heartbeat' | 'heartbeat-response', heartbeat: CoalescedHeartbeat): void {
    const replica = this.registry.get(heartbeat.group);
    if (replica === undefined || replica.isRetired) return;
    const item: Inbound = { kind, from, heartbeat };
    if (kind === 'heartbeat-response' && replica.isQuiet && heartbeat.term === replica.known.term) {
      // An answer to the last heartbeat, whether the follower went along or not, is no reason to wake.
      return;
    }
    replica.inbox.put(item);
    replica.heard();
  }

  private deliver(replica: Replica<Result>, item: Inbound): void {
    if (replica.isRetired) return;
    replica.inbox.put(item);
    replica.wake();
  }

  private onDropped(to: NodeId, group: BucketId): void {
    const replica = this.registry.get(group);
    if (replica === undefined || replica.isRetired) return;
    replica.unreachable.add(to);
  }

  private onGained(peer: NodeId): void {
    this.ports.logger.info({ peer: rmOf(peer), id: peer }, 'peer process is there');
    // Groups that went quiet without it bring it up to date.
    for (const replica of this.registry.values()) onPeerGained(replica, peer);
  }

  private onLost(peer: NodeId, how: 'gone' | 'silent'): void {
    invariant(peer !== this.selfNode, 'a process is not its own peer');
    this.ports.logger.warn({ peer: rmOf(peer), id: peer }, `peer process is ${how}`);
    for (const replica of this.registry.values()) onPeerLost(replica, peer);
  }
}

/** Proposals and reads are not forwarded between hosts, and snapshots have a stream of their own. */
function isExchanged(kind: string): boolean {
  switch (kind) {
    case 'append':
    case 'append-accepted':
    case 'append-rejected':
    case 'vote':
    case 'vote-response':
    case 'pre-vote':
    case 'pre-vote-response':
    case 'timeout-now':
      return true;
    default:
      return false;
  }
}
