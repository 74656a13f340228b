/**
 * Everything a replica hears or says. PeerMessage crosses the network (may be lost, repeated, reordered);
 * StorageMessage is the conversation with the replica's own storage and must neither be lost nor reordered.
 * A field exists only in the kinds where it means something. Indexes and terms are those of Raft figure 2.
 */
import type { Entry, EntryId, EntryType } from './entry';
import type { LogIndex, NodeId, Term } from './ids';
import type { Snapshot, SnapshotMetadata } from './snapshot';
import type { HardState } from './state';

interface Routed {
  readonly from: NodeId;
  readonly to: NodeId;
}

interface Termed extends Routed {
  /** The sender's term (pre-vote: the term it would campaign in). */
  readonly term: Term;
}

/** AppendEntries: `entries` follow the entry (prevTerm, prevIndex). Empty ones carry the commit index. */
export interface AppendMessage extends Termed {
  readonly kind: 'append';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
}

/** The log matches the leader's up to `index`, durably. Index 0 with a higher term tells a stale leader to step down. */
export interface AppendAcceptedMessage extends Termed {
  readonly kind: 'append-accepted';
  readonly index: LogIndex;
}

/** No match at `index` (prevIndex of the append). The hint is where the logs may match at the latest. */
export interface AppendRejectedMessage extends Termed {
  readonly kind: 'append-rejected';
  readonly index: LogIndex;
  readonly hintIndex: LogIndex;
  /** Term of the follower's entry at hintIndex; 0 when it does not know. */
  readonly hintTerm: Term;
}

export interface VoteMessage extends Termed {
  readonly kind: 'vote' | 'pre-vote';
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Sent on the leader's own wish (transfer), so it may break a lease. */
  readonly transfer: boolean;
}

export interface VoteResponseMessage extends Termed {
  readonly kind: 'vote-response' | 'pre-vote-response';
  readonly granted: boolean;
}

export interface HeartbeatMessage extends Termed {
  readonly kind: 'heartbeat';
  /** min(match, commit): a follower never learns of a commit it may not have. */
  readonly commit: LogIndex;
  /** Number of the newest read that this round confirms, counted from 1 in the leader's term; 0: none waits. */
  readonly readSequence: number;
}

export interface HeartbeatResponseMessage extends Termed {
  readonly kind: 'heartbeat-response';
  /** Echo of the heartbeat's. */
  readonly readSequence: number;
}

export interface SnapshotMessage extends Termed {
  readonly kind: 'snapshot';
  readonly snapshot: Snapshot;
}

/** The leader asks the transferee to campaign at once. */
export interface TimeoutNowMessage extends Termed {
  readonly kind: 'timeout-now';
}

/** A wish to transfer, on its way from a follower to the leader. */
export interface TransferLeaderMessage extends Termed {
  readonly kind: 'transfer-leader';
  readonly transferee: NodeId;
}

export interface ProposedEntry {
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** Proposals on their way from a follower to the leader; without a term, so that the next leader may take them. */
export interface ProposeMessage extends Routed {
  readonly kind: 'propose';
  readonly entries: readonly ProposedEntry[];
}

/** A read on its way from a follower to the leader; without a term for the same reason. */
export interface ReadIndexMessage extends Routed {
  readonly kind: 'read-index';
  readonly context: Uint8Array;
}

export interface ReadIndexResponseMessage extends Termed {
  readonly kind: 'read-index-response';
  readonly index: LogIndex;
  readonly context: Uint8Array;
}

export type PeerMessage =
  | AppendMessage
  | AppendAcceptedMessage
  | AppendRejectedMessage
  | VoteMessage
  | VoteResponseMessage
  | HeartbeatMessage
  | HeartbeatResponseMessage
  | SnapshotMessage
  | TimeoutNowMessage
  | TransferLeaderMessage
  | ProposeMessage
  | ReadIndexMessage
  | ReadIndexResponseMessage;

/**
 * Write hardState, snapshot and entries (truncating at the first entry's index), make all of it durable, then
 * deliver `responses`: those `to` this replica back to step(), the others to their peers. Without responses
 * the write need not be synced. Messages of this kind are carried out strictly in order.
 */
export interface StorageAppendMessage {
  readonly kind: 'storage-append';
  readonly from: NodeId;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly responses: readonly (PeerMessage | StorageAppendResponseMessage)[];
}

export interface StorageAppendResponseMessage {
  readonly kind: 'storage-append-response';
  readonly to: NodeId;
  /** The term when the write was asked for; an older one says nothing about entries (see storage-messages.ts). */
  readonly term: Term;
  /** The last entry of the log that is durable now; undefined when the write concerned no entries. */
  readonly stable: EntryId | undefined;
  readonly snapshot: SnapshotMetadata | undefined;
}

/** Apply `entries` (configuration changes through applyConfChange), then deliver `responses` to step(). In order. */
export interface StorageApplyMessage {
  readonly kind: 'storage-apply';
  readonly from: NodeId;
  readonly entries: readonly Entry[];
  readonly responses: readonly StorageApplyResponseMessage[];
}

export interface StorageApplyResponseMessage {
  readonly kind: 'storage-apply-response';
  readonly to: NodeId;
  readonly entries: readonly Entry[];
}

export type StorageMessage = StorageAppendMessage | StorageApplyMessage;
export type StorageResponseMessage = StorageAppendResponseMessage | StorageApplyResponseMessage;

/** What step() takes. */
export type StepMessage = PeerMessage | StorageResponseMessage;
export type Message = PeerMessage | StorageMessage | StorageResponseMessage;
