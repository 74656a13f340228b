/**
 * One request to whoever leads a bucket: this process or another (@mas/routing). Gives up soon, because whoever asks comes back, but not
 * before it could be found out that there is no leader because too few replicas are there: then the reply is `no-quorum`.
 */
import type { LeaderDirectory } from '@mas/placement';
import { LeaderAsker } from '@mas/routing';
import {
  NOBODY_MS,
  type ItemReply,
  type ParticipantClient,
  type ParticipantReply,
  type ParticipantRequest,
  type ParticipantServer,
} from '@mas/two-phase-commit';
import type { BucketId, Clock, Random, RmId } from '@mas/values';

/** Less than a coordinator waits for the reader in whose name a home is asked. */
const ASK_MS = NOBODY_MS + 200;
const BACKOFF_MS = [10, 200] as const;

export interface ExchangePorts {
  readonly rm: RmId;
  readonly participants: ParticipantClient;
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
  readonly random: Random;
}

export class BucketExchange {
  private readonly asker: LeaderAsker;
  private readonly clock: Clock;

  constructor(
    { rm: self, participants, directory, clock, random }: ExchangePorts,
    local: ParticipantServer,
    private readonly timeoutMs: number,
    /** A bucket says that a slot is not its own: the map here is old. */
    private readonly onMoved: () => void,
  ) {
    this.clock = clock;
    const everybody: ParticipantClient = {
      send: (rm, request, forMs, passage) => (rm === self ? local.handle(request, 'rm') : participants.send(rm, request, forMs, passage)),
    };
    this.asker = new LeaderAsker({ participants: everybody, directory, clock, random, self, backoffMs: BACKOFF_MS });
  }

  /** For requests that may be repeated; every one of ours is. */
  async ask(bucket: BucketId, request: ParticipantRequest): Promise<ParticipantReply> {
    const startedMs = this.clock.monotonicMs();
    const reply = await this.asker.exchange(bucket, {
      request: () => request,
      untilMs: () => startedMs + ASK_MS,
      attemptMs: this.timeoutMs,
      isLong: false,
      onUnknown: () => undefined,
      onRetry: () => undefined,
    });
    if (isMoved(reply)) this.onMoved();
    if (reply.kind !== 'unreachable') return reply;
    if (reply.noStore !== undefined) return { kind: 'no-store', rm: reply.noStore.rm };
    if (reply.noQuorum === undefined) return { kind: 'unavailable', reason: reply.reason };
    const { up, of, needed } = reply.noQuorum;
    return { kind: 'no-quorum', missing: { up, of, needed, forMs: this.clock.monotonicMs() - startedMs } };
  }
}

/** Some of it, or all. */
function isMoved(reply: ParticipantReply | { readonly kind: 'unreachable' }): boolean {
  return reply.kind === 'outcomes' ? reply.outcomes.some(hasMoved) : reply.kind === 'wrong-bucket';
}

export function hasMoved(item: ItemReply | undefined): boolean {
  return item?.kind === 'outcome' && item.outcome.kind === 'wrong-bucket';
}
