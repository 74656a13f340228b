/**
 * The time on which a majority of the cluster's processes agrees: the own monotonic clock plus an offset. It follows the majority's clocks
 * and never one that stands apart, the own one included; it is never set back, and a second of it lasts a second (docs/adr/0016).
 */
import { marzullo, type Interval } from './marzullo';
import { PeerClock, type ClockSignal } from './peer-clock';

/** Of a process's two clocks, at one moment. Milliseconds. */
export interface Reading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Clocks that agree lie at most so far apart. A clock further from the agreed time than this is off. */
export const AGREEMENT_BOUND_MS = 500;
/** Two clocks that agree better are not set apart by those that agree worse: tried in turn, doubled up to the bound. */
const FIRST_TOLERANCE_MS = 1;
/** So much faster or … */
const FORWARD_RATE = 500e-6;
/** … so much slower than a second a second, until the offset is the majority's. Slower harms no promise of a duration. */
const BACKWARD_RATE = 0.05;
/** The majority has been ahead by more than the bound for so long: the machines were asleep, or set right. One step. */
const STEP_AFTER_MS = 10_000;
const REFRESH_EVERY_MS = 50;
/** A clock is called off, or right again, when it has been so for so long. */
const OFF_AFTER_MS = 2_000;

export class AgreedTime<Peer> {
  private readonly peers = new Map<Peer, PeerClock>();
  /** Agreed time minus the monotonic clock; null: there has been no agreement since the start. */
  private offsetMs: number | null = null;
  private refreshedMs = -Infinity;
  /** Since when the majority has been ahead by more than the bound. */
  private aheadSinceMs: number | null = null;
  private isMajority = false;
  private off: { readonly is: boolean; readonly sinceMs: number } = { is: false, sinceMs: 0 };
  private offByMs: number | null = null;

  /** @param processes how many the cluster has, this one included */
  constructor(private readonly processes: () => number) {}

  /** A connection begins: what was heard over an earlier one may be of another process. */
  connected(peer: Peer): void {
    this.peers.set(peer, new PeerClock());
  }

  disconnected(peer: Peer): void {
    this.peers.delete(peer);
  }

  /** What is told a peer with a sign of life. */
  signal(to: Peer, now: Reading): ClockSignal {
    return { wallMs: now.wallMs, sentMs: now.monotonicMs, echo: this.peers.get(to)?.echo(now.monotonicMs) ?? null, agreedMs: this.at(now) };
  }

  heard(from: Peer, signal: ClockSignal, now: Reading): void {
    this.peers.get(from)?.heard(signal, now.monotonicMs);
    // One clock for the whole cluster, which goes on where it is: who comes later takes it over.
    if (this.offsetMs === null && signal.agreedMs !== null) this.offsetMs = signal.agreedMs - now.monotonicMs;
    this.refresh(now);
  }

  /** Milliseconds since the Unix epoch, with their fraction; null: there has been no agreement since this process started. */
  at(now: Reading): number | null {
    if (now.monotonicMs - this.refreshedMs >= REFRESH_EVERY_MS) this.refresh(now);
    return this.offsetMs === null ? null : now.monotonicMs + this.offsetMs;
  }

  /** By how much the own wall clock is ahead of the agreed time (behind: negative), when that is beyond the bound and has been for a while; else null. */
  ownClockOffMs(): number | null {
    return this.offByMs;
  }

  /** Whether a majority's clocks agree now. */
  get isAgreed(): boolean {
    return this.isMajority;
  }

  private refresh(now: Reading): void {
    const elapsedMs = this.refreshedMs === -Infinity ? 0 : Math.max(0, now.monotonicMs - this.refreshedMs);
    this.refreshedMs = now.monotonicMs;
    const target = this.majorityOffset(now);
    this.isMajority = target !== null;
    if (target !== null) this.approach(target, elapsedMs, now.monotonicMs);
    else this.aheadSinceMs = null;
    this.judgeOwn(now);
  }

  private approach(target: number, elapsedMs: number, nowMs: number): void {
    if (this.offsetMs === null) {
      this.offsetMs = target;
      return;
    }
    const aheadMs = target - this.offsetMs;
    if (aheadMs <= AGREEMENT_BOUND_MS) this.aheadSinceMs = null;
    else this.aheadSinceMs ??= nowMs;
    if (this.aheadSinceMs !== null && nowMs - this.aheadSinceMs >= STEP_AFTER_MS) {
      this.aheadSinceMs = null;
      this.offsetMs = target;
      return;
    }
    this.offsetMs += aheadMs > 0 ? Math.min(aheadMs, elapsedMs * FORWARD_RATE) : Math.max(aheadMs, -elapsedMs * BACKWARD_RATE);
  }

  /** Wall clock minus monotonic clock, as a majority has it. */
  private majorityOffset({ wallMs, monotonicMs }: Reading): number | null {
    const own = wallMs - monotonicMs;
    const intervals: Interval[] = [{ low: own, high: own }];
    for (const peer of this.peers.values()) {
      const offset = peer.offset(monotonicMs);
      if (offset !== null) intervals.push(offset);
    }
    const needed = Math.floor(this.processes() / 2) + 1;
    if (intervals.length < needed) return null;
    for (let toleranceMs = FIRST_TOLERANCE_MS; ; toleranceMs *= 2) {
      const eachMs = Math.min(toleranceMs, AGREEMENT_BOUND_MS) / 2;
      const agreement = marzullo(intervals.map(({ low, high }) => ({ low: low - eachMs, high: high + eachMs })));
      if (agreement !== null && agreement.clocks >= needed) return (agreement.low + agreement.high) / 2;
      if (toleranceMs >= AGREEMENT_BOUND_MS) return null;
    }
  }

  private judgeOwn({ wallMs, monotonicMs }: Reading): void {
    if (this.offsetMs === null) return;
    const byMs = wallMs - monotonicMs - this.offsetMs;
    const is = Math.abs(byMs) > AGREEMENT_BOUND_MS;
    if (is !== this.off.is) this.off = { is, sinceMs: monotonicMs };
    if (monotonicMs - this.off.sinceMs >= OFF_AFTER_MS || (is && this.offByMs !== null)) this.offByMs = is ? byMs : null;
  }
}
