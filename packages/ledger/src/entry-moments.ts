/** Which moments the instructions of an entry get, before it is applied: where a cut at a moment lies between two entries (docs/adr/0028). */
import type { LedgerEntry } from './instruction';
import { liesBehind } from './instruction-traits';

export interface EntryMoments {
  /** Of its first instruction; null: it has none. */
  readonly firstUs: number | null;
  /** Where the bucket stands behind it. */
  readonly lastUs: number;
}

/** @param at the bucket before the entry; it has moments */
export function entryMoments({ stampMs, behindUs, instructions }: LedgerEntry, at: { readonly stampMs: number; readonly momentUs: number }): EntryMoments {
  const stampUs = Math.max(at.stampMs, stampMs) * 1000;
  let lastUs = Math.max(at.momentUs, behindUs ?? 0);
  let firstUs: number | null = null;
  for (const instruction of instructions)
    for (const notBeforeUs of liesBehind(instruction)) {
      lastUs = Math.max(lastUs + 1, stampUs, notBeforeUs);
      firstUs ??= lastUs;
    }
  return { firstUs, lastUs };
}
