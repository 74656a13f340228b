/**
 * Whether any Resource Manager answers this coordinator at all. One that is cut off from all of them would keep its clients waiting
 * until their deadlines while another coordinator could serve them; so it refuses, and they ask elsewhere.
 */
import type { Clock, RmId } from '@mas/values';

/** So long nobody has answered, … */
const SILENCE_MS = 1_500;
/** … of at least so many that were asked: a single one may just be dead, and a bucket may just have no leader. */
const MIN_SILENT = 2;
/** What was found out is held for true so long after the last attempt. */
const FRESH_MS = 5_000;
/** While it is cut off, one payment passes in this time, and finds out whether it still is. */
const PROBE_MS = 500;

export class Reachability {
  private answeredMs = -Infinity;
  /** Since the last answer. */
  private readonly silent = new Set<RmId>();
  private silentSinceMs = 0;
  private lastFailureMs = 0;
  private probedMs = -Infinity;

  constructor(private readonly clock: Clock) {}

  answered(): void {
    this.answeredMs = this.clock.monotonicMs();
    if (this.silent.size > 0) this.silent.clear();
  }

  /** What was asked at `askedMs` (monotonic) had no answer, or none but that this one cannot be asked now. */
  failed(rm: RmId, askedMs: number): void {
    if (this.silent.size === 0) this.silentSinceMs = Math.max(askedMs, this.answeredMs);
    this.silent.add(rm);
    this.lastFailureMs = this.clock.monotonicMs();
  }

  /** Whether one more payment should be taken on. */
  admits(): boolean {
    if (this.silent.size < MIN_SILENT || this.lastFailureMs - this.silentSinceMs < SILENCE_MS) return true;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.lastFailureMs > FRESH_MS) return true;
    if (nowMs - this.probedMs < PROBE_MS) return false;
    this.probedMs = nowMs;
    return true;
  }
}
