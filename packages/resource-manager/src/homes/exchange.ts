/**
 * One request to whoever leads a bucket: this process or another. Follows hints of replicas that do not lead and
 * remembers what it learns; gives up after a few tries, because whoever asks comes back. What the replicas said together
 * may show that there can be no leader: then the reply is `no-quorum`.
 */
import type { LeaderDirectory } from '@mas/placement';
import { NOBODY_MS, QUICK_ATTEMPT_MS, Soundings, type ParticipantClient, type ParticipantReply, type ParticipantRequest, type ParticipantServer } from '@mas/two-phase-commit';
import type { BucketId, Clock, RmId } from '@mas/values';

const MAX_TRIES = 4;

/** Of a bucket that nobody answers for. */
interface Silence {
  readonly sinceMs: number;
  readonly askedMs: number;
}

export class BucketExchange {
  /** At most one of each bucket. */
  private readonly silences = new Map<BucketId, Silence>();

  constructor(
    private readonly self: RmId,
    private readonly local: ParticipantServer,
    private readonly remote: ParticipantClient,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** The last reply. Safe for requests that may be repeated; every one of ours is. */
  async ask(bucket: BucketId, request: ParticipantRequest): Promise<ParticipantReply> {
    let reply: ParticipantReply = { kind: 'unavailable', reason: `bucket ${bucket} has no replica` };
    const soundings = new Soundings(bucket, this.silentSince(bucket));
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const target = this.directory.target(bucket, attempt);
      if (target === undefined) return reply;
      const heard = target === this.self ? await this.local.handle(request, 'rm') : await this.remote.send(target, request, soundings.suspects ? Math.min(QUICK_ATTEMPT_MS, this.timeoutMs) : this.timeoutMs);
      reply = heard.kind === 'not-sent' ? { kind: 'unavailable', reason: heard.reason } : heard;
      switch (heard.kind) {
        case 'not-leader':
        case 'no-quorum':
        case 'no-replica':
        case 'unknown':
        case 'unavailable':
        case 'not-sent':
          soundings.note(target, heard);
          this.directory.failed(bucket, target);
          if (heard.kind === 'not-leader' && heard.leader !== null) this.directory.learned(bucket, heard.leader);
          break;
        case 'permission-denied':
          return reply;
        default:
          this.silences.delete(bucket);
          this.directory.learned(bucket, target);
          return reply;
      }
      const noQuorum = soundings.verdict(this.directory.placement().replicasOf(bucket), this.clock.monotonicMs());
      if (noQuorum !== null) {
        // Whom to ask first the next time: of the others some may be frozen.
        const witness = soundings.witness();
        if (witness !== undefined) this.directory.learned(bucket, witness);
        const { up, of, needed } = noQuorum;
        return { kind: 'no-quorum', missing: { up, of, needed, forMs: this.clock.monotonicMs() - this.silentSince(bucket) } };
      }
    }
    // One that may just be cut off itself.
    return reply.kind === 'no-quorum' ? { kind: 'unavailable', reason: `bucket ${bucket} has no quorum as one of its replicas sees it` } : reply;
  }

  /** Several questions may be needed to know that nobody is there; between them no time passes in which nobody asked. */
  private silentSince(bucket: BucketId): number {
    const nowMs = this.clock.monotonicMs();
    const known = this.silences.get(bucket);
    const sinceMs = known === undefined || nowMs - known.askedMs > NOBODY_MS ? nowMs : known.sinceMs;
    this.silences.set(bucket, { sinceMs, askedMs: nowMs });
    return sinceMs;
  }
}
