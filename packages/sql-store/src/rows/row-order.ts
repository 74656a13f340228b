/**
 * The order in which rows are written: by slot, as they lie in their table, so that the database stays on a page for as long
 * as it can. Within a slot as they come. Slots are few and small numbers: counted, not compared.
 */
import { present, SLOT_COUNT } from '@mas/values';
import type { RowInSlot } from './table-text';

export function bySlot<Row extends RowInSlot>(rows: readonly Row[]): readonly Row[] {
  if (rows.length < 2) return rows;
  /** Where a slot's next row goes. */
  const next = new Uint32Array(SLOT_COUNT + 1);
  for (const { slot } of rows) next[slot + 1] = (next[slot + 1] ?? 0) + 1;
  for (let slot = 1; slot <= SLOT_COUNT; slot++) next[slot] = (next[slot] ?? 0) + (next[slot - 1] ?? 0);
  const order = new Uint32Array(rows.length);
  rows.forEach(({ slot }, at) => {
    const place = next[slot] ?? 0;
    next[slot] = place + 1;
    order[place] = at;
  });
  return Array.from(order, (at) => present(rows[at], 'row'));
}
