/**
 * How a replica starts, from what its log and its applied state say. The applied state is the checkpoint and the log
 * its redo log, so the applied state may be ahead (a snapshot or a checkpoint outlived the log's tail): then the log
 * is put back to it and keeps term and vote. What is missing between them is lost: such a replica refuses to start,
 * for it would skip entries; and so does one whose log is gone, for it no longer knows whom it voted for.
 */
import { EMPTY_CONF_STATE, logIndex, term, ZERO_INDEX, ZERO_TERM, type ConfState, type EntryId, type RaftStorage } from '@mas/raft';
import type { LogStart } from '../log-store';

/**
 * Founding members start behind a made-up first entry that nobody else has, so that a replica that joins later, with
 * an empty log, is always brought up by a snapshot: only that tells it the configuration.
 */
export const FOUNDING: EntryId = { index: logIndex(1), term: term(1) };

export interface AppliedStart {
  readonly applied: EntryId;
  readonly confState: ConfState | null;
}

export type StartPlan =
  | { readonly kind: 'resume'; readonly applied: EntryId; readonly confState: ConfState }
  | { readonly kind: 'reset'; readonly start: LogStart }
  | { readonly kind: 'refuse'; readonly why: string };

export function planStart(log: RaftStorage | undefined, state: AppliedStart, initial: ConfState | null): StartPlan {
  const { applied } = state;
  if (log === undefined) {
    if (applied.index > 0) return refuse(`the applied state is at ${applied.index}, but the log does not know the group: its votes are lost`);
    if (initial === null) return { kind: 'reset', start: { at: { index: ZERO_INDEX, term: ZERO_TERM }, confState: EMPTY_CONF_STATE } };
    return { kind: 'reset', start: { at: FOUNDING, confState: initial } };
  }
  const baseIndex = log.firstIndex() - 1;
  if (applied.index === 0) return startAtZero(log, baseIndex);
  if (applied.index < baseIndex) return refuse(`the log starts behind ${baseIndex}, the applied state ends at ${applied.index}: entries between them are missing`);
  if (state.confState === null) return refuse(`the applied state at ${applied.index} has no configuration`);
  const known = applied.index <= log.lastIndex() && log.term(applied.index) === applied.term;
  // Beyond the log's end, or where the log holds an entry that was never committed.
  if (!known) return { kind: 'reset', start: { at: applied, confState: state.confState } };
  return { kind: 'resume', applied, confState: state.confState };
}

/** Nothing was ever made durable: only a log that is complete from its founding on can rebuild the state. */
function startAtZero(log: RaftStorage, baseIndex: number): StartPlan {
  const { confState } = log.initialState();
  if (baseIndex === 0) return { kind: 'resume', applied: { index: ZERO_INDEX, term: ZERO_TERM }, confState };
  const isFounding = baseIndex === FOUNDING.index && log.term(FOUNDING.index) === FOUNDING.term;
  if (isFounding) return { kind: 'resume', applied: FOUNDING, confState };
  return refuse(`the applied state is empty, but the log starts behind ${baseIndex}`);
}

function refuse(why: string): StartPlan {
  return { kind: 'refuse', why };
}

/** The replica cannot take part; it must be replaced under a new id. */
export class ReplicaUnusable extends Error {
  readonly kind = 'replica-unusable';

  constructor(
    readonly group: number,
    why: string,
  ) {
    super(`group ${group}: ${why}; replace this replica under a new id`);
    this.name = 'ReplicaUnusable';
  }
}
