/** A payment's commit time as its legs hear of it (docs/adr/0021). */
import type { Applying } from './applying';

/** What a leg that is told records; null: its bucket has no moments yet. */
export function recordedCommitTime(a: Applying, toldUs: number | null): number | null {
  if (a.momentUs === null || toldUs !== null) return a.momentUs === null ? null : toldUs;
  // Decided by a bucket that had no moments yet: nobody else puts it where this one does.
  a.state.forgetMoments();
  return a.momentUs;
}

export function isOtherCommitTime(recordedUs: number | null, toldUs: number | null): boolean {
  return recordedUs !== null && toldUs !== null && recordedUs !== toldUs;
}
