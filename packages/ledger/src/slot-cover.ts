/**
 * Who speaks for each slot, of some buckets whose slots move (docs/adr/0033). A bucket that has released slots has their rows, and counts their money, until it is told
 * that they were adopted: for a while two buckets do, and where their moments differ it can be none. What all buckets hold, taken together, says who has a slot as it is.
 */
import { SLOT_COUNT, SlotSet, type BucketId, type SlotRange } from '@mas/values';
import { NO_MOVES, type SlotMoves } from './slot-moves';

/** What a bucket owns, what it has released and still counts, and its last move of each slot. */
export interface SlotHoldings {
  readonly slots: readonly SlotRange[];
  readonly moves: SlotMoves;
}

export interface Holder {
  readonly bucket: BucketId;
  readonly holdings: SlotHoldings;
}

export const NO_HOLDINGS: SlotHoldings = { slots: [], moves: NO_MOVES };

/** Slots whose rows and money a bucket counts. */
export function countedSlots({ slots, moves }: SlotHoldings): SlotSet {
  return SlotSet.of([...slots, ...moves.departing.map((departure) => departure.slots)]);
}

/** The number of the last move that the bucket has had a part in; 0: none. */
export function lastMoveOf({ moves }: Pick<SlotHoldings, 'moves'>): number {
  return moves.moved.reduce((last, { move }) => Math.max(last, move), 0);
}

export class SlotCover {
  /** Place of the bucket that speaks for each slot; -1: none. */
  private readonly speakers = new Int32Array(SLOT_COUNT).fill(-1);
  private readonly owners = new Uint16Array(SLOT_COUNT);
  private readonly counts = new Uint16Array(SLOT_COUNT);

  /** @param holders all buckets that may have rows, each as of one and the same moment, or as it is now */
  constructor(private readonly holders: readonly Holder[]) {
    const lastMoves = lastMovesOf(holders);
    const departedBy = new Float64Array(SLOT_COUNT);
    for (const [place, { holdings }] of holders.entries()) {
      for (const { move, slots } of holdings.moves.departing) {
        for (let at: number = slots.from; at <= slots.to; at += 1) {
          add(this.counts, at);
          // Somebody has had the slot since: what is left here is older.
          if (move < (lastMoves[at] ?? 0) || move <= (departedBy[at] ?? 0)) continue;
          departedBy[at] = move;
          this.speakers[at] = place;
        }
      }
    }
    // Whoever owns a slot has all of it.
    for (const [place, { holdings }] of holders.entries()) {
      for (const { from, to } of holdings.slots) {
        for (let at: number = from; at <= to; at += 1) {
          add(this.counts, at);
          add(this.owners, at);
          this.speakers[at] = place;
        }
      }
    }
  }

  /** Of which the bucket has the rows as they are. Of all buckets together: every slot at most once. */
  of(bucket: BucketId): SlotSet {
    const place = this.holders.findIndex((holder) => holder.bucket === bucket);
    return place < 0 ? SlotSet.NONE : SlotSet.where((at) => this.speakers[at] === place);
  }

  /** Nobody has them as they are. */
  missing(): SlotSet {
    return SlotSet.where((at) => this.speakers[at] === -1);
  }

  /** Two buckets say that they are their own, which never is so at one moment. */
  ownedTwice(): SlotSet {
    return SlotSet.where((at) => (this.owners[at] ?? 0) > 1);
  }

  /** Two buckets count their rows and their money. */
  countedTwice(): SlotSet {
    return SlotSet.where((at) => (this.counts[at] ?? 0) > 1);
  }
}

function add(numbers: Uint16Array, at: number): void {
  numbers[at] = (numbers[at] ?? 0) + 1;
}

/** By slot, of all buckets. */
function lastMovesOf(holders: readonly Holder[]): Float64Array {
  const last = new Float64Array(SLOT_COUNT);
  for (const { holdings } of holders)
    for (const { from, to, move } of holdings.moves.moved) for (let at: number = from; at <= to; at += 1) last[at] = Math.max(last[at] ?? 0, move);
  return last;
}
