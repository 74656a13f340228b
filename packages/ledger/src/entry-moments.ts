/** Which moments the instructions of an entry get, before it is applied: where a cut at a moment lies between two entries (docs/adr/0028). */
import type { Instruction, LedgerEntry } from './instruction';

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

/**
 * Behind what the moments of an instruction have to lie (docs/adr/0021): a decision behind the promises that it relies on, what is told behind the decision. One for
 * each member where it names many.
 */
export function liesBehind(instruction: Instruction): readonly number[] {
  switch (instruction.kind) {
    case 'decide-commit':
      return instruction.notBeforeUs === null ? NOTHING : [instruction.notBeforeUs + 1];
    case 'commit':
      return instruction.commitUs === null ? NOTHING : [instruction.commitUs];
    case 'commit-many':
      return instruction.legs.map(({ commitUs }) => commitUs ?? 0);
    case 'acknowledge-many':
      return instruction.told.map(() => 0);
    case 'adopt-slots':
      return [instruction.handover.momentUs + 1];
    default:
      return NOTHING;
  }
}

const NOTHING: readonly number[] = [0];
