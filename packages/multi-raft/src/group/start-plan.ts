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

const NOTHING: EntryId = { index: ZERO_INDEX, term: ZERO_TERM };
/** No real configuration leaves a joint phase that has no voters: this one says that the replica was removed. */
const REMOVED_CONF_STATE: ConfState = { ...EMPTY_CONF_STATE, autoLeave: true };

/**
 * What stays in the log of a replica that was removed: no entries, but term and vote. The process may hold a replica of
 * the group again, with the same Raft id; with its term forgotten, it could confirm and even follow a leader that its
 * earlier replica had helped to depose.
 */
export const REMOVED: LogStart = { at: NOTHING, confState: REMOVED_CONF_STATE };

export function isRemoved(log: RaftStorage | undefined): boolean {
  if (log === undefined) return false;
  const { confState } = log.initialState();
  return confState.autoLeave && confState.voters.length === 0 && confState.votersOutgoing.length === 0;
}

const REPLACE = 'replace this disk (docs/runbooks.md, "A disk is lost")';

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
    if (applied.index > 0) return refuse(`the applied state is at ${applied.index}, but the log does not know the group: its votes are lost; ${REPLACE}`);
    if (initial === null) return { kind: 'reset', start: { at: NOTHING, confState: EMPTY_CONF_STATE } };
    return { kind: 'reset', start: { at: FOUNDING, confState: initial } };
  }
  if (isRemoved(log)) {
    if (applied.index > 0)
      return refuse(
        `the replica was removed from this process, but its applied state is still there, at ${applied.index}; drop its rows, then it can join again`,
      );
    return { kind: 'reset', start: { at: NOTHING, confState: EMPTY_CONF_STATE } };
  }
  const baseIndex = log.firstIndex() - 1;
  if (applied.index === 0) return startAtZero(log, baseIndex);
  if (applied.index < baseIndex)
    return refuse(`the log starts behind ${baseIndex}, the applied state ends at ${applied.index}: entries between them are missing; ${REPLACE}`);
  if (state.confState === null) return refuse(`the applied state at ${applied.index} has no configuration; ${REPLACE}`);
  const known = applied.index <= log.lastIndex() && log.term(applied.index) === applied.term;
  // Beyond the log's end, or where the log holds an entry that was never committed.
  if (!known) return { kind: 'reset', start: { at: applied, confState: state.confState } };
  return { kind: 'resume', applied, confState: state.confState };
}

/** Nothing was ever made durable: only a log that is complete from its founding on can rebuild the state. */
function startAtZero(log: RaftStorage, baseIndex: number): StartPlan {
  const { confState } = log.initialState();
  if (baseIndex === 0) return { kind: 'resume', applied: NOTHING, confState };
  const isFounding = baseIndex === FOUNDING.index && log.term(FOUNDING.index) === FOUNDING.term;
  if (isFounding) return { kind: 'resume', applied: FOUNDING, confState };
  return refuse(`the applied state is empty, but the log starts behind ${baseIndex}; ${REPLACE}`);
}

function refuse(why: string): StartPlan {
  return { kind: 'refuse', why };
}

/** The replica cannot take part; it must be replaced. */
export class ReplicaUnusable extends Error {
  readonly kind = 'replica-unusable';

  constructor(
    readonly group: number,
    why: string,
  ) {
    super(`group ${group}: ${why}`);
    this.name = 'ReplicaUnusable';
  }
}
