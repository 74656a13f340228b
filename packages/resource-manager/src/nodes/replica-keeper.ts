/**
 * Opens the replicas that the map places here, and closes those that it does not and that their group has forgotten (docs/adr/0022, rules 4 and 6). A replica
 * that was replaced while it was cut off would else stay a candidate of a group that does not hear it. Those of a bucket that is none any more close without a question
 * (docs/adr/0031, rule 5).
 */
import type { MemberId } from '@mas/membership';
import type { GroupStatus } from '@mas/multi-raft';
import { isRetired, placements, type LeaderDirectory } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { every, type BucketId, type Clock, type Logger, type Timer } from '@mas/values';

const LOOK_EVERY_MS = 500;
/** The leader of a group is asked this often by a replica that is not placed. */
const ASK_EVERY_MS = 2_000;
/** From when it is heard here that a bucket was retired: so long whoever has an older map is told by it that its slots are another one's. */
const RETIRED_KEPT_MS = 10_000;

/** What the process does with one replica. */
export interface ReplicaHolder {
  status(): readonly Pick<GroupStatus, 'group' | 'role'>[];
  /** Waits for a leader that brings it up. */
  open(group: BucketId): Promise<void>;
  /** From when it resolves it promises nothing; log and rows stay. */
  close(group: BucketId): Promise<void>;
  /** Of a closed one: what it has promised, and its rows. */
  drop(group: BucketId): Promise<void>;
}

export interface ReplicaKeeperPorts {
  readonly self: MemberId;
  readonly directory: LeaderDirectory;
  readonly holder: ReplicaHolder;
  readonly ask: (bucket: BucketId, request: ParticipantRequest) => Promise<ParticipantReply>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ReplicaKeeper {
  private readonly busy = new Set<BucketId>();
  private readonly askedMs = new Map<BucketId, number>();
  /** When it was first seen here that they are retired. */
  private readonly retiredMs = new Map<BucketId, number>();
  /** Closed, and something is left of them. `dropping`: it is certain that nobody counts on them. */
  private readonly left = new Map<BucketId, 'closed' | 'dropping'>();
  private timer: Timer | null = null;
  private stopped = false;

  constructor(private readonly ports: ReplicaKeeperPorts) {}

  start(): void {
    this.timer = every(this.ports.clock, LOOK_EVERY_MS, () => this.look());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** By the newest map that is known here. */
  look(): void {
    const { directory, holder } = this.ports;
    if (this.stopped || directory.placement().map.cluster === null) return;
    const held = new Map(holder.status().map(({ group, role }) => [group, role]));
    for (const group of this.placed()) if (!held.has(group) && !this.left.has(group)) void this.alone(group, 'opened', () => holder.open(group));
    for (const group of this.left.keys()) void this.alone(group, 'dropped', () => this.dropClosed(group));
    for (const [group, role] of held) {
      if (this.isToDrop(group, role)) {
        void this.alone(group, 'closed', () => this.closeRetired(group));
        continue;
      }
      // A leader hands over first, and a replica that has stopped for its own reasons is for its operator.
      if (role === 'leader' || role === 'stopped' || this.isPlaced(group) || !this.isDue(group)) continue;
      void this.alone(group, 'closed', () => this.closeForgotten(group));
    }
  }

  /** One that has stopped for its own reasons is for its operator. */
  private isToDrop(group: BucketId, role: GroupStatus['role']): boolean {
    if (role === 'stopped' || !isRetired(this.ports.directory.placement().map, group)) return false;
    const nowMs = this.ports.clock.monotonicMs();
    const sinceMs = this.retiredMs.get(group) ?? nowMs;
    this.retiredMs.set(group, sinceMs);
    return nowMs - sinceMs >= RETIRED_KEPT_MS;
  }

  /** It has no rows, and no entry can give it any: nobody counts on what this replica has promised. */
  private async closeRetired(group: BucketId): Promise<void> {
    await this.ports.holder.close(group);
    this.left.set(group, 'dropping');
    await this.dropClosed(group);
  }

  private async closeForgotten(group: BucketId): Promise<void> {
    if (!(await this.isForgotten(group)) || this.isPlaced(group) || this.stopped) return;
    // What it promised while the answer was on its way would be dropped with it: so it promises nothing any more, and asks again.
    await this.ports.holder.close(group);
    this.left.set(group, 'closed');
    await this.dropClosed(group);
  }

  /** Again at each look until it is done: a database that was away, or a group that does count on it, leaves no closed replica behind. */
  private async dropClosed(group: BucketId): Promise<void> {
    const { holder, logger, directory } = this.ports;
    if (this.left.get(group) === 'closed') {
      const isToGo = isRetired(directory.placement().map, group) || (!this.isPlaced(group) && (await this.isForgotten(group)));
      if (this.stopped) return;
      if (!isToGo) {
        await holder.open(group);
        this.left.delete(group);
        return;
      }
      this.left.set(group, 'dropping');
    }
    if (this.stopped) return;
    await holder.drop(group);
    this.left.delete(group);
    this.retiredMs.delete(group);
    logger.info({ bucket: group }, 'a replica that its group has no part for any more, or whose bucket was retired, is closed, and its rows are gone');
  }

  /** By the group's leader, confirmed by its quorum after the question. */
  private async isForgotten(group: BucketId): Promise<boolean> {
    const { ask, self } = this.ports;
    const reply = await ask(group, { kind: 'members', bucket: group });
    return reply.kind === 'members' && [...reply.voters, ...reply.learners].every(({ rm, ordinal }) => rm !== self.rm || ordinal !== self.ordinal);
  }

  private isPlaced(group: BucketId): boolean {
    return this.placed().includes(group);
  }

  private placed(): readonly BucketId[] {
    const { directory, self } = this.ports;
    return placements(directory.placement().map).flatMap(({ bucket, replicas }) => (replicas.includes(self.rm) ? [bucket] : []));
  }

  private isDue(group: BucketId): boolean {
    const nowMs = this.ports.clock.monotonicMs();
    if (nowMs - (this.askedMs.get(group) ?? -ASK_EVERY_MS) < ASK_EVERY_MS) return false;
    this.askedMs.set(group, nowMs);
    return true;
  }

  private async alone(group: BucketId, what: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(group)) return;
    this.busy.add(group);
    try {
      await work();
    } catch (error) {
      // Its database may be away, or the process about to stop: the next look tries again.
      this.ports.logger.warn({ bucket: group, err: error }, `a replica could not be ${what}`);
    } finally {
      this.busy.delete(group);
    }
  }
}
