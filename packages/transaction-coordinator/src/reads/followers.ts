/**
 * Replicas that do not lead, for what any replica can answer that stands at a moment or later (docs/adr/0021): each bucket's in turn. One that has not come so far, does
 * not answer, or is not there is not waited for: the leader is asked.
 */
import type { LeaderDirectory } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import type { BucketId, Clock, RmId } from '@mas/values';
import type { BucketLink } from '../transport/bucket-link';

const TIMEOUT_MS = 2_000;
/** Of what is left to the caller: the leader needs time as well. */
const SHARE = 1 / 3;

export class Followers {
  private turn = 0;

  constructor(
    private readonly link: Pick<BucketLink, 'follower'>,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
  ) {}

  /** Null: no answer of this kind. */
  async ask<Kind extends ParticipantReply['kind']>(
    bucket: BucketId,
    request: ParticipantRequest,
    kind: Kind,
    deadlineMs: number,
  ): Promise<Extract<ParticipantReply, { readonly kind: Kind }> | null> {
    const leader = this.directory.leaderHint(bucket) ?? null;
    const others = this.directory
      .placement()
      .replicasOf(bucket)
      .filter((rm) => rm !== leader);
    const rm: RmId | undefined = others[(this.turn += 1) % Math.max(1, others.length)];
    const remainingMs = deadlineMs - this.clock.monotonicMs();
    if (rm === undefined || remainingMs <= TIMEOUT_MS) return null;
    const reply = await this.link.follower.send(rm, request, Math.min(TIMEOUT_MS, remainingMs * SHARE));
    return isOf(reply, kind) ? reply : null;
  }
}

function isOf<Reply extends { readonly kind: string }, Kind extends Reply['kind']>(reply: Reply, kind: Kind): reply is Extract<Reply, { readonly kind: Kind }> {
  return reply.kind === kind;
}
