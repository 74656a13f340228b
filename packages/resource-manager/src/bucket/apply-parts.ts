/**
 * Cuts a run of committed entries into parts that are applied in one step each. Which rows an entry touches depends
 * on which slots the bucket owns, so a part ends where that changes; it also ends where somebody wants to look at
 * the state of exactly that index.
 */
import { changesOwnership, type LedgerEntry } from '@mas/ledger';
import type { Entry } from '@mas/raft';

export interface DecodedEntry {
  readonly entry: Entry;
  /** Null for empty entries and changes of configuration. */
  readonly decoded: LedgerEntry | null;
}

/** A stop between two entries. */
export interface Barrier {
  readonly index: number;
  readonly reached: () => Promise<void>;
}

export interface ApplyPart {
  readonly entries: readonly DecodedEntry[];
  /** Reached behind the last entry. */
  readonly barrier: Barrier | null;
}

/** @param barriers ascending, none beyond the run's last index; some may lie before its first. */
export function partsOf(run: readonly DecodedEntry[], barriers: readonly Barrier[]): readonly ApplyPart[] {
  const parts: ApplyPart[] = [];
  let open: DecodedEntry[] = [];
  let next = 0;
  const first = run[0]?.entry.index ?? 0;
  for (let barrier = barriers[next]; barrier !== undefined && barrier.index < first; barrier = barriers[next]) {
    parts.push({ entries: [], barrier });
    next += 1;
  }
  for (const one of run) {
    const owner = changesSlots(one.decoded);
    if (owner && open.length > 0) {
      parts.push({ entries: open, barrier: null });
      open = [];
    }
    open.push(one);
    if (owner) {
      parts.push({ entries: open, barrier: null });
      open = [];
    }
    for (let barrier = barriers[next]; barrier !== undefined && barrier.index <= one.entry.index; barrier = barriers[next]) {
      parts.push({ entries: open, barrier });
      open = [];
      next += 1;
    }
  }
  if (open.length > 0) parts.push({ entries: open, barrier: null });
  return parts;
}

export function changesConfiguration(run: readonly DecodedEntry[]): boolean {
  return run.some(({ entry }) => entry.type !== 'normal');
}

function changesSlots(entry: LedgerEntry | null): boolean {
  return entry !== null && entry.instructions.some(changesOwnership);
}
