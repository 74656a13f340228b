/**
 * All buckets from the coordinator's side: one channel per bucket, single reads, and questions to homes,
 * gathered per bucket.
 */
import type { Instruction, OutcomeRow } from '@mas/ledger';
import type { PlacementIndex } from '@mas/placement';
import type { ParticipantAnswer } from '@mas/routing';
import type { InstructionPhase, InstructionReply, ParticipantRequest, Unreachable } from '@mas/two-phase-commit';
import { delay, type BucketId, type PaymentKey, type Slot } from '@mas/values';
import { BucketChannel, type ReplySink } from './bucket-channel';
import { Gatherer } from './gatherer';
import { LeaderFollower, type FollowerPorts } from './leader-follower';

const QUERY_CAP = 1_000;
const QUERIES_IN_FLIGHT = 2;
/** Where nobody looks for a newer map, one is waited for so long. */
const PLACED_AGAIN_MS = 100;
/** Of a short deadline, for the answer. */
const ANSWER_SHARE = 0.2;

interface HomeQuery {
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly untilMs: number;
  readonly done: (recorded: OutcomeRow | null | Unreachable) => void;
}

export interface QueuedInstructions {
  readonly bucket: BucketId;
  /** Somebody waits for the answer. */
  readonly urgent: number;
  readonly background: number;
}

export class BucketLink {
  readonly follower: LeaderFollower;
  private readonly channels = new Map<BucketId, BucketChannel>();
  private readonly queries = new Map<BucketId, Gatherer<HomeQuery>>();

  constructor(private readonly ports: FollowerPorts) {
    this.follower = new LeaderFollower(ports);
  }

  bucketOf(slot: Slot): BucketId {
    return this.ports.directory.placement().bucketOf(slot);
  }

  placement(): PlacementIndex {
    return this.ports.directory.placement();
  }

  /** Instructions that wait for each bucket. */
  queued(): readonly QueuedInstructions[] {
    return [...this.channels].map(([bucket, { urgentLength, backgroundLength }]) => ({ bucket, urgent: urgentLength, background: backgroundLength }));
  }

  /** One of the buckets for which so much waits that nothing new should begin on it; what has begun still finds a place. */
  crowded(buckets: readonly BucketId[]): Unreachable | null {
    const most = this.ports.config.maxUrgentQueued / 2;
    for (const bucket of buckets) {
      const urgentLength = this.channels.get(bucket)?.urgentLength ?? 0;
      if (urgentLength >= most) return crowdedBy(bucket, urgentLength, 'instructions');
    }
    return null;
  }

  submit(
    bucket: BucketId,
    phase: InstructionPhase,
    instruction: Instruction,
    token: string | null,
    expiresAtMs: number,
    done: (reply: InstructionReply) => void,
  ): void {
    this.submitFor(new OneReply(done), 0, bucket, phase, instruction, token, expiresAtMs);
  }

  /** @param place which of the sink's instructions it is. */
  submitFor(
    sink: ReplySink,
    place: number,
    bucket: BucketId,
    phase: InstructionPhase,
    instruction: Instruction,
    token: string | null,
    expiresAtMs: number,
  ): void {
    const channel = this.channel(bucket);
    const { urgentLength } = channel;
    if (urgentLength < this.ports.config.maxUrgentQueued) {
      channel.submit({ phase, instruction, token, expiresAtMs, sink, place }, 'urgent');
      return;
    }
    this.ports.clock.defer(() => {
      sink.replied(place, crowdedBy(bucket, urgentLength, 'instructions'));
      sink.settle();
    });
  }

  /** For instructions that nobody waits for. False: the queue is full and the instruction was not taken. */
  submitBackground(bucket: BucketId, phase: InstructionPhase, instruction: Instruction, expiresAtMs: number, done: (reply: InstructionReply) => void): boolean {
    return this.submitBackgroundFor(new OneReply(done), 0, bucket, phase, instruction, expiresAtMs);
  }

  submitBackgroundFor(sink: ReplySink, place: number, bucket: BucketId, phase: InstructionPhase, instruction: Instruction, expiresAtMs: number): boolean {
    const channel = this.channel(bucket);
    if (channel.backgroundLength >= this.ports.config.maxPhase2Queued) return false;
    channel.submit({ phase, instruction, token: null, expiresAtMs, sink, place }, 'background');
    return true;
  }

  instruct(bucket: BucketId, phase: InstructionPhase, instruction: Instruction, token: string | null, untilMs: number): Promise<InstructionReply> {
    return new Promise((resolve) => {
      this.submit(bucket, phase, instruction, token, untilMs, resolve);
    });
  }

  /** Ends a little before the caller's deadline, so that he hears why there is no answer, and not only that there is none. */
  read(bucket: BucketId, request: ParticipantRequest, deadlineMs: number, slowMs?: number): Promise<ParticipantAnswer | Unreachable> {
    const untilMs = deadlineMs - Math.min(this.ports.config.deadlineReserveMs, Math.max(0, deadlineMs - this.ports.clock.monotonicMs()) * ANSWER_SHARE);
    return this.follower.exchange(
      bucket,
      () => request,
      () => untilMs,
      slowMs,
    );
  }

  /** From whoever owns the slot: where it has moved, its new owner is asked. */
  async readOf(slot: Slot, requestTo: (bucket: BucketId) => ParticipantRequest, deadlineMs: number, slowMs?: number): Promise<ParticipantAnswer | Unreachable> {
    for (;;) {
      const bucket = this.bucketOf(slot);
      const reply = await this.read(bucket, requestTo(bucket), deadlineMs, slowMs);
      if (reply.kind !== 'wrong-bucket' || !(await this.placedAgain(deadlineMs))) return reply;
    }
  }

  /** A bucket has said that a slot is not its own. False: no time is left to look again. */
  async placedAgain(untilMs: number): Promise<boolean> {
    const { clock, refreshPlacement } = this.ports;
    await (refreshPlacement === undefined ? delay(clock, PLACED_AGAIN_MS) : refreshPlacement());
    return clock.monotonicMs() < untilMs;
  }

  /** What the home has recorded under the key; null: nothing. A linearizable read that records nothing itself. */
  query(key: PaymentKey, homeSlot: Slot, untilMs: number): Promise<OutcomeRow | null | Unreachable> {
    const bucket = this.bucketOf(homeSlot);
    const gatherer = this.gathererOf(bucket);
    if (gatherer.length >= this.ports.config.maxQueriesQueued) return Promise.resolve(crowdedBy(bucket, gatherer.length, 'questions'));
    return new Promise((done) => {
      gatherer.add({ key, homeSlot, untilMs, done });
    });
  }

  private channel(bucket: BucketId): BucketChannel {
    let channel = this.channels.get(bucket);
    if (channel === undefined) {
      channel = new BucketChannel(bucket, this.ports, this.follower);
      this.channels.set(bucket, channel);
    }
    return channel;
  }

  private gathererOf(bucket: BucketId): Gatherer<HomeQuery> {
    let gatherer = this.queries.get(bucket);
    if (gatherer === undefined) {
      gatherer = new Gatherer<HomeQuery>(this.ports.clock, QUERY_CAP, QUERIES_IN_FLIGHT, (batch) => this.askHome(bucket, batch));
      this.queries.set(bucket, gatherer);
    }
    return gatherer;
  }

  private async askHome(bucket: BucketId, batch: readonly HomeQuery[]): Promise<void> {
    const request: ParticipantRequest = {
      kind: 'query',
      bucket,
      keys: batch.map(({ key, homeSlot }) => ({ key, homeSlot })),
      closedAtUs: null,
      isPast: false,
      decisionsOnly: false,
    };
    const untilMs = batch.reduce((latest, query) => Math.max(latest, query.untilMs), 0);
    const reply = await this.read(bucket, request, untilMs);
    if (reply.kind === 'wrong-bucket') return this.askElsewhere(batch, reply.slot);
    const unreachable: Unreachable =
      reply.kind === 'unreachable' ? reply : { kind: 'unreachable', reason: `bucket ${bucket} answered ${reply.kind} to a question` };
    for (const [i, query] of batch.entries()) query.done(reply.kind === 'queried' ? (reply.outcomes[i] ?? null) : unreachable);
  }

  /** One of the homes has moved; which of the others have is not known. */
  private async askElsewhere(batch: readonly HomeQuery[], moved: Slot): Promise<void> {
    const nowMs = this.ports.clock.monotonicMs();
    const inTime = batch.filter(({ untilMs }) => untilMs > nowMs);
    for (const query of batch) if (query.untilMs <= nowMs) query.done({ kind: 'unreachable', reason: `slot ${moved} is moving` });
    if (inTime.length === 0) return;
    await this.placedAgain(nowMs);
    for (const { key, homeSlot, untilMs, done } of inTime) void this.query(key, homeSlot, untilMs).then(done);
  }
}

/** Of a single instruction. */
class OneReply implements ReplySink {
  constructor(private readonly done: (reply: InstructionReply) => void) {}

  replied(_place: number, reply: InstructionReply): void {
    this.done(reply);
  }

  settle(): void {
    // The one reply has been said.
  }
}

function crowdedBy(bucket: BucketId, waiting: number, what: 'instructions' | 'questions'): Unreachable {
  return { kind: 'unreachable', reason: `${waiting} ${what} wait for bucket ${bucket}, which is as many as may`, isCrowded: true };
}

export function isUnreachable(recorded: OutcomeRow | null | Unreachable): recorded is Unreachable {
  return recorded !== null && 'kind' in recorded;
}
