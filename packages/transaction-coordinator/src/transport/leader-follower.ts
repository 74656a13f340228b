/**
 * One exchange with a bucket, wherever its leader is: follows hints, takes the replicas in turn when there is none,
 * pauses between rounds, and asks the same again when the fate of a request is unknown (every instruction is
 * idempotent, every read harmless). Ends when it is answered, also by a refusal of the caller, when its time is over, or
 * when there is no leader to be found because too few replicas are there (two-phase-commit/src/soundings.ts).
 */
import type { LeaderDirectory } from '@mas/placement';
import { noQuorumText, QUICK_ATTEMPT_MS, Soundings, type NotSent, type ParticipantClient, type ParticipantFailure, type ParticipantReply, type ParticipantRequest, type Unreachable } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type Logger, type Random, type RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import { Reachability } from './reachability';

/** Hints followed without a pause: two replicas that name each other must not spin. */
const MAX_HOPS = 3;

/** What another replica, or the same one later, may answer differently. A refused caller is refused everywhere. */
type Retryable = Exclude<ParticipantFailure, { readonly kind: 'permission-denied' }> | NotSent;
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
   * @param slowMs how long one attempt may take, for reads that go through a whole bucket.
   * @param onUnknown an attempt has ended without anybody knowing whether it took effect.
   */
  async exchange(bucket: BucketId, request: () => ParticipantRequest | null, untilMs: () => number, slowMs?: number, onUnknown: () => void = () => undefined): Promise<ParticipantAnswer | Unreachable> {
    const { directory, clock, counters } = this.ports;
    let reason = 'no attempt was made in time';
    let pauseMs = this.ports.config.retryBackoffMinMs;
    let hops = 0;
    const soundings = new Soundings(bucket, clock.monotonicMs());
    for (let attempt = 0; ; attempt += 1) {
      const remainingMs = untilMs() - clock.monotonicMs();
      if (remainingMs <= 0) return { kind: 'unreachable', reason };
      const next = request();
      if (next === null) return { kind: 'unreachable', reason };
      if (attempt > 0) counters.requestRetries += 1;
      const target = directory.target(bucket, attempt);
      const reply = target === undefined ? ({ kind: 'no-replica' } as const) : await this.send(target, next, Math.min(slowMs ?? this.patienceMs(soundings), remainingMs));
      if (!isRetryable(reply)) {
        if (target !== undefined) directory.learned(bucket, target);
        return reply;
      }
      if (reply.kind === 'unknown') onUnknown();
      reason = this.failed(bucket, target, reply);
      if (target !== undefined) soundings.note(target, reply);
      const noQuorum = soundings.verdict(directory.placement().replicasOf(bucket), clock.monotonicMs());
      if (noQuorum !== null) {
        // Whom to ask first the next time: of the others some may be frozen, and cost every caller a time-out.
        const witness = soundings.witness();
        if (witness !== undefined) directory.learned(bucket, witness);
        return { kind: 'unreachable', reason: noQuorumText(noQuorum), noQuorum };
      }
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
  async send(rm: RmId, request: ParticipantRequest, timeoutMs: number): Promise<ParticipantReply | NotSent> {
    const { participants, clock, logger } = this.ports;
    const askedMs = clock.monotonicMs();
    try {
      const reply = await participants.send(rm, request, timeoutMs);
      if (reply.kind === 'unknown' || reply.kind === 'unavailable' || reply.kind === 'not-sent') this.reachability.failed(rm, askedMs);
      else this.reachability.answered();
      return reply;
    } catch (error) {
      logger.error({ err: error, rm }, 'the participant client rejected; it must not');
      return { kind: 'unknown', reason: 'the participant client failed' };
    }
  }

  private patienceMs(soundings: Soundings): number {
    const { requestTimeoutMs } = this.ports.config;
    return soundings.suspects ? Math.min(QUICK_ATTEMPT_MS, requestTimeoutMs) : requestTimeoutMs;
  }

  /** Notes what the failure says about leadership and puts it into words. */
  private failed(bucket: BucketId, target: RmId | undefined, reply: Retryable): string {
    const { directory } = this.ports;
    if (target !== undefined) directory.failed(bucket, target);
    switch (reply.kind) {
      case 'not-leader':
        if (reply.leader !== null && reply.leader !== target) directory.learned(bucket, reply.leader);
        return `bucket ${bucket} has no known leader`;
      case 'no-quorum':
        return `bucket ${bucket} has no quorum as one of its replicas sees it`;
      case 'unavailable':
      case 'unknown':
      case 'not-sent':
        return reply.reason;
      case 'no-replica':
        return `no replica of bucket ${bucket} is where the placement says`;
    }
  }
}

function isRetryable(reply: ParticipantReply | NotSent): reply is Retryable {
  return reply.kind === 'not-leader' || reply.kind === 'no-quorum' || reply.kind === 'not-sent' || reply.kind === 'unavailable' || reply.kind === 'unknown' || reply.kind === 'no-replica';
}
