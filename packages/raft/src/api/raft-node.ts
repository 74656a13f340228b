/**
 * The public face of one replica. Not re-entrant, no I/O, no clock: whoever holds it calls it from one place
 * and carries out what ready() says. Refusals are values; a thrown InvariantViolation ends the replica.
 */
import type { Result } from '@mas/values';
import type { ConfChange } from '../model/conf-change';
import type { ConfState } from '../model/conf-state';
import type { LogIndex, NodeId, Term } from '../model/ids';
import type { StepMessage } from '../model/message';
import type { Ready } from '../model/ready';
import type { ConfigError, RaftConfig } from '../core/config';
import type { BasicStatus, ProgressStatus, RaftStatus } from './status';

/** The proposal was given to Raft, which is no promise that it commits. */
export type ProposalAccepted =
  /** This replica leads; the entries got the indexes firstIndex, firstIndex+1, … in `term`. */
  { readonly kind: 'appended'; readonly term: Term; readonly firstIndex: LogIndex } | { readonly kind: 'forwarded'; readonly to: NodeId };

/** The proposal was certainly not taken; it may be tried again. */
export type ProposalDropped =
  | 'no-leader'
  | 'forwarding-disabled'
  | 'transfer-in-progress'
  | 'uncommitted-limit'
  /** Leads, but was removed from the configuration. */
  | 'not-a-member';

export type ProposalResult = Result<ProposalAccepted, ProposalDropped>;

/** peer-not-found: a response from somebody who is not a member (any more). */
export type StepRefusal = 'peer-not-found' | ProposalDropped;
export type StepResult = Result<undefined, StepRefusal>;

export type CampaignRefusal = 'already-leader' | 'not-promotable' | 'conf-change-unapplied';

export interface RaftNode {
  readonly id: NodeId;
  /** One unit of logical time has passed. */
  tick(): void;
  /** A message of a peer, or a response of the storage. Messages are not changed and may be shared. */
  step(message: StepMessage): StepResult;
  propose(data: Uint8Array): ProposalResult;
  /** Many proposals at once: consecutive entries, all taken or none. @throws InvariantViolation for an empty list. */
  proposeBatch(data: readonly Uint8Array[]): ProposalResult;
  proposeConfChange(change: ConfChange): ProposalResult;
  /** Called while applying a configuration entry, unless the application rejects the change. @throws InvariantViolation for an impossible change. */
  applyConfChange(change: ConfChange): ConfState;
  /** Asks for an index at which a read is linearizable; the answer comes as a ReadState with the same context, or never (ask again). */
  readIndex(context: Uint8Array): void;
  transferLeadership(to: NodeId): void;
  /** Starts an election without waiting for the timeout. */
  campaign(): Result<undefined, CampaignRefusal>;
  /** A follower that knows its leader is gone stops defending it. No effect with lease-based reads. */
  forgetLeader(): void;
  /** A leader that knows that no quorum hears it, or that it hears none, steps down before its own check finds out. */
  stepDown(): void;
  hasReady(): boolean;
  /** Takes the work out; in synchronous mode advance() must follow before the next ready(). */
  ready(): Ready;
  /** Synchronous mode only: the last Ready is written and applied. */
  advance(): void;
  status(): RaftStatus;
  basicStatus(): BasicStatus;
  /** The leader's view of each member, ascending by id; calls nothing elsewhere. */
  visitProgress(visit: (id: NodeId, progress: ProgressStatus) => void): void;
  /** A message to this peer was probably lost. */
  reportUnreachable(peer: NodeId): void;
  /** How sending the snapshot to this peer ended. */
  reportSnapshot(peer: NodeId, outcome: 'sent' | 'failed'): void;
}

/** How a host makes a replica from a configuration; the errors are those of validateConfig. */
export type RaftNodeFactory = (config: RaftConfig) => Result<RaftNode, readonly ConfigError[]>;
