/**
 * One exchange with a bucket, wherever its leader is: follows hints, takes the replicas in turn when there is none,
 * pauses between rounds, and asks the same again when the fate of a request is unknown (every instruction is
 * idempotent, every read harmless). Ends when it is answered, also by a refusal of the caller, or its time is over.
 */
import type { LeaderDirectory } from '@mas/placement';
import type { ParticipantClient, ParticipantFailure, ParticipantReply, ParticipantRequest, Unreachable } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type Logger, type Random, type RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import { Reachability } from './reachability';

/** Hints followed without a pause: two replicas that name each other must not spin. */
const MAX_HOPS = 3;

/** What another replica, or the same one later, may answer differently. A refused caller is refused everywhere. */
type Retryable = Exclude<ParticipantFailure, { readonly kind: 'permission-denied' }>;
export type ParticipantAnswer = Exclude<ParticipantReply, Retryable>;

export interface FollowerPorts {
  readonly participants: ParticipantClient;
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: CoordinatorCounters;
  readonly config: CoordinatorConfig;
}

export class LeaderFollower {
  readonly reachability: Reachability;

  constructor(private readonly ports: FollowerPorts) {
    this.reachability = new Reachability(ports.clock);
  }

  /**
   * @param request called before every attempt, so that a batch can drop what has expired; null ends the exchange.
   * @param untilMs monotonic; no attempt starts after it.
   * @param attemptMs how long one attempt may take; longer for reads that go through a whole bucket.
   */
  async exchange(bucket: BucketId, request: () => ParticipantRequest | null, untilMs: () => number, attemptMs = this.ports.config.requestTimeoutMs): Promise<ParticipantAnswer | Unreachable> {
    const { directory, clock, counters } = this.ports;
    let reason = 'no attempt was made in time';
    let pauseMs = this.ports.config.retryBackoffMinMs;
    let hops = 0;
    for (let attempt = 0; ; attempt += 1) {
      const remainingMs = untilMs() - clock.monotonicMs();
      if (remainingMs <= 0) return { kind: 'unreachable', reason };
      const next = request();
      if (next === null) return { kind: 'unreachable', reason };
      if (attempt > 0) counters.requestRetries += 1;
      const target = directory.target(bucket, attempt);
      const reply = target === undefined ? ({ kind: 'no-replica' } as const) : await this.send(target, next, Math.min(attemptMs, remainingMs));
      if (!isRetryable(reply)) {
        if (target !== undefined) directory.learned(bucket, target);
        return reply;
      }
      reason = this.failed(bucket, target, reply);
      const hinted = reply.kind === 'not-leader' && reply.leader !== null && reply.leader !== target && hops < MAX_HOPS;
      if (hinted) {
        hops += 1;
        continue;
      }
      hops = 0;
      await delay(clock, Math.min(pauseMs * (0.5 + this.ports.random.unit()), Math.max(0, untilMs() - clock.monotonicMs())));
      pauseMs = Math.min(pauseMs * 2, this.ports.config.retryBackoffMaxMs);
    }
  }

  /** One attempt at one RM, for requests that any replica answers. */
  async send(rm: RmId, request: ParticipantRequest, timeoutMs: number): Promise<ParticipantReply> {
    const { participants, clock, logger } = this.ports;
    const askedMs = clock.monotonicMs();
    try {
      const reply = await participants.send(rm, request, timeoutMs);
      if (reply.kind === 'unknown' || reply.kind === 'unavailable') this.reachability.failed(rm, askedMs);
      else this.reachability.answered();
      return reply;
    } catch (error) {
      logger.error({ err: error, rm }, 'the participant client rejected; it must not');
      return { kind: 'unknown', reason: 'the participant client failed' };
    }
  }

  /** Notes what the failure says about leadership and puts it into words. */
  private failed(bucket: BucketId, target: RmId | undefined, reply: Retryable): string {
    const { directory } = this.ports;
    if (target !== undefined) directory.failed(bucket, target);
    switch (reply.kind) {
      case 'not-leader':
        if (reply.leader !== null && reply.leader !== target) directory.learned(bucket, reply.leader);
        return `bucket ${bucket} has no known leader`;
      case 'unavailable':
      case 'unknown':
        return reply.reason;
      case 'no-replica':
        return `no replica of bucket ${bucket} is where the placement says`;
    }
  }
}

function isRetryable(reply: ParticipantReply): reply is Retryable {
  return reply.kind === 'not-leader' || reply.kind === 'unavailable' || reply.kind === 'unknown' || reply.kind === 'no-replica';
}
