/** Instructions on their way to the log: what each needs until its fate is known, and who is told. */
import type { Instruction, Outcome } from '@mas/ledger';
import type { ParticipantFailure } from '@mas/two-phase-commit';
import type { ResourceManagerConfig } from '../config';
import { noPins, type Pins, type RowTable } from '../rows/row-table';

/** What became of one instruction. */
export type Fate = { readonly kind: 'applied'; readonly outcome: Outcome } | ParticipantFailure;

/** All instructions that were submitted together are answered together. */
export interface Submission {
  readonly fates: (Fate | undefined)[];
  left: number;
  readonly done: (fates: readonly Fate[]) => void;
}

export interface Item {
  readonly instruction: Instruction;
  readonly bytes: Uint8Array;
  readonly table: RowTable;
  pins: Pins;
  /** Applied index at which the touched rows were named. */
  namedAtIndex: number;
  readonly submission: Submission;
  readonly at: number;
}

export function settle(item: Item, fate: Fate): void {
  item.table.unpin(item.pins);
  const { submission } = item;
  submission.fates[item.at] = fate;
  submission.left -= 1;
  if (submission.left === 0) submission.done(submission.fates as readonly Fate[]);
}

export function settleAll(items: readonly Item[], fate: Fate): void {
  for (const item of items) settle(item, fate);
}

/** How many of the first fit into one entry; at least one if there is any. */
export function fittingCount(ready: readonly Item[], config: ResourceManagerConfig): number {
  let bytes = 0;
  let count = 0;
  while (count < ready.length && count < config.maxBatchInstructions) {
    bytes += ready[count]?.bytes.length ?? 0;
    if (count > 0 && bytes > config.maxBatchBytes) break;
    count += 1;
  }
  return count;
}

export function pinsOf(items: readonly Item[]): Pins {
  const all = noPins();
  for (const { pins } of items) {
    for (const cell of pins.accounts) all.accounts.push(cell);
    for (const cell of pins.legs) all.legs.push(cell);
    for (const cell of pins.outcomes) all.outcomes.push(cell);
  }
  return all;
}
