/** What a console, metrics or a placement decision may want to know of a replica. Copies, safe to keep. */
import type { ConfState } from '../model/conf-state';
import type { LogIndex, NodeId, Term } from '../model/ids';
import type { Role } from '../model/state';

/** Cheap: no copy of progress or configuration. */
export interface BasicStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeId | undefined;
  readonly leader: NodeId | undefined;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** Target of the transfer under way. */
  readonly transferee: NodeId | undefined;
  readonly isLearner: boolean;
  /** Payload bytes of proposals that are not yet applied (leader only). */
  readonly uncommittedBytes: number;
}

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** The leader's view of one member. */
export interface ProgressStatus {
  readonly state: ProgressState;
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly pendingSnapshot: LogIndex;
  readonly recentActive: boolean;
  readonly paused: boolean;
  readonly isLearner: boolean;
  readonly inflightMessages: number;
  readonly inflightFull: boolean;
}

export interface RaftStatus extends BasicStatus {
  readonly configuration: ConfState;
  /** By ascending id; empty unless this replica leads. */
  readonly progress: ReadonlyMap<NodeId, ProgressStatus>;
}
