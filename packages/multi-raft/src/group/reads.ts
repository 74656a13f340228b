/**
 * Linearizable reads of one group (Raft thesis 6.4): a read asks for an index that a quorum confirms, and is ready
 * once that index is applied here. Reads that arrive together share a round; a few rounds may be under way. A round
 * that stays without answer is asked again, for Raft may drop it. Time-outs are seen at the next tick.
 */
import { logIndex, type LogIndex, type ReadState } from '@mas/raft';
import type { ReadIndexResult } from '../host';

interface Read {
  readonly deadlineMs: number;
  readonly settle: (result: ReadIndexResult) => void;
}

interface Round {
  reads: Read[];
  ticks: number;
}

interface Confirmed {
  readonly index: LogIndex;
  readonly reads: Read[];
}

/** Rounds under way at once; later reads gather for the next one. */
const MAX_ROUNDS = 4;

export class Reads {
  private arriving: Read[] = [];
  private readonly rounds = new Map<number, Round>();
  private confirmed: Confirmed[] = [];
  private lastRound = 0;
  private count = 0;

  constructor(
    private readonly maxQueued: number,
    private readonly retryTicks: number,
  ) {}

  get size(): number {
    return this.count;
  }

  get canAsk(): boolean {
    return this.arriving.length > 0 && this.rounds.size < MAX_ROUNDS;
  }

  /** @returns false when too many wait. */
  offer(deadlineMs: number, settle: (result: ReadIndexResult) => void): boolean {
    if (this.count >= this.maxQueued) return false;
    this.arriving.push({ deadlineMs, settle });
    this.count += 1;
    return true;
  }

  /** The context of a new round for everything that has arrived. */
  nextRound(): Uint8Array {
    this.lastRound += 1;
    this.rounds.set(this.lastRound, { reads: this.arriving, ticks: 0 });
    this.arriving = [];
    return contextOf(this.lastRound);
  }

  /** A quorum confirmed a round. Rounds of former leaderships are not known any more. */
  confirm({ index, context }: ReadState, applied: number): void {
    const number = roundOf(context);
    const round = this.rounds.get(number);
    if (round === undefined) return;
    this.rounds.delete(number);
    if (index <= applied) this.answer(round.reads, { kind: 'ready', index });
    else this.confirmed.push({ index, reads: round.reads });
  }

  applied(index: number): void {
    if (this.confirmed.length === 0) return;
    const ready = this.confirmed.filter((one) => one.index <= index);
    if (ready.length === 0) return;
    this.confirmed = this.confirmed.filter((one) => one.index > index);
    for (const one of ready) this.answer(one.reads, { kind: 'ready', index: logIndex(one.index) });
  }

  /** One tick: ends reads whose time is up and puts rounds without answer back, to be asked again. */
  tick(nowMs: number): void {
    if (this.count === 0) return;
    this.arriving = this.expire(this.arriving, nowMs);
    for (const [number, round] of this.rounds) {
      round.reads = this.expire(round.reads, nowMs);
      round.ticks += 1;
      if (round.reads.length > 0 && round.ticks < this.retryTicks) continue;
      this.rounds.delete(number);
      this.arriving = [...round.reads, ...this.arriving];
    }
    this.confirmed = this.confirmed.map((one) => ({ index: one.index, reads: this.expire(one.reads, nowMs) })).filter((one) => one.reads.length > 0);
  }

  failAll(result: ReadIndexResult): void {
    const all = [...this.confirmed.flatMap((one) => one.reads), ...[...this.rounds.values()].flatMap((round) => round.reads), ...this.arriving];
    this.confirmed = [];
    this.rounds.clear();
    this.arriving = [];
    this.answer(all, result);
  }

  private expire(reads: Read[], nowMs: number): Read[] {
    const expired = reads.filter((read) => read.deadlineMs <= nowMs);
    if (expired.length === 0) return reads;
    this.answer(expired, { kind: 'unavailable', reason: 'no quorum confirmed the read, or it was not applied here, in time' });
    return reads.filter((read) => read.deadlineMs > nowMs);
  }

  private answer(reads: readonly Read[], result: ReadIndexResult): void {
    this.count -= reads.length;
    for (const read of reads) read.settle(result);
  }
}

function contextOf(round: number): Uint8Array {
  const context = new Uint8Array(8);
  new DataView(context.buffer).setFloat64(0, round);
  return context;
}

function roundOf(context: Uint8Array): number {
  return context.byteLength === 8 ? new DataView(context.buffer, context.byteOffset, 8).getFloat64(0) : 0;
}
