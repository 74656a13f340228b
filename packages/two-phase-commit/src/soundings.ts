/**
 * What the replicas of one bucket said while its leader was looked for: enough to know that there can be none? One replica that misses
 * a quorum may just be cut off itself, so all the others must say the same or say nothing. A replica that sees a quorum, or answers
 * anything else of its own, is a hope: an election ends in a moment, a busy replica gets better.
 */
import { unreachable, type BucketId, type MissingQuorum, type RmId } from '@mas/values';
import type { NotSent, ParticipantReply } from './participant-protocol';
import type { NoQuorum, NoStore } from './transaction-event';

/** Nobody can be reached for so long: then nobody is there. Longer than a process that restarts at once refuses connections. */
export const NOBODY_MS = 1_500;

/** While one replica misses a quorum, an attempt at another takes no longer. */
export const QUICK_ATTEMPT_MS = 400;

/** A leader must have said for so long that its database is away. */
export const STORELESS_MS = 400;

type Failed = Extract<ParticipantReply, { readonly kind: 'not-leader' | 'no-quorum' | 'no-store' | 'unavailable' | 'unknown' | 'no-replica' }> | NotSent;

export class Soundings {
  private readonly heard = new Map<RmId, MissingQuorum | 'silent' | 'refused'>();
  private perhapsDone = false;
  /** Since when the leader says so. */
  private storelessSinceMs: number | null = null;

  constructor(
    private readonly bucket: BucketId,
    private readonly startedMs: number,
  ) {}

  /** Somebody misses a quorum: from those not heard yet a quick answer is enough. */
  get suspects(): boolean {
    for (const each of this.heard.values()) if (typeof each !== 'string') return true;
    return false;
  }

  note(rm: RmId, reply: Failed, nowMs: number): void {
    switch (reply.kind) {
      case 'no-quorum':
        this.heard.set(rm, reply.missing);
        return;
      case 'unknown':
        this.perhapsDone = true;
        this.heard.set(rm, 'silent');
        return;
      case 'not-sent':
      case 'no-replica':
        this.heard.set(rm, 'refused');
        return;
      case 'no-store':
        this.heard.delete(rm);
        this.storelessSinceMs ??= nowMs;
        return;
      case 'not-leader':
      case 'unavailable':
        this.heard.delete(rm);
        this.storelessSinceMs = null;
        return;
      default:
        unreachable(reply, 'failure');
    }
  }

  /** What the leader's word comes to that its database is away: a moment is a hope, for a slow query ends and leadership moves. */
  withoutStore(rm: RmId, nowMs: number): NoStore | null {
    const { bucket, perhapsDone, storelessSinceMs } = this;
    return storelessSinceMs === null || nowMs - storelessSinceMs < STORELESS_MS ? null : { bucket, rm, perhapsDone };
  }

  verdict(replicas: readonly RmId[], nowMs: number): NoQuorum | null {
    let seen: MissingQuorum | null = null;
    let mayBeSlow = false;
    for (const rm of replicas) {
      const each = this.heard.get(rm);
      if (each === undefined) return null;
      if (each === 'silent') mayBeSlow = true;
      else if (each !== 'refused' && (seen === null || each.up > seen.up)) seen = each;
    }
    const { bucket, perhapsDone } = this;
    if (seen !== null) return { bucket, up: seen.up, of: seen.of, needed: seen.needed, perhapsDone };
    if (mayBeSlow || replicas.length === 0 || nowMs - this.startedMs < NOBODY_MS) return null;
    return { bucket, up: 0, of: replicas.length, needed: Math.floor(replicas.length / 2) + 1, perhapsDone };
  }
}

export function noQuorumText({ bucket, up, of, needed }: NoQuorum): string {
  return `bucket ${bucket} has no quorum: ${up} of its ${of} replicas ${up === 1 ? 'is' : 'are'} up, ${needed} ${needed === 1 ? 'is' : 'are'} needed`;
}

export function noStoreText({ bucket, rm }: Pick<NoStore, 'bucket' | 'rm'>): string {
  return `the SQL server of rm-${rm}, which leads bucket ${bucket}, does not answer`;
}
