/** The interface of the multi-Raft host: what a service sees of it. One registry of groups, one scheduler, one log writer. */
import type { Condition, PeerVerdict } from '@mas/health';
import type { ConfState, LogIndex } from '@mas/raft';
import type { MemberId } from '@mas/membership';
import type { BucketId, Durations, MissingQuorum, RmId } from '@mas/values';
import type { Applier, GroupStopped } from './applier';

/** The fate of one proposal. */
export type ProposalResult<Result> =
  /** Committed and applied here; `result` is what the applier gave for this very entry. */
  | { readonly kind: 'applied'; readonly index: number; readonly term: number; readonly result: Result }
  /** Certain not to be in any log. */
  | { readonly kind: 'not-leader'; readonly leader: RmId | null }
  | NoQuorum
  /** Certain not to be in any log: queue or uncommitted limit full, transfer in progress, stopping. */
  | { readonly kind: 'refused'; readonly reason: 'overloaded' | 'transferring' | 'stopping' | 'no-group' }
  /** In some log perhaps: leadership changed before it was applied here. */
  | { readonly kind: 'unknown' };

export type ReadIndexResult =
  | { readonly kind: 'ready'; readonly index: LogIndex }
  | { readonly kind: 'not-leader'; readonly leader: RmId | null }
  | NoQuorum
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Nothing was put into any log, and no other replica can do better than this one unless it sees others that this one does not. */
export interface NoQuorum {
  readonly kind: 'no-quorum';
  readonly missing: MissingQuorum;
}

/** The host was told to stop before the group took part: nothing is wrong with the group, and its applier is stopped. */
export class HostStopped extends Error {
  readonly kind = 'host-stopped';

  constructor(group: BucketId) {
    super(`group ${group} was not started: its host stops`);
    this.name = 'HostStopped';
  }
}

export interface MultiRaft<Result> {
  /** Starts a group with its applier; resolves once it takes part. `initial` is used where the log has never seen the group. @throws HostStopped */
  addGroup(group: BucketId, applier: Applier<Result>, initial: InitialGroup | null): Promise<void>;
  removeGroup(group: BucketId): Promise<void>;
  /** Ends the replica here as removeGroup does, and keeps its log: from when this resolves it promises nothing, and addGroup opens it again. */
  closeGroup(group: BucketId): Promise<void>;
  /** Of a closed one: drops its log, except for term and vote. Its applied state's own rows are the caller's. */
  forgetGroup(group: BucketId): Promise<void>;
  /** Its log says that a replica of it was removed here: rows that are left are garbage. */
  wasRemoved(group: BucketId): boolean;
  groups(): readonly BucketId[];
  propose(group: BucketId, data: Uint8Array): Promise<ProposalResult<Result>>;
  /** A linearizable read point at the leader: resolves once confirmed by a quorum *and applied here*. Concurrent ones share rounds. */
  readIndex(group: BucketId, timeoutMs: number): Promise<ReadIndexResult>;
  leader(group: BucketId): RmId | null;
  /** What this replica knows itself, at once; null: it has none of the group. */
  leadership(group: BucketId): GroupLeadership | null;
  /** For a while there have been too few voters' processes; null: there are enough, or were until just now. */
  missingQuorum(group: BucketId): MissingQuorum | null;
  isLeader(group: BucketId): boolean;
  /** To the incarnation of that Resource Manager that has a vote and is up. */
  transferLeadership(group: BucketId, to: RmId): Promise<boolean>;
  /**
   * One change at a time per group; resolves once it is applied here.
   * @param decidedOn of which term and voters; refused where either is another by now
   */
  changeReplicas(
    group: BucketId,
    change: ReplicaChange,
    decidedOn?: Pick<GroupStatus, 'term' | 'voters'>,
  ): Promise<'done' | 'not-leader' | 'refused' | 'unknown'>;
  /**
   * Ends one group's replica here and leaves the process as it is, for a reason that lies in its applied state. A leader first
   * tries to hand over, for at most two seconds. Its log stays.
   */
  stopGroup(group: BucketId, cause: GroupStopped): Promise<void>;
  /** How this process is, by its own judgement (packages/health); peers hear it with every sign of life. */
  condition(): Condition;
  /** Milliseconds since the Unix epoch, with their fraction, on which a majority of the processes agrees; null: none has since the start. */
  agreedMs(): number | null;
  /** Whether a leader that ails could hand the group over: a voter that is well has nearly everything. */
  hasSuccessor(group: BucketId): boolean;
  /** A signal for its condition: the database of the applied states has failed and not answered since. */
  storeFails(fails: boolean): void;
  status(): readonly GroupStatus[];
  /** The processes that this one has ever been connected with, the newest incarnation of each. */
  peers(): readonly PeerStatus[];
  /** Hands over leaderships, stops taking work, flushes, stops appliers. */
  stop(): Promise<void>;
}

export interface PeerStatus {
  readonly rm: RmId;
  readonly verdict: PeerVerdict;
}

export interface GroupLeadership {
  readonly leader: RmId | null;
  readonly term: number;
  /** How long ago this process has heard the leader's; 0 if it leads itself, null if it has no leader or misses it. */
  readonly heardAgoMs: number | null;
}

/** The founding members of a group; equal in all processes that found it. */
export interface InitialGroup {
  readonly confState: ConfState;
}

export type ReplicaChange =
  /** Learner first, promoted once it has caught up. */
  | { readonly kind: 'add'; readonly replica: MemberId }
  | { readonly kind: 'remove'; readonly replica: MemberId }
  | { readonly kind: 'replace'; readonly remove: MemberId; readonly add: MemberId }
  /**
   * This incarnation of its Resource Manager takes the place of whatever older ones the group has: of a voter in one joint step,
   * of learners by removing them. Done as well when there is nothing (left) to do, so any leader may repeat it at any time.
   */
  | { readonly kind: 'renew'; readonly replica: MemberId };

export interface GroupStatus {
  readonly group: BucketId;
  /** stopped: it takes no part any more (GroupStopped). */
  readonly role: 'leader' | 'follower' | 'candidate' | 'pre-candidate' | 'learner' | 'stopped';
  readonly leader: RmId | null;
  readonly term: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly durableIndex: number;
  readonly lastIndex: number;
  /** Ascending by Resource Manager. */
  readonly voters: readonly MemberId[];
  /** Voters of the configuration that is being left; empty outside of a joint step. */
  readonly outgoing: readonly MemberId[];
  /** Voters of a configuration that was left, which a power cut may still bring back: the change is not over. */
  readonly formerVoters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly quiescent: boolean;
  /** On the leader: last index minus match index per peer. */
  readonly lag: readonly { readonly replica: MemberId; readonly entries: number }[];
  readonly queuedProposals: number;
  readonly queuedMessages: number;
  readonly fsyncP50Ms: number | null;
  readonly applyP50Ms: number | null;
  /** Of all calls of the applier since the start. */
  readonly applyTimes: Durations;
  /** How often this replica has seen a leader come that was not the one before, or not in that term. */
  readonly leaderChanges: number;
}
