/**
 * One request to whoever leads a bucket: this process or another. Follows hints of replicas that do not lead and
 * remembers what it learns; gives up after a few tries, because whoever asks comes back.
 */
import type { LeaderDirectory } from '@mas/placement';
import type { ParticipantClient, ParticipantReply, ParticipantRequest, ParticipantServer } from '@mas/two-phase-commit';
import type { BucketId, RmId } from '@mas/values';

const MAX_TRIES = 4;

export class BucketExchange {
  constructor(
    private readonly self: RmId,
    private readonly local: ParticipantServer,
    private readonly remote: ParticipantClient,
    private readonly directory: LeaderDirectory,
    private readonly timeoutMs: number,
  ) {}

  /** The last reply. Safe for requests that may be repeated; every one of ours is. */
  async ask(bucket: BucketId, request: ParticipantRequest): Promise<ParticipantReply> {
    let reply: ParticipantReply = { kind: 'unavailable', reason: `bucket ${bucket} has no replica` };
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const target = this.directory.target(bucket, attempt);
      if (target === undefined) return reply;
      reply = target === this.self ? await this.local.handle(request, 'rm') : await this.send(target, request);
      switch (reply.kind) {
        case 'not-leader':
          this.directory.failed(bucket, target);
          if (reply.leader !== null) this.directory.learned(bucket, reply.leader);
          break;
        case 'no-quorum':
        case 'no-replica':
        case 'unknown':
        case 'unavailable':
          this.directory.failed(bucket, target);
          break;
        case 'permission-denied':
          return reply;
        default:
          this.directory.learned(bucket, target);
          return reply;
      }
    }
    return reply;
  }
  private async send(target: RmId, request: ParticipantRequest): Promise<ParticipantReply> {
    const reply = await this.remote.send(target, request, this.timeoutMs);
    return reply.kind === 'not-sent' ? { kind: 'unavailable', reason: reply.reason } : reply;
  }
}
