/**
 * The side of a move that takes slots over (docs/adr/0029). Rows that come in are staged: they are in the tables, and nothing is decided by them or said
 * of them. By one entry they become the bucket's own, or go for good; whichever is first in this log is how the move has ended.
 */
import { fitsInt64, type SlotRange, isIn } from '@mas/values';
import type { Applying } from './applying';
import type { AdoptSlots, BeginImport, DeclineImport, ImportRows } from './instruction';
import { lockKey } from './lock-row';
import { moveOutcome, refusedMove } from './move-outcome';
import type { Arriving } from './moves-state';
import type { MoveRefusal, MoveStage, Outcome } from './outcome';
import { PinnedIndex } from './pinned-index';
import { checkRoomInBucket } from './room';
import { MovedSumming, NO_SUMS, sameSums, type MovedRows, type MovedSums } from './slot-moves';

export function beginImport(a: Applying, { move, slots, from, attempt }: BeginImport): Outcome {
  const { moves } = a.state;
  const arriving = moves.arriving.get(move);
  // Also an attempt that was overtaken hears how far the later one is.
  if (arriving !== undefined && attempt <= arriving.attempt) return moveOutcome(move, importing(arriving));
  const refusal = arriving === undefined ? (endOf(a, move, slots) ?? whyNot(a, move, slots)) : null;
  if (refusal !== null) return moveOutcome(move, refusal);
  // A later move of a slot is planned only when an earlier one is over: that one will not be adopted any more.
  for (const other of moves.overlapping(moves.arriving, move, slots)) drop(a, other);
  a.dropSlots(slots);
  const begun: Arriving = { move, slots, from, attempt, parts: 0, sums: NO_SUMS, pinned: nothingPinned() };
  moves.arriving.set(move, begun);
  return moveOutcome(move, importing(begun));
}

/** A part that has come already, or is not the next, changes nothing: the answer says which is next. */
export function importRows(a: Applying, { move, slots, attempt, part, rows }: ImportRows): Outcome {
  const { moves } = a.state;
  const arriving = moves.arriving.get(move);
  if (arriving === undefined) return moveOutcome(move, endOf(a, move, slots) ?? notImporting);
  if (attempt !== arriving.attempt || part !== arriving.parts) return moveOutcome(move, importing(arriving));
  if (!areIn(a, rows, arriving.slots)) return refusedMove(move, 'ROWS_ELSEWHERE');
  const next: Arriving = { ...arriving, parts: part + 1, sums: stage(a, rows, arriving) };
  moves.arriving.set(move, next);
  return moveOutcome(move, importing(next));
}

export function adoptSlots(a: Applying, { move, slots, attempt, parts, sums, handover }: AdoptSlots): Outcome {
  const { state } = a;
  const arriving = state.moves.arriving.get(move);
  if (arriving === undefined) return moveOutcome(move, endOf(a, move, slots) ?? notImporting);
  if (attempt !== arriving.attempt) return refusedMove(move, 'NOT_IMPORTING');
  if (parts !== arriving.parts || !sameSums(sums, arriving.sums)) return refusedMove(move, 'INCOMPLETE');
  if (handover.semanticsVersion > state.semanticsVersion) return refusedMove(move, 'SEMANTICS_OLDER');
  if (handover.policyVersion > (state.policy?.version ?? 0)) return refusedMove(move, 'POLICY_OLDER');
  if (checkRoomInBucket(a) !== null || !hasRoomFor(a, sums)) return refusedMove(move, 'BUCKET_FULL');
  state.lockSeq = Math.max(state.lockSeq, handover.lockSeq);
  state.momentsSinceUs = Math.max(state.momentsSinceUs, handover.momentsSinceUs);
  a.raiseSeqAbove(handover.lastSeq);
  state.takeOver(sums, 1);
  state.memory.add(arriving.pinned.rows());
  state.moves.arriving.delete(move);
  state.moves.took(move, arriving.slots);
  state.gain(arriving.slots);
  state.rev += 1;
  return moveOutcome(move, { kind: 'adopted' });
}

export function declineImport(a: Applying, { move, slots }: DeclineImport): Outcome {
  const { moves } = a.state;
  const arriving = moves.arriving.get(move);
  if (arriving !== undefined) {
    drop(a, arriving);
    return moveOutcome(move, { kind: 'declined' });
  }
  const ended = endOf(a, move, slots);
  if (ended !== null) return moveOutcome(move, ended);
  // Nor will it begin.
  moves.took(move, slots);
  return moveOutcome(move, { kind: 'declined' });
}

const notImporting: MoveStage = { kind: 'refused', reason: 'NOT_IMPORTING' };

/** What has become of a move that would bring slots here, and is not under way; null: none of it is known. */
function endOf({ state }: Applying, move: number, slots: SlotRange): MoveStage | null {
  const { lowest, highest } = state.moves.lastMoveIn(slots);
  if (highest > move) return { kind: 'over' };
  if (lowest < move) return null;
  return { kind: state.ownsAll(slots) ? 'adopted' : 'declined' };
}

function whyNot(a: Applying, move: number, slots: SlotRange): MoveStage | null {
  const { state } = a;
  const refuse = (reason: MoveRefusal): MoveStage => ({ kind: 'refused', reason });
  if (state.ownsAny(slots)) return refuse('OWNED_ALREADY');
  if (state.moves.overlapping(state.moves.departing, move, slots).length > 0) return refuse('STILL_LEAVING');
  return checkRoomInBucket(a) === null ? null : refuse('BUCKET_FULL');
}

function drop(a: Applying, { move, slots }: Arriving): void {
  a.dropSlots(slots);
  a.state.moves.arriving.delete(move);
  a.state.moves.took(move, slots);
}

function stage(a: Applying, { accounts, legs, outcomes, locks }: MovedRows, { sums, pinned }: Arriving): MovedSums {
  const summing = new MovedSumming(sums);
  for (const row of accounts) {
    summing.account(row, a.account(row.number));
    a.stageAccount(row);
  }
  for (const row of legs) {
    summing.leg(row, a.leg(row.account, row.txn));
    pinned.legChanged(row);
    a.stageLeg(row);
  }
  for (const row of outcomes) {
    summing.outcome(a.outcome(row.key) === undefined);
    pinned.outcomeChanged(row);
    a.stageOutcome(row);
  }
  for (const row of locks) {
    summing.lock(!pinned.locks.has(lockKey(row)));
    pinned.lockChanged(row);
    a.stageLock(row);
  }
  return summing.sums();
}

function areIn({ state }: Applying, { accounts, legs, outcomes, locks }: MovedRows, slots: SlotRange): boolean {
  return (
    accounts.every((row) => row.slot === state.slotOf(row.number)) &&
    legs.every((row) => row.slot === state.slotOf(row.account)) &&
    [...accounts, ...legs, ...outcomes, ...locks].every((row) => isIn(slots, row.slot))
  );
}

function hasRoomFor({ state }: Applying, { openings }: MovedSums): boolean {
  return [...openings].every(([currency, amountMinor]) => fitsInt64(state.issuedOf(currency) + amountMinor));
}

function importing({ attempt, parts }: Arriving): MoveStage {
  return { kind: 'importing', attempt, parts };
}

function nothingPinned(): PinnedIndex {
  return new PinnedIndex({ prepared: [], openAuthorizations: [], undelivered: [], locks: [] });
}
