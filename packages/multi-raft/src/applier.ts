/**
 * Port: the state machine behind one group. The applied index and term live with the applied state, never here.
 * The host delivers committed entries at least once, in order, one call at a time per group.
 */
import type { ConfState, Entry, EntryId } from '@mas/raft';

export interface Applier<Result> {
  /** Where the applied state stands when the group starts, and the configuration there. */
  start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }>;
  /**
   * Applies committed entries (normal ones with data; configuration and empty entries arrive too, so that the applied
   * index moves with every entry) and gives one result per entry. `confState` is the configuration after the last one.
   * A rejection ends the group's replica here: with GroupStopped that alone, with anything else the process.
   */
  apply(entries: readonly Entry[], confState: ConfState): Promise<readonly Result[]>;
  /** The log may be compacted up to here: durable in the applied state's own store. */
  durable(): EntryId;
  /** Asks to make the applied state durable soon (the log wants to compact). */
  requestCheckpoint(): void;
  /**
   * A snapshot at or above `atLeast`, which is applied or being applied here: metadata now, bytes as they are read.
   * Whoever reads the chunks ends the iteration (return), also when it fails.
   */
  snapshot(atLeast: number): Promise<{ readonly applied: EntryId; readonly confState: ConfState; readonly chunks: AsyncIterable<Uint8Array> }>;
  /** Replaces the applied state by a received snapshot, atomically with its applied index. */
  install(at: EntryId, confState: ConfState, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** False while the applied state cannot serve (its store is down or its backlog full): a leader then hands over. */
  healthy(): boolean;
  onRole(role: 'leader' | 'follower', term: number): void;
  stop(): Promise<void>;
}

/**
 * Why one group's replica ends while the process and its other groups go on: its applied state met what it cannot apply or
 * keep. The replica takes no part any more; its log stays as it is, for whoever looks into it.
 */
export class GroupStopped extends Error {
  readonly kind = 'group-stopped';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'GroupStopped';
  }
}

export function isGroupStopped(error: unknown): error is GroupStopped {
  return typeof error === 'object' && error !== null && 'kind' in error && error.kind === 'group-stopped';
}
