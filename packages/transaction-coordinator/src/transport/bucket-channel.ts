/**
 * The instructions on their way to one bucket, of whatever phase: what travels together is one entry of the bucket's log. Few requests are
 * in flight at a time (one, by default); what arrives meanwhile shares the next. A request that takes long (one of its instructions is held back, or a home is
 * asked for its sake) keeps the others waiting for a moment only. Urgent ones (somebody waits for the answer) go first; the others (legs to
 * be told) keep a share of every request, so that they are never starved. On a channel that has nothing urgent to say those wait for company,
 * `idleGatherMs` at most: an entry of their own each would cost as much as the payment's.
 */
import { MANY_TOLD_SINCE, type Instruction } from '@mas/ledger';
import type { InstructionPhase, InstructionReply, ParticipantRequest, Unreachable } from '@mas/two-phase-commit';
import type { BucketId, Timer } from '@mas/values';
import { Fifo } from './fifo';
import type { FollowerPorts, LeaderFollower } from './leader-follower';
import { RequestItems } from './request-items';

export interface ChannelItem {
  readonly phase: InstructionPhase;
  readonly instruction: Instruction;
  readonly token: string | null;
  /** Monotonic; afterwards it is answered `unreachable`. */
  readonly expiresAtMs: number;
  readonly sink: ReplySink;
  /** Which of the sink's instructions it is. */
  readonly place: number;
}

/** Who hears what became of instructions. */
export interface ReplySink {
  replied(place: number, reply: InstructionReply): void;
  /** What came together has been said. */
  settle(): void;
}

/** Legs over all instructions of one request: bounds its bytes when payments have many legs. */
const MAX_LEGS_PER_REQUEST = 8_000;

const BACKGROUND_SHARE = 4;
/** Beyond them the channel waits: a bucket that does not answer at all gets no more. */
const MAX_SLOW_REQUESTS = 8;

export class BucketChannel {
  private readonly urgent = new Fifo<ChannelItem>();
  private readonly background = new Fifo<ChannelItem>();
  private inFlight = 0;
  /** Requests that take long and are no longer waited for before the next leaves. */
  private slow = 0;
  private scheduled = false;
  /** Runs while something waits for company. */
  private gathering: Timer | null = null;
  /** What waits has waited long enough. */
  private due = false;
  /** The bucket has said that all its replicas know instructions that name many payments. That stays so. */
  private isManyTold = false;

  constructor(
    private readonly bucket: BucketId,
    private readonly ports: FollowerPorts,
    private readonly follower: LeaderFollower,
  ) {}

  get backgroundLength(): number {
    return this.background.length;
  }

  get urgentLength(): number {
    return this.urgent.length;
  }

  submit(item: ChannelItem, urgency: 'urgent' | 'background'): void {
    (urgency === 'urgent' ? this.urgent : this.background).push(item);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.inFlight >= this.ports.config.requestsInFlight || this.urgent.length + this.background.length === 0) return;
    if (this.urgent.length === 0 && this.waitsForCompany()) return;
    this.scheduled = true;
    this.ports.clock.defer(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private waitsForCompany(): boolean {
    const { idleGatherMs, batchCap } = this.ports.config;
    if (this.due || idleGatherMs === 0 || this.background.length >= batchCap / BACKGROUND_SHARE) return false;
    this.gathering ??= this.ports.clock.schedule(idleGatherMs, () => {
      this.gathering = null;
      this.due = true;
      this.schedule();
    });
    return true;
  }

  private flush(): void {
    if (this.inFlight >= this.ports.config.requestsInFlight) return;
    const batch = this.takeBatch();
    if (batch.length === 0) return;
    this.inFlight += 1;
    let leftBehind = false;
    const { clock, config } = this.ports;
    const slow = clock.schedule(config.slowRequestMs, () => {
      if (this.slow >= MAX_SLOW_REQUESTS) return;
      leftBehind = true;
      this.slow += 1;
      this.inFlight -= 1;
      this.schedule();
    });
    const next = (): void => {
      slow.cancel();
      if (leftBehind) this.slow -= 1;
      else this.inFlight -= 1;
      this.schedule();
    };
    this.exchange(batch).then(next, (error: unknown) => {
      this.ports.logger.error({ err: error, bucket: this.bucket }, 'a batch of instructions failed');
      next();
    });
    this.schedule();
  }

  private takeBatch(): ChannelItem[] {
    const cap = this.ports.config.batchCap;
    const reserved = Math.min(this.background.length, Math.ceil(cap / BACKGROUND_SHARE));
    const batch: ChannelItem[] = [];
    let legs = this.take(this.urgent, batch, Math.max(1, cap - reserved), 0);
    legs = this.take(this.background, batch, cap, legs);
    this.take(this.urgent, batch, cap, legs);
    if (this.background.length === 0) this.gathered();
    return batch;
  }

  private gathered(): void {
    this.due = false;
    this.gathering?.cancel();
    this.gathering = null;
  }

  private take(from: Fifo<ChannelItem>, batch: ChannelItem[], cap: number, legsBefore: number): number {
    let legs = legsBefore;
    while (batch.length < cap && legs < MAX_LEGS_PER_REQUEST) {
      const item = from.shift();
      if (item === undefined) break;
      batch.push(item);
      legs += 'body' in item.instruction ? item.instruction.body.legs.length : 1;
    }
    return legs;
  }

  private async exchange(taken: ChannelItem[]): Promise<void> {
    let batch = taken;
    let sent = new RequestItems([], false);
    const request = (): ParticipantRequest | null => {
      batch = this.withoutExpired(batch);
      const [first] = batch;
      if (first === undefined) return null;
      sent = new RequestItems(batch, this.isManyTold);
      this.ports.counters.instructionRequests += 1;
      this.ports.counters.instructionsSent += batch.length;
      return { kind: 'instructions', bucket: this.bucket, phase: first.phase, items: sent.items };
    };
    let perhapsDone = false;
    const reply = await this.follower.exchange(
      this.bucket,
      request,
      () => latestExpiry(batch),
      undefined,
      () => {
        perhapsDone = true;
      },
    );
    if (reply.kind === 'outcomes' && reply.outcomes.length === sent.items.length) {
      const { outcomes, semanticsVersion } = reply;
      this.isManyTold ||= semanticsVersion !== null && semanticsVersion >= MANY_TOLD_SINCE;
      say(batch, (i) => {
        const answer = sent.replyOf(i, outcomes);
        return perhapsDone ? afterUnknown(answer) : answer;
      });
      return;
    }
    const reason = `bucket ${this.bucket} answered ${reply.kind} to ${batch.length} instructions`;
    if (reply.kind !== 'unreachable') this.ports.logger.error({ bucket: this.bucket, reply: reply.kind }, 'a reply does not fit its request');
    const failed: Unreachable = reply.kind === 'unreachable' ? reply : { kind: 'unreachable', reason };
    say(batch, () => failed);
  }

  /** Also looks through what waits behind: a silent bucket must not keep its queue from being answered. */
  private withoutExpired(batch: ChannelItem[]): ChannelItem[] {
    const nowMs = this.ports.clock.monotonicMs();
    const alive = (item: ChannelItem): boolean => {
      if (item.expiresAtMs > nowMs) return true;
      item.sink.replied(item.place, { kind: 'unreachable', reason: `bucket ${this.bucket} did not answer in time` });
      item.sink.settle();
      return false;
    };
    this.urgent.retain(alive);
    this.background.retain(alive);
    return batch.every((item) => item.expiresAtMs > nowMs) ? batch : batch.filter(alive);
  }
}

function say(batch: readonly ChannelItem[], replyTo: (i: number) => InstructionReply): void {
  let last: ReplySink | null = null;
  for (const [i, { sink, place }] of batch.entries()) {
    if (last !== null && last !== sink) last.settle();
    last = sink;
    sink.replied(place, replyTo(i));
  }
  last?.settle();
}

/** The token may have expired since an attempt whose fate is not known: that one's effect is not refused by it. */
function afterUnknown(reply: InstructionReply): InstructionReply {
  const isRefused = reply.kind === 'unauthenticated' || reply.kind === 'permission-denied';
  return isRefused ? { kind: 'unreachable', reason: `an attempt had no answer, and the next one's token was refused: ${reply.reason}` } : reply;
}

function latestExpiry(batch: readonly ChannelItem[]): number {
  let latest = 0;
  for (const item of batch) latest = Math.max(latest, item.expiresAtMs);
  return latest;
}
