/**
 * The other processes: what they send goes to the groups' inboxes, what groups say goes to one outbox per peer, and who
 * is there is known in one place. Nothing a peer does or omits here can hold up another one.
 * Of each Resource Manager one incarnation is connected at a time, and only that one is alive and spoken to: what groups say to
 * another one (an old disk's id) is dropped here, never carried to the process that took its place.
 */
import type { MemberId } from '@mas/membership';
import type { NodeId } from '@mas/raft';
import { invariant, type BucketId, type RmId } from '@mas/values';
import type { MultiRaftConfig } from '../config';
import type { Inbound } from '../group/inbox';
import type { Replica } from '../group/replica';
import { receiveSnapshot } from '../group/snapshot-receiving';
import { onPeerLost } from '../group/succession';
import type { HostPorts } from '../host-ports';
import type { CoalescedHeartbeat, PeerBatch, PeerReceiver, SnapshotHeader } from '../peer-transport';
import { nodeOf, rmOf } from '../replica-id';
import { PeerLiveness } from './liveness';
import { Outboxes } from './outboxes';
import { SnapshotSender } from './snapshot-sender';

export class ProcessPeers<Result> implements PeerReceiver {
  readonly outboxes: Outboxes;
  readonly liveness: PeerLiveness;
  readonly snapshots: SnapshotSender<Result>;
  private installs = 0;
  /** The incarnation of each Resource Manager that is connected now. */
  private readonly connected = new Map<RmId, NodeId>();
  private readonly selfNode: NodeId;

  constructor(
    private readonly ports: HostPorts,
    private readonly config: MultiRaftConfig,
    private readonly registry: ReadonlyMap<BucketId, Replica<Result>>,
    private readonly tickCount: () => number,
  ) {
    const { transport, clock, logger } = ports;
    this.selfNode = nodeOf(ports.self);
    this.outboxes = new Outboxes(config, {
      send: (to, batch) => this.connected.get(rmOf(to)) === to && transport.send(rmOf(to), batch),
      dropped: (to, group) => this.onDropped(to, group),
      positions: () => ports.positions.tell(),
    });
    this.liveness = new PeerLiveness(config.electionTicks * config.tickMs, {
      gained: (peer) => this.onGained(peer),
      lost: (peer) => this.onLost(peer),
    }, clock.monotonicMs());
    this.snapshots = new SnapshotSender({
      transport,
      clock,
      logger,
      maxSends: config.maxSnapshotSends,
      retryMs: config.snapshotRetryMs,
      graceTicks: 10 * config.electionTicks,
      replica: (group) => registry.get(group),
    });
  }

  /** Once per tick of the host. */
  tick(lateMs: number): void {
    const nowMs = this.ports.clock.monotonicMs();
    // When this process itself stood still, what peers sent meanwhile waits in its sockets.
    if (lateMs > this.config.tickMs) this.liveness.forgive(nowMs);
    else this.liveness.check(nowMs);
    if (this.tickCount() % this.config.heartbeatTicks === 0) this.outboxes.signOfLife(this.connected.values());
  }

  onBatch(from: MemberId, batch: PeerBatch): void {
    const sender = nodeOf(from);
    this.liveness.heard(sender, this.ports.clock.monotonicMs());
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
    if (before !== undefined && before !== node) this.liveness.disconnected(before, nowMs);
    this.liveness.connected(node, nowMs);
  }

  onDisconnected(peer: MemberId): void {
    const node = nodeOf(peer);
    if (this.connected.get(peer.rm) === node) this.connected.delete(peer.rm);
    this.liveness.disconnected(node, this.ports.clock.monotonicMs());
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
    for (const replica of this.registry.values()) if (replica.isLeader && replica.peers.includes(peer)) replica.wake();
  }

  private onLost(peer: NodeId): void {
    invariant(peer !== this.selfNode, 'a process is not its own peer');
    this.ports.logger.warn({ peer: rmOf(peer), id: peer }, 'peer process is gone or silent');
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
