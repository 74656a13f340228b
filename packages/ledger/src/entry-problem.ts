/** What makes the frame of an entry impossible, and the moment that it closes its bucket at. */
import { MAX_INSTRUCTIONS_PER_ENTRY, type LedgerEntry } from './instruction';
import { momentProblem } from './instruction-problem';
import { changesOwnership, memberCount } from './instruction-traits';

/** The moment at which the entry closes its bucket, whatever its instructions say: equal on all replicas, and known before it is applied. */
export function closedBy({ stampMs, behindUs }: LedgerEntry): number {
  return Math.max(stampMs * 1000, behindUs ?? 0);
}

/** A sentence, or null when nothing is wrong. */
export function entryProblem(entry: LedgerEntry): string | null {
  if (!Number.isSafeInteger(entry.stampMs) || entry.stampMs < 0) return 'the stamp is no whole number of milliseconds';
  const problem = momentProblem(entry.behindUs);
  if (problem !== null) return problem;
  let count = 0;
  for (const instruction of entry.instructions) count += memberCount(instruction);
  if (entry.instructions.length > 1 && entry.instructions.some((each) => each.kind !== 'genesis' && changesOwnership(each)))
    return 'what changes whose slots are is alone in its entry';
  return count <= MAX_INSTRUCTIONS_PER_ENTRY ? null : `an entry carries at most ${MAX_INSTRUCTIONS_PER_ENTRY} instructions`;
}
