/**
 * After how much silence a peer counts as silent: learned from the pauses that it and this process make anyway, as
 * accrual failure detectors do (Hayashibara et al. 2004), with a maximum in place of a distribution: stalls of an event loop
 * are rare and long, and one false alarm costs more than some milliseconds.
 * A quiet machine gets the floor; a pause that was seen once raises no alarm when it comes again within the minute.
 */
import { LongestPause } from './longest-pause';

export interface SilenceBounds {
  /** Least silence that counts, and what a quiet machine gets. */
  readonly floorMs: number;
  /** Most. What lasts longer is no pause, and nothing is learned from it. */
  readonly capMs: number;
}

/** For how long a pause is remembered. */
export const REMEMBERED_MS = 60_000;
/** What a process allows as long as it knows nothing yet, and for how long. */
const YOUNG_MS = 10_000;
const YOUNG_SILENCE_MS = 500;
/** A pause may come again and be longer by half, and by what a sign of life takes. */
const FACTOR = 1.5;
const MARGIN_MS = 100;

export class LearnedSilence {
  /** Of this process: a machine that makes one wait makes the others wait. */
  private readonly own = new LongestPause();

  constructor(
    readonly bounds: SilenceBounds,
    startedMs: number,
  ) {
    this.own.note((YOUNG_SILENCE_MS - MARGIN_MS) / FACTOR, startedMs, YOUNG_MS);
  }

  stalled(durationMs: number, nowMs: number): void {
    this.learn(this.own, durationMs, nowMs);
  }

  /** Something was heard after so much silence. */
  paused(of: LongestPause, durationMs: number, nowMs: number): void {
    this.learn(of, durationMs, nowMs);
  }

  /** @returns milliseconds of silence, between floor and cap, that this peer may keep now. */
  allowedMs(of: LongestPause, nowMs: number): number {
    return this.allowedFor(Math.max(of.at(nowMs), this.own.at(nowMs)));
  }

  private learn(by: LongestPause, durationMs: number, nowMs: number): void {
    // What the floor covers is not worth remembering, so a quiet machine remembers nothing.
    if (durationMs > this.bounds.capMs || this.allowedFor(durationMs) === this.bounds.floorMs) return;
    by.note(durationMs, nowMs, REMEMBERED_MS);
  }

  private allowedFor(pauseMs: number): number {
    const { floorMs, capMs } = this.bounds;
    return Math.min(capMs, Math.max(floorMs, MARGIN_MS + FACTOR * pauseMs));
  }
}
