/** A stored position as Raft names it, and which entry comes next. */
import { logIndex, term, type EntryId } from '@mas/raft';
import { invariant } from '@mas/values';
import type { Position } from '../applied-store';

/** A founding member's log begins behind a made-up first entry that no applier ever sees. */
const FIRST_INDEX = 2;

export function entryId(position: Position): EntryId {
  return { index: logIndex(position.index), term: term(position.term) };
}

/** @throws InvariantViolation for a gap or a repetition. */
export function mustFollow(applied: Position, index: number): void {
  invariant(index === applied.index + 1 || (applied.index === 0 && index === FIRST_INDEX), 'entries are applied one after the other', {
    index,
    applied: applied.index,
  });
}
