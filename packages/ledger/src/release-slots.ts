/**
 * The side of a move that gives slots away (docs/adr/0029). From the release on the bucket decides nothing about them, so what it has of them stays as
 * it is until it hears what the next owner has done: adopted them, and its own rows go; or declined for good, and it goes on.
 */
import { present, type SlotRange, isIn } from '@mas/values';
import type { Applying } from './applying';
import type { ConfirmRelease, ReclaimSlots, ReleaseSlots } from './instruction';
import { rowsIn } from './moves-state';
import { PinnedIndex } from './pinned-index';
import { moveOutcome, refusedMove } from './move-outcome';
import type { MoveStage, Outcome } from './outcome';
import type { Handover } from './slot-moves';

export function releaseSlots(a: Applying, { move, slots, to }: ReleaseSlots): Outcome {
  const { state } = a;
  const departing = state.moves.departing.get(move);
  if (departing !== undefined) return moveOutcome(move, { kind: 'released', handover: departing.handover });
  const over = endOf(a, move, slots);
  if (over !== null) return moveOutcome(move, over);
  if (!state.ownsAll(slots) || to === state.bucket) return refusedMove(move, 'NOT_OWNED');
  // What the bucket's own time has ended must not be in force again where time is a little behind.
  for (const lock of [...state.memory.locks.values()]) if (isIn(slots, lock.slot) && lock.untilMs <= a.stampMs) a.removeLock(lock);
  const pinned = rowsIn(state.memory.rows(), slots);
  state.memory.remove(pinned);
  const handover: Handover = {
    lockSeq: state.lockSeq,
    momentUs: present(a.momentUs, 'moment of a release'),
    momentsSinceUs: state.momentsSinceUs,
    lastSeq: a.seqCeiling(),
    semanticsVersion: state.semanticsVersion,
    policyVersion: state.policy?.version ?? 0,
  };
  state.lose(slots);
  state.moves.took(move, slots);
  state.moves.departing.set(move, { move, slots, to, handover, pinned: new PinnedIndex(pinned) });
  state.rev += 1;
  return moveOutcome(move, { kind: 'released', handover });
}

/** Whoever tells this has heard from the next owner that it has declined. Where they were not released, they will not be by this move. */
export function reclaimSlots(a: Applying, { move, slots }: ReclaimSlots): Outcome {
  const { state } = a;
  const departing = state.moves.departing.get(move);
  if (departing === undefined) {
    const over = endOf(a, move, slots);
    if (over !== null) return moveOutcome(move, over);
    if (!state.ownsAll(slots)) return refusedMove(move, 'NOT_OWNED');
    state.moves.took(move, slots);
    return moveOutcome(move, { kind: 'reclaimed' });
  }
  state.memory.add(departing.pinned.rows());
  state.moves.departing.delete(move);
  state.gain(departing.slots);
  state.rev += 1;
  return moveOutcome(move, { kind: 'reclaimed' });
}

/** Whoever tells this has heard from the next owner that it has adopted them, by sums that it has found to be these. */
export function confirmRelease(a: Applying, { move, slots, sums }: ConfirmRelease): Outcome {
  const { state } = a;
  const departing = state.moves.departing.get(move);
  if (departing === undefined) return moveOutcome(move, endOf(a, move, slots) ?? { kind: 'refused', reason: 'NOT_OWNED' });
  state.moves.departing.delete(move);
  state.takeOver(sums, -1);
  a.dropSlots(departing.slots);
  state.rev += 1;
  return moveOutcome(move, { kind: 'confirmed' });
}

/** What has become of a move that the bucket gave slots away by, and that is not under way; null: it never began here. */
function endOf({ state }: Applying, move: number, slots: SlotRange): MoveStage | null {
  const { lowest, highest } = state.moves.lastMoveIn(slots);
  if (highest > move) return { kind: 'over' };
  if (lowest < move) return null;
  return { kind: state.ownsAll(slots) ? 'reclaimed' : 'confirmed' };
}
