/** What a replica remembers across a restart (HardState) and what it only believes at the moment (SoftState). */
import type { LogIndex, NodeId, Term } from './ids';

/** Raft paper figure 2, "persistent state", plus the commit index as a hint that spares a restart work. */
export interface HardState {
  readonly term: Term;
  /** Whom this replica voted for in `term`; undefined: nobody yet. */
  readonly vote: NodeId | undefined;
  readonly commit: LogIndex;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export interface SoftState {
  /** The leader of the current term as far as this replica knows. */
  readonly leader: NodeId | undefined;
  readonly role: Role;
}

/** The answer to readIndex: serve the read once the applied index has reached `index`. */
export interface ReadState {
  readonly index: LogIndex;
  /** The bytes that were given to readIndex, to find the request again. */
  readonly context: Uint8Array;
}
