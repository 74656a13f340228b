/**
 * Snapshots on their way to followers: one at a time per peer, a few in all, the rest wait in line. A failure is
 * reported to Raft after a pause, so that a follower that cannot take one is not flooded. While one is under way the
 * log behind it is pinned.
 */
import { NO_DATA, type NodeId, type SnapshotMessage } from '@mas/raft';
import type { BucketId, Clock, Logger } from '@mas/values';
import type { Replica } from '../group/replica';
import type { PeerTransport, SnapshotHeader } from '../peer-transport';
import { rmOf } from '../replica-id';

export interface SnapshotSenderPorts<Result> {
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxSends: number;
  readonly retryMs: number;
  /** How long the log stays pinned for a follower that has its snapshot, until it is seen to have caught up. */
  readonly graceTicks: number;
  readonly replica: (group: BucketId) => Replica<Result> | undefined;
}

interface Job {
  readonly group: BucketId;
  readonly to: NodeId;
  message: SnapshotMessage;
}

export class SnapshotSender<Result> {
  private waiting: Job[] = [];
  private readonly busy = new Map<NodeId, Job>();
  /** Per peer, a number that rises as snapshots get further: never for what an attempt merely repeats. */
  private readonly progress = new Map<NodeId, number>();
  /** Most chunks that any attempt of a transfer under way has got to, by group and peer. */
  private readonly furthest = new Map<string, number>();

  constructor(private readonly ports: SnapshotSenderPorts<Result>) {}

  enqueue(group: BucketId, message: SnapshotMessage): void {
    const { to } = message;
    const queued = this.waiting.find((job) => job.group === group && job.to === to);
    if (queued !== undefined) queued.message = message;
    else this.waiting.push({ group, to, message });
    this.startNext();
  }

  progressTo(peer: NodeId): number {
    return this.progress.get(peer) ?? 0;
  }

  get inFlight(): number {
    return this.busy.size;
  }

  private startNext(): void {
    for (const job of [...this.waiting]) {
      if (this.busy.size >= this.ports.maxSends) return;
      if (this.busy.has(job.to)) continue;
      this.waiting = this.waiting.filter((other) => other !== job);
      this.busy.set(job.to, job);
      void this.run(job);
    }
  }

  /** Never rejects. */
  private async run(job: Job): Promise<void> {
    const { group, to } = job;
    const replica = this.ports.replica(group);
    try {
      if (replica !== undefined && isWanted(replica, job)) await this.send(replica, job);
      replica?.node.reportSnapshot(to, 'sent');
    } catch (cause) {
      this.ports.logger.warn({ bucket: group, to, err: cause }, 'a snapshot was not taken; it is tried again');
      this.ports.clock.schedule(this.ports.retryMs, () => this.reportFailed(job));
    }
    this.busy.delete(to);
    replica?.host.schedule(group);
    this.startNext();
  }

  private async send(replica: Replica<Result>, job: Job): Promise<void> {
    const { group, to, message } = job;
    // Raft's message only marks where the log begins. A snapshot from before the newest configuration might not
    // know its receiver, who would have to ignore it.
    const atLeast = Math.max(message.snapshot.metadata.index, replica.applies.confIndex);
    const { applied, confState, chunks } = await replica.applier.snapshot(atLeast);
    const graceTicks = this.ports.graceTicks;
    const pin = { index: applied.index as number, untilTick: Number.MAX_SAFE_INTEGER };
    replica.pins.set(to, pin);
    const metadata = { index: applied.index, term: applied.term, confState };
    const header: SnapshotHeader = { group, message: { ...message, snapshot: { metadata, data: NO_DATA } } };
    try {
      await this.ports.transport.sendSnapshot(rmOf(to), header, this.counted(job, chunks));
      this.arrived(job);
      this.ports.logger.info({ bucket: group, to, index: applied.index }, 'snapshot sent');
    } finally {
      pin.untilTick = replica.host.tick() + graceTicks;
    }
  }

  private async *counted(job: Job, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let count = 0;
    for await (const chunk of chunks) {
      yield chunk;
      count += 1;
      if (count <= (this.furthest.get(keyOf(job)) ?? 0)) continue;
      this.furthest.set(keyOf(job), count);
      this.advance(job.to);
    }
  }

  private arrived(job: Job): void {
    this.furthest.delete(keyOf(job));
    this.advance(job.to);
  }

  private advance(peer: NodeId): void {
    this.progress.set(peer, this.progressTo(peer) + 1);
  }

  private reportFailed({ group, to }: Job): void {
    const replica = this.ports.replica(group);
    if (replica === undefined || replica.isRetired) return;
    replica.node.reportSnapshot(to, 'failed');
    replica.host.schedule(group);
  }
}

function keyOf({ group, to }: Job): string {
  return `${group}/${to}`;
}

/** Leadership may have moved on while the job waited in line. */
function isWanted<Result>(replica: Replica<Result>, { message }: Job): boolean {
  return !replica.isRetired && replica.isLeader && replica.known.term === message.term;
}
