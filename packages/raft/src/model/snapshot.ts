/** A snapshot stands for the log up to and including its index, with the configuration in force there. */
import type { ConfState } from './conf-state';
import type { LogIndex, Term } from './ids';

export interface SnapshotMetadata {
  readonly index: LogIndex;
  readonly term: Term;
  readonly confState: ConfState;
}

export interface Snapshot {
  readonly metadata: SnapshotMetadata;
  /** Opaque to Raft: the state itself, or whatever the host needs to fetch it by another way. */
  readonly data: Uint8Array;
}
