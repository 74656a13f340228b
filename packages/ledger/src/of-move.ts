/** Instructions about slots that move (docs/adr/0029). */
import { MAX_SLOTS_PER_MOVE, SLOT_COUNT } from '@mas/values';
import type { AdoptSlots, BeginImport, ConfirmRelease, DeclineImport, ImportRows, ReclaimSlots, ReleaseSlots } from './instruction';
import type { MovedRows } from './slot-moves';

export type MoveInstruction = BeginImport | ImportRows | AdoptSlots | DeclineImport | ReleaseSlots | ReclaimSlots | ConfirmRelease;

/** Of all kinds, in one part of an import. */
export const MAX_ROWS_PER_PART = 1_024;

export function rowCount({ accounts, legs, outcomes, locks }: MovedRows): number {
  return accounts.length + legs.length + outcomes.length + locks.length;
}

/** A sentence, or null when nothing is wrong. */
export function moveProblem(instruction: MoveInstruction): string | null {
  const { move, slots } = instruction;
  if (!isNumber(move, 1)) return 'a move has a positive whole number';
  if (slots.from > slots.to || slots.to >= SLOT_COUNT || slots.to - slots.from >= MAX_SLOTS_PER_MOVE)
    return `a move is about 1 to ${MAX_SLOTS_PER_MOVE} neighbouring slots`;
  if ('attempt' in instruction && !isNumber(instruction.attempt, 1)) return 'an attempt has a positive whole number';
  if (instruction.kind !== 'import-rows') return null;
  const count = rowCount(instruction.rows);
  return isNumber(instruction.part, 0) && count >= 1 && count <= MAX_ROWS_PER_PART ? null : `a part brings 1 to ${MAX_ROWS_PER_PART} rows, this one ${count}`;
}

function isNumber(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}
