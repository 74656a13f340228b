/**
 * One group's retained log in memory, as Raft reads it: entries base.index + 1 … last, the term at the base, the hard
 * state. What is here is visible at once, durable or not; the store says when it is durable.
 * The configuration is that of the last start: the host keeps the one in force with its applied state.
 */
import {
  countWithin,
  indexPlus,
  NO_DATA,
  ZERO_INDEX,
  ZERO_TERM,
  type Entry,
  type EntryId,
  type HardState,
  type InitialState,
  type LogIndex,
  type RaftStorage,
  type Snapshot,
  type Term,
} from '@mas/raft';
import { invariant } from '@mas/values';
import type { LogStart } from '@mas/multi-raft';
import type { GroupState } from '../format/bodies';
import { SegmentSpans } from './segment-spans';

export const NO_HARD_STATE: HardState = { term: ZERO_TERM, vote: undefined, commit: ZERO_INDEX };

export class GroupLog implements RaftStorage {
  spans = new SegmentSpans();
  private held: Entry[] = [];
  private groupState: GroupState;

  constructor(state: GroupState) {
    this.groupState = state;
  }

  /** What recovery has read back: entries behind the base, which are handed over, and the segments they lie in. */
  static recovered(state: GroupState, entries: Entry[], spans: SegmentSpans): GroupLog {
    const log = new GroupLog(state);
    invariant(entries.length === 0 || entries[0]?.index === state.base.index + 1, 'recovered entries follow the base', { base: state.base.index });
    log.held = entries;
    log.spans = spans;
    return log;
  }

  get state(): GroupState {
    return this.groupState;
  }

  initialState(): InitialState {
    return { hardState: this.state.hardState, confState: this.state.confState };
  }

  entries(lo: LogIndex, hi: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    const base = this.state.base.index;
    if (lo <= base) return undefined;
    invariant(hi <= this.lastIndex() + 1, 'storage is asked for entries it has', { hi, last: this.lastIndex() });
    const wanted = this.held.slice(lo - base - 1, hi - base - 1);
    const count = countWithin(wanted, maxBytes);
    return count === wanted.length ? wanted : wanted.slice(0, count);
  }

  term(index: LogIndex): Term | undefined {
    const { base } = this.state;
    return index === base.index ? base.term : this.held[index - base.index - 1]?.term;
  }

  firstIndex(): LogIndex {
    return indexPlus(this.state.base.index, 1);
  }

  lastIndex(): LogIndex {
    return indexPlus(this.state.base.index, this.held.length);
  }

  snapshot(): Snapshot {
    const { base, confState } = this.state;
    return { metadata: { index: base.index, term: base.term, confState }, data: NO_DATA };
  }

  setHardState(hardState: HardState): void {
    this.groupState = { ...this.state, hardState };
  }

  /** Replaces the log from the first entry's index on; what is compacted already is skipped. */
  append(entries: readonly Entry[], segment: number): void {
    const base = this.state.base.index;
    const first = entries[0];
    const last = entries[entries.length - 1];
    if (first === undefined || last === undefined || last.index <= base) return;
    invariant(first.index <= this.lastIndex() + 1, 'an append leaves no gap', { first: first.index, last: this.lastIndex() });
    invariant(last.index - first.index + 1 === entries.length, 'entries are contiguous', { first: first.index, last: last.index });
    this.held.length = Math.max(0, first.index - base - 1);
    for (const entry of entries) if (entry.index > base) this.held.push(entry);
    this.spans.wrote(segment, Math.max(first.index, base + 1), last.index);
  }

  /** @throws InvariantViolation when the log has no such entry. */
  checkCompaction(upTo: EntryId): void {
    invariant(this.term(upTo.index) === upTo.term, 'compaction names an entry of the log', { index: upTo.index, term: upTo.term, last: this.lastIndex() });
  }

  /** Only after checkCompaction, and only forwards. */
  compact(upTo: EntryId): void {
    this.held = this.held.slice(upTo.index - this.state.base.index);
    this.groupState = { ...this.state, base: upTo };
    this.spans.compacted(upTo.index);
  }

  /** Everything up to the start is applied, so it is committed. Term and vote are kept. */
  stateAfterStart(start: LogStart): GroupState {
    return { base: start.at, confState: start.confState, hardState: startHardState(this.state.hardState, start) };
  }

  restart(state: GroupState): void {
    this.held = [];
    this.spans.clear();
    this.groupState = state;
  }
}

/** A term lower than the checkpoint's is impossible for a replica that holds it, and its vote belongs to the old term. */
function startHardState(existing: HardState, start: LogStart): HardState {
  const commit = start.at.index;
  return existing.term >= start.at.term ? { ...existing, commit } : { term: start.at.term, vote: undefined, commit };
}
