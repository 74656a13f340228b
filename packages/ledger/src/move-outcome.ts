/** What is answered about a move. */
import type { MoveRefusal, MoveStage, Outcome } from './outcome';
import type { MoveNumber } from './slot-moves';

export function moveOutcome(move: MoveNumber, stage: MoveStage): Outcome {
  return { kind: 'move', move, stage };
}

export function refusedMove(move: MoveNumber, reason: MoveRefusal): Outcome {
  return moveOutcome(move, { kind: 'refused', reason });
}
