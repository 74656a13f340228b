/** A stored position as Raft names it. */
import { logIndex, term, type EntryId } from '@mas/raft';
import type { Position } from '../applied-store';

export function entryId(position: Position): EntryId {
  return { index: logIndex(position.index), term: term(position.term) };
}
