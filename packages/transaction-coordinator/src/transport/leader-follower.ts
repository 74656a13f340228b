/**
 * The coordinator's exchanges with buckets, wherever their leaders are (@mas/routing), and whether any Resource Manager answers it
 * at all.
 */
import type { LeaderDirectory } from '@mas/placement';
import { LeaderAsker, type ParticipantAnswer } from '@mas/routing';
import type { NotSent, ParticipantClient, ParticipantReply, ParticipantRequest, Passage, Unreachable } from '@mas/two-phase-commit';
import type { BucketId, Clock, Logger, Random, RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import { Reachability } from './reachability';

export interface FollowerPorts {
  readonly participants: ParticipantClient;
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: CoordinatorCounters;
  readonly config: CoordinatorConfig;
  /** Resolves once there is a newer map, or after a pause; absent: somebody else keeps the directory's. */
  readonly refreshPlacement?: () => Promise<void>;
}

export class LeaderFollower {
  readonly reachability: Reachability;
  private readonly asker: LeaderAsker;

  constructor(private readonly ports: FollowerPorts) {
    const { directory, clock, random, config } = ports;
    this.reachability = new Reachability(clock);
    const participants: ParticipantClient = { send: (rm, request, timeoutMs, passage) => this.send(rm, request, timeoutMs, passage) };
    this.asker = new LeaderAsker({ participants, directory, clock, random, self: null, backoffMs: [config.retryBackoffMinMs, config.retryBackoffMaxMs] });
  }

  /**
   * @param request called before every attempt, so that a batch can drop what has expired; null ends the exchange.
   * @param untilMs monotonic; no attempt starts after it.
   * @param slowMs how long one attempt may take, for reads that go through a whole bucket.
   * @param onUnknown an attempt has ended without anybody knowing whether it took effect.
   */
  exchange(
    bucket: BucketId,
    request: () => ParticipantRequest | null,
    untilMs: () => number,
    slowMs?: number,
    onUnknown: () => void = () => undefined,
  ): Promise<ParticipantAnswer | Unreachable> {
    const { counters, config } = this.ports;
    const onRetry = (): void => {
      counters.requestRetries += 1;
    };
    return this.asker.exchange(bucket, { request, untilMs, attemptMs: slowMs ?? config.requestTimeoutMs, isLong: slowMs !== undefined, onUnknown, onRetry });
  }

  /** One attempt at one RM, for requests that any replica answers. */
  async send(rm: RmId, request: ParticipantRequest, timeoutMs: number, passage?: Passage): Promise<ParticipantReply | NotSent> {
    const { participants, clock, logger } = this.ports;
    const askedMs = clock.monotonicMs();
    try {
      const reply = await participants.send(rm, request, timeoutMs, passage);
      if (reply.kind === 'unknown' || reply.kind === 'unavailable' || reply.kind === 'not-sent') this.reachability.failed(rm, askedMs);
      else this.reachability.answered();
      return reply;
    } catch (error) {
      logger.error({ err: error, rm }, 'the participant client rejected; it must not');
      return { kind: 'unknown', reason: 'the participant client failed' };
    }
  }
}
