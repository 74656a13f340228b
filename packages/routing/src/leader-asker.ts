/**
 * One exchange with a bucket, wherever its leader is: performs what the search says (placement/src/route-search.ts), pauses between
 * rounds, and asks the same again when the fate of a request is unknown (every instruction is idempotent, every read
 * harmless). Ends when it is answered, also by a refusal of the caller, when its time is over, or when there is no leader
 * to be found because too few replicas are there (two-phase-commit/src/soundings.ts).
 */
import { ASK_OTHERS_MS, QUESTION_MS, RouteSearch, type AttemptEnd, type LeaderDirectory, type Route } from '@mas/placement';
import {
  noQuorumText,
  noStoreText,
  QUICK_ATTEMPT_MS,
  Soundings,
  type NotSent,
  type ParticipantClient,
  type ParticipantFailure,
  type ParticipantReply,
  type ParticipantRequest,
  type Unreachable,
} from '@mas/two-phase-commit';
import type { BucketId, Clock, Random, RmId } from '@mas/values';
import { Questions } from './questions';

/** Of an attempt's time, for the way back from a relay. */
const RELAY_SHARE = 0.9;

/** What another replica, or the same one later, may answer differently. A refused caller is refused everywhere. */
type Retryable = Exclude<ParticipantFailure, { readonly kind: 'permission-denied' }> | NotSent;
export type ParticipantAnswer = Exclude<ParticipantReply, Retryable>;

export interface AskerPorts {
  /** Its rejections are taken for a lost exchange. */
  readonly participants: ParticipantClient;
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
  readonly random: Random;
  /** Null: this process has no replicas. */
  readonly self: RmId | null;
  /** Pauses grow from the first to the second. */
  readonly backoffMs: readonly [number, number];
}

export interface Exchange {
  /** Called before every attempt, so that a batch can drop what has expired; null ends the exchange. */
  readonly request: () => ParticipantRequest | null;
  /** Monotonic; no attempt starts after it. */
  readonly untilMs: () => number;
  /** How long one attempt may take. */
  readonly attemptMs: number;
  /** It may take as long also while a quorum seems to be missing, because the request goes through a whole bucket. */
  readonly isLong: boolean;
  /** An attempt has ended without anybody knowing whether it took effect. */
  readonly onUnknown: () => void;
  readonly onRetry: () => void;
}

export class LeaderAsker {
  private readonly questions: Questions;

  constructor(private readonly ports: AskerPorts) {
    this.questions = new Questions(ports);
  }

  async exchange(bucket: BucketId, exchange: Exchange): Promise<ParticipantAnswer | Unreachable> {
    const { directory, clock, backoffMs, self } = this.ports;
    const search = new RouteSearch(directory, bucket, self);
    const soundings = new Soundings(bucket, clock.monotonicMs());
    let reason = 'no attempt was made in time';
    let [pauseMs] = backoffMs;
    let attempts = 0;
    this.questions.askTheSilent(bucket);
    for (;;) {
      const remainingMs = exchange.untilMs() - clock.monotonicMs();
      if (remainingMs <= 0) return { kind: 'unreachable', reason };
      const step = search.next(clock.monotonicMs());
      if (step.kind !== 'ask') {
        if (step.kind === 'nobody') reason = `no replica of bucket ${bucket} is where the placement says`;
        const waitMs = step.kind === 'question' ? QUESTION_MS : pauseMs * (0.5 + this.ports.random.unit());
        if (step.kind !== 'question') pauseMs = Math.min(pauseMs * 2, backoffMs[1]);
        await this.pause(bucket, search, Math.min(waitMs, remainingMs));
        continue;
      }
      const request = exchange.request();
      if (request === null) return { kind: 'unreachable', reason };
      if (attempts > 0) exchange.onRetry();
      attempts += 1;
      const attemptMs = soundings.suspects && !exchange.isLong ? Math.min(QUICK_ATTEMPT_MS, exchange.attemptMs) : exchange.attemptMs;
      const startedMs = clock.monotonicMs();
      const timeoutMs = Math.min(attemptMs, remainingMs);
      const reply = await this.attempt(bucket, search, step, request, timeoutMs);
      if (reply === 'left') {
        search.left(clock.monotonicMs());
        exchange.onUnknown();
        soundings.note(step.rm, LEFT, clock.monotonicMs());
        reason = LEFT.reason;
        continue;
      }
      search.ended(endOf(reply, clock.monotonicMs() - startedMs >= Math.max(timeoutMs, ASK_OTHERS_MS)), clock.monotonicMs());
      if (!isRetryable(reply)) return reply;
      if (reply.kind === 'unknown') exchange.onUnknown();
      reason = reasonOf(bucket, reply);
      soundings.note(step.rm, reply, clock.monotonicMs());
      const noStore = reply.kind === 'no-store' ? soundings.withoutStore(reply.rm, clock.monotonicMs()) : null;
      if (noStore !== null) return { kind: 'unreachable', reason: noStoreText(noStore), noStore };
      const noQuorum = soundings.verdict(directory.replicasOf(bucket), clock.monotonicMs());
      if (noQuorum !== null) return { kind: 'unreachable', reason: noQuorumText(noQuorum), noQuorum };
    }
  }

  /** One attempt; it is left as soon as the search says so, and what it answers afterwards is dropped. */
  private attempt(
    bucket: BucketId,
    search: RouteSearch,
    { rm, through }: Route,
    request: ParticipantRequest,
    timeoutMs: number,
  ): Promise<ParticipantReply | NotSent | 'left'> {
    const { participants, clock, directory } = this.ports;
    return new Promise((resolve) => {
      let stopAsking = (): void => undefined;
      let isOpen = true;
      const settle = (reply: ParticipantReply | NotSent | 'left'): void => {
        if (!isOpen) {
          // Too late for this exchange, but it lives.
          if (reply !== 'left' && reply.kind !== 'unknown' && reply.kind !== 'not-sent') directory.silences.answered(through ?? rm, clock.monotonicMs());
          return;
        }
        isOpen = false;
        watch.cancel();
        stopAsking();
        resolve(reply);
      };
      const lookAround = (): void => {
        if (isOpen && search.mayLeave(clock.monotonicMs())) settle('left');
      };
      const watch = clock.schedule(ASK_OTHERS_MS, () => {
        stopAsking = this.questions.while(bucket, lookAround);
      });
      const sent =
        through === null
          ? participants.send(rm, request, timeoutMs)
          : participants.send(through, request, timeoutMs, { kind: 'relay', forMs: Math.floor(timeoutMs * RELAY_SHARE) });
      void sent.then(settle, () => settle({ kind: 'unknown', reason: 'the participant client failed' }));
    });
  }

  /** Ends sooner when the search can go on. */
  private pause(bucket: BucketId, search: RouteSearch, durationMs: number): Promise<void> {
    const { clock } = this.ports;
    return new Promise((resolve) => {
      const timer = clock.schedule(durationMs, () => end());
      const stopAsking = this.questions.while(bucket, () => {
        if (search.canGoOn(clock.monotonicMs())) end();
      });
      const end = (): void => {
        timer.cancel();
        stopAsking();
        resolve();
      };
    });
  }
}

const LEFT = { kind: 'unknown', reason: 'no reply, and another replica was asked instead' } as const;

function endOf(reply: ParticipantReply | NotSent, isTimedOut: boolean): AttemptEnd {
  switch (reply.kind) {
    case 'not-leader':
      return { kind: 'not-leading', leader: reply.leader };
    case 'no-quorum':
    case 'no-replica':
      return { kind: 'not-leading', leader: null };
    case 'no-store':
    case 'unavailable':
      return { kind: 'busy' };
    case 'not-sent':
      return { kind: 'silent' };
    case 'unknown':
      return { kind: isTimedOut ? 'silent' : 'unknown' };
    case 'permission-denied':
      return { kind: 'refused' };
    default:
      return { kind: 'answered' };
  }
}

function reasonOf(bucket: BucketId, reply: Retryable): string {
  switch (reply.kind) {
    case 'not-leader':
      return `bucket ${bucket} has no known leader`;
    case 'no-quorum':
      return `bucket ${bucket} has no quorum as one of its replicas sees it`;
    case 'no-store':
      return noStoreText({ bucket, rm: reply.rm });
    case 'unavailable':
    case 'unknown':
    case 'not-sent':
      return reply.reason;
    case 'no-replica':
      return `no replica of bucket ${bucket} is where the placement says`;
  }
}

function isRetryable(reply: ParticipantReply | NotSent): reply is Retryable {
  return (
    reply.kind === 'not-leader' ||
    reply.kind === 'no-quorum' ||
    reply.kind === 'no-store' ||
    reply.kind === 'not-sent' ||
    reply.kind === 'unavailable' ||
    reply.kind === 'unknown' ||
    reply.kind === 'no-replica'
  );
}
