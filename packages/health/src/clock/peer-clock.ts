/**
 * In which interval a peer's clock can lie, by its last answer: what it read when it answered, and at most a round trip later. Both ends
 * measure on their monotonic clocks, so neither has to believe the other's time to say how long the answer took.
 */
import type { Interval } from './marzullo';

/** What a process tells a peer with a sign of life. Milliseconds, of the sender's clocks unless it says otherwise. */
export interface ClockSignal {
  /** Since the Unix epoch, as this leaves. */
  readonly wallMs: number;
  /** Of its monotonic clock, as this leaves; it is sent back. */
  readonly sentMs: number;
  /** The last signal that it has had of the receiver; null: none. */
  readonly echo: ClockEcho | null;
  /** The time on which a majority agrees, as the sender knows it; null: it knows of none. */
  readonly agreedMs: number | null;
}

export interface ClockEcho {
  /** `sentMs` of that signal: of the receiver's own monotonic clock. */
  readonly sentMs: number;
  /** How long the sender has held it. */
  readonly heldMs: number;
}

/** An answer that was longer under way says too little. */
const MAX_ROUND_TRIP_MS = 1_000;
/** An older one says nothing any more. */
const FORGOTTEN_AFTER_MS = 10_000;
/** How fast two clocks may drift apart: 200 ppm, twice what a bad crystal does. */
const DRIFT = 200e-6;

interface Sample {
  /** The peer's wall clock minus our monotonic one, at least. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly atMs: number;
}

export class PeerClock {
  private sample: Sample | null = null;
  private last: { readonly sentMs: number; readonly heardMs: number } | null = null;

  /** @param nowMs of the own monotonic clock, like all below */
  heard({ wallMs, sentMs, echo }: ClockSignal, nowMs: number): void {
    this.last = { sentMs, heardMs: nowMs };
    if (echo === null) return;
    const roundTripMs = nowMs - echo.sentMs - echo.heldMs;
    // Less than nothing: an echo of another process's signal.
    if (roundTripMs >= -1 && roundTripMs <= MAX_ROUND_TRIP_MS) this.sample = { offsetMs: wallMs - nowMs, roundTripMs: Math.max(0, roundTripMs), atMs: nowMs };
  }

  echo(nowMs: number): ClockEcho | null {
    return this.last === null ? null : { sentMs: this.last.sentMs, heldMs: nowMs - this.last.heardMs };
  }

  /** Its wall clock minus our monotonic clock; null: it is not known now. */
  offset(nowMs: number): Interval | null {
    if (this.sample === null || nowMs - this.sample.atMs > FORGOTTEN_AFTER_MS) return null;
    const { offsetMs, roundTripMs, atMs } = this.sample;
    const driftMs = (nowMs - atMs) * DRIFT;
    return { low: offsetMs - driftMs, high: offsetMs + roundTripMs + driftMs };
  }
}
