/**
 * Port: one write-ahead log for all groups of a process. Writes gather while a sync runs; one sync covers all of
 * them. Retained entries are also held in memory, so that Raft's reads are synchronous. A failed write or sync is
 * fatal: the store calls `onFatal` and answers nothing any more.
 */
import type { ConfState, Entry, EntryId, HardState, RaftStorage } from '@mas/raft';
import type { BucketId, Durations } from '@mas/values';

export interface LogStore {
  /** Reads the log back. @throws LogDamaged when something other than a torn tail is wrong. Call once, first. */
  recover(): Promise<LogRecovery>;
  /** The group's log as Raft reads it; `snapshot()` gives metadata of the compaction point with empty data. */
  storage(group: BucketId): RaftStorage | undefined;
  /**
   * A group this log does not know yet (or one that is put back to a checkpoint, an installed snapshot or SQL that is
   * ahead of the log): its log starts empty behind `start`. An existing hard state's term and vote are kept, unless the
   * start's term is newer; the commit index becomes that of the start. In order with appends; durable when it resolves.
   */
  reset(group: BucketId, start: LogStart): Promise<void>;
  /** In order per group. Visible in `storage()` at once; `done` is called when it is durable, in order. */
  append(group: BucketId, write: LogWrite, done: () => void): void;
  /** Entries up to and including `upTo` are no longer needed. Segments are removed when no group needs them. */
  compact(group: BucketId, upTo: EntryId): void;
  /** Forgets the group entirely; durable when it resolves. */
  remove(group: BucketId): Promise<void>;
  /** Groups that keep old segments alive beyond the configured total size, worst first: they should compact. */
  pinning(): readonly { readonly group: BucketId; readonly bytes: number }[];
  /**
   * Number of the last batch that is durable, from 1 on; 0 in a new log. It only rises, over restarts as well: what was once told
   * is never fallen short of by what recovery finds, unless the disk was exchanged for a copy of an earlier time.
   */
  position(): number;
  /** Age of the oldest write that somebody waits for and that is not durable yet; 0: none. */
  oldestWriteMs(): number;
  stats(): LogStats;
  /** Writes and syncs what is queued, then closes. */
  close(): Promise<void>;
}

export interface LogRecovery {
  readonly groups: readonly BucketId[];
  /** A torn tail that was cut off: where and how much. */
  readonly torn: { readonly file: string; readonly offset: number; readonly bytes: number } | null;
}

export interface LogStart {
  readonly at: EntryId;
  readonly confState: ConfState;
}

export interface LogWrite {
  readonly hardState: HardState | undefined;
  /** Replaces the log from the first one's index on. */
  readonly entries: readonly Entry[];
  /** False: may be written without waiting for a sync (commit index only); `done` may come early. */
  readonly mustSync: boolean;
}

export interface LogStats {
  readonly syncs: number;
  readonly bytes: number;
  readonly segments: number;
  readonly queuedBytes: number;
  /** Of recent syncs, milliseconds. */
  readonly syncP50Ms: number | null;
  readonly syncP99Ms: number | null;
  /** Of all since the start. */
  readonly syncTimes: Durations;
}

export class LogDamaged extends Error {
  readonly kind = 'log-damaged';

  constructor(
    readonly file: string,
    readonly offset: number,
    what: string,
  ) {
    super(
      `the log is damaged: ${what} in ${file} at offset ${offset}; replace this disk (docs/runbooks.md, "A disk is lost"), do not delete the file to go on`,
    );
    this.name = 'LogDamaged';
  }
}
