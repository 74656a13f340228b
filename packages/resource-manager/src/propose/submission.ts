/** Instructions on their way to the log: what each needs until its fate is known, and who is told. */
import type { SlotRange } from '@mas/values';
import { changesOwnership, memberCount, type Instruction, type Outcome } from '@mas/ledger';
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
  /** Applied index at which the touched rows were named, and the slots that were owned. */
  namedAtIndex: number;
  namedForSlots: readonly SlotRange[];
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

/** What can be proposed, in the order in which its rows came. Bounds count members. */
export class ReadyItems {
  private items: Item[] = [];
  private members = 0;

  get length(): number {
    return this.items.length;
  }

  get memberCount(): number {
    return this.members;
  }

  push(item: Item): void {
    this.items.push(item);
    this.members += memberCount(item.instruction);
  }

  takeAll(): readonly Item[] {
    return this.take(this.items.length);
  }

  /** The first that fit into one entry; at least one if there is any. What changes whose slots are goes alone. */
  takeFitting({ maxBatchInstructions, maxBatchBytes }: ResourceManagerConfig): readonly Item[] {
    let bytes = 0;
    let members = 0;
    let count = 0;
    for (const item of this.items) {
      bytes += item.bytes.length;
      members += memberCount(item.instruction);
      const isAlone = changesOwnership(item.instruction);
      if (count > 0 && (isAlone || bytes > maxBatchBytes || members > maxBatchInstructions)) break;
      count += 1;
      if (isAlone) break;
    }
    return this.take(count);
  }

  private take(count: number): readonly Item[] {
    const taken = this.items.splice(0, count);
    for (const { instruction } of taken) this.members -= memberCount(instruction);
    return taken;
  }
}

export function membersIn(items: readonly Item[]): number {
  let members = 0;
  for (const { instruction } of items) members += memberCount(instruction);
  return members;
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
