/**
 * The mutable form of SlotMoves, owned by a BucketState. Pinned rows of slots that are not owned are kept here, apart from those that the bucket acts
 * on: those that come in wait for the adoption, those that are released for the word that they have been adopted, or never will be.
 */
import { SLOT_COUNT, slot, type SlotRange, isIn, overlap } from '@mas/values';
import type { PinnedRows } from './ledger-state';
import { PinnedIndex } from './pinned-index';
import type { Arrival, Departure, MovedRange, MoveNumber, SlotMoves } from './slot-moves';

export interface Departing extends Departure {
  readonly pinned: PinnedIndex;
}

export interface Arriving extends Arrival {
  readonly pinned: PinnedIndex;
}

export class MovesState {
  readonly departing = new Map<MoveNumber, Departing>();
  readonly arriving = new Map<MoveNumber, Arriving>();
  seqBase: number;
  /** By slot; 0: none. */
  private readonly lastMove = new Float64Array(SLOT_COUNT);
  /** The same as ranges, until it changes: a checkpoint asks for them. */
  private moved: readonly MovedRange[] | null = null;

  constructor({ seqBase, moved, departing, arriving }: SlotMoves, pinned: PinnedRows) {
    this.seqBase = seqBase;
    for (const { from, to, move } of moved) this.lastMove.fill(move, from, to + 1);
    for (const each of departing) this.departing.set(each.move, { ...each, pinned: new PinnedIndex(rowsIn(pinned, each.slots)) });
    for (const each of arriving) this.arriving.set(each.move, { ...each, pinned: new PinnedIndex(rowsIn(pinned, each.slots)) });
  }

  /** Pinned rows of slots that no move is about. */
  restOf(pinned: PinnedRows): PinnedRows {
    const ranges = [...this.departing.values(), ...this.arriving.values()].map(({ slots }) => slots);
    return ranges.length === 0 ? pinned : rowsThat(pinned, (ofSlot) => !ranges.some((range) => isIn(range, ofSlot)));
  }

  /** Of those that are kept here. */
  pinned(): readonly PinnedRows[] {
    return [...this.departing.values(), ...this.arriving.values()].map(({ pinned }) => pinned.rows());
  }

  /** The lowest and the highest number of a move that the bucket has had a part in, over these slots. */
  lastMoveIn({ from, to }: SlotRange): { readonly lowest: MoveNumber; readonly highest: MoveNumber } {
    const moves = this.lastMove.subarray(from, to + 1);
    return { lowest: Math.min(...moves), highest: Math.max(...moves) };
  }

  took(move: MoveNumber, { from, to }: SlotRange): void {
    this.lastMove.fill(move, from, to + 1);
    this.moved = null;
  }

  /** Other moves than this one that are about some of these slots. */
  overlapping<Move extends Departing | Arriving>(moves: ReadonlyMap<MoveNumber, Move>, move: MoveNumber, slots: SlotRange): readonly Move[] {
    return [...moves.values()].filter((other) => other.move !== move && overlap(other.slots, slots));
  }

  /** An immutable copy. */
  copy(): SlotMoves {
    return {
      seqBase: this.seqBase,
      moved: (this.moved ??= this.movedRanges()),
      departing: byMove(this.departing).map(({ move, slots, to, handover }) => ({ move, slots, to, handover })),
      arriving: byMove(this.arriving).map(({ move, slots, from, attempt, parts, sums }) => ({ move, slots, from, attempt, parts, sums })),
    };
  }

  private movedRanges(): readonly MovedRange[] {
    const ranges: MovedRange[] = [];
    for (let from = 0; from < SLOT_COUNT; ) {
      const move = this.lastMove[from] ?? 0;
      let to = from;
      while (to + 1 < SLOT_COUNT && this.lastMove[to + 1] === move) to += 1;
      if (move > 0) ranges.push({ from: slot(from), to: slot(to), move });
      from = to + 1;
    }
    return ranges;
  }
}

export function rowsIn(pinned: PinnedRows, slots: SlotRange): PinnedRows {
  return rowsThat(pinned, (ofSlot) => isIn(slots, ofSlot));
}

function rowsThat({ prepared, openAuthorizations, undelivered, locks }: PinnedRows, holds: (slot: number) => boolean): PinnedRows {
  return {
    prepared: prepared.filter((row) => holds(row.slot)),
    openAuthorizations: openAuthorizations.filter((row) => holds(row.slot)),
    undelivered: undelivered.filter((row) => holds(row.slot)),
    locks: locks.filter((row) => holds(row.slot)),
  };
}

function byMove<Move extends { readonly move: MoveNumber }>(moves: ReadonlyMap<MoveNumber, Move>): readonly Move[] {
  return [...moves.values()].sort((a, b) => a.move - b.move);
}
