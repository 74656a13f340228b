/**
 * Port: messages between the hosts of two processes. One ordered stream per peer process for all groups, written
 * once per turn of the event loop; lossy as a whole (a broken stream loses what was in flight; Raft repeats).
 * Snapshots take a stream of their own. Peers are processes: one incarnation of a Resource Manager at a time. Who is dialled
 * is a Resource Manager; who is there, the transport says.
 */
import type { ClockSignal, Condition } from '@mas/health';
import type { MemberId, PositionMark } from '@mas/membership';
import type { PeerMessage } from '@mas/raft';
import type { BucketId, RmId } from '@mas/values';

/** What one process sends another in one write. */
export interface PeerBatch {
  readonly messages: readonly GroupMessage[];
  /** Heartbeats of many groups in one item each way; see heartbeat coalescing in the host. */
  readonly heartbeats: readonly CoalescedHeartbeat[];
  readonly heartbeatResponses: readonly CoalescedHeartbeat[];
  /** At the pace of heartbeats: the sender's own position, and its marks of others. With promises at least its own. Else empty. */
  readonly positions: readonly PositionMark[];
  /** In a sign of life: how the sender is, until its next word about it. Else null. */
  readonly condition: Condition | null;
  /** With it: what the sender's clocks read. Else null. */
  readonly clock: ClockSignal | null;
  /** Groups that the sender has just ceased to lead, for want of a quorum. */
  readonly givenUp: readonly GivenUp[];
}

/** What a batch consists of when nothing is to be said. */
export const EMPTY_BATCH: PeerBatch = { messages: [], heartbeats: [], heartbeatResponses: [], positions: [], condition: null, clock: null, givenUp: [] };

/** It led this group in this term; whoever followed it need not wait. */
export interface GivenUp {
  readonly group: BucketId;
  readonly term: number;
}

export interface GroupMessage {
  readonly group: BucketId;
  readonly message: PeerMessage;
}

export interface CoalescedHeartbeat {
  readonly group: BucketId;
  readonly term: number;
  /** 0 in an answer. */
  readonly commit: number;
  readonly readSequence: number;
  /** In a heartbeat: the leader asks to go quiet: term and commit are agreed, no ticks until something wakes the group. */
  readonly quiesce: boolean;
}

export interface PeerTransport {
  /** Never blocks. A batch without content is sent too: it is the sign of life of this process. False: the peer's queue is full or the peer is not connected, the batch is dropped. */
  send(to: RmId, batch: PeerBatch): boolean;
  /** The peer has been silent for long: what there is of a connection may swallow what is written to it. Dials anew. */
  redial(to: RmId): void;
  /** Streams a snapshot, and ends the iteration of `chunks` in any case. A broken transfer never looks like a shorter one. Resolves when the receiver has installed it, rejects when it was not (resumes over lost connections by itself). */
  sendSnapshot(to: RmId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Called once at start. */
  start(receiver: PeerReceiver): void;
  close(): Promise<void>;
}

export interface SnapshotHeader {
  readonly group: BucketId;
  /** The raft message that carries it, with the snapshot's metadata and empty data. */
  readonly message: Extract<PeerMessage, { readonly kind: 'snapshot' }>;
}

export interface PeerReceiver {
  onBatch(from: MemberId, batch: PeerBatch): void;
  /** Consumes the chunks, installs, and resolves once the snapshot is durable in the applied state. Rejects to refuse. */
  onSnapshot(from: MemberId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Batches can go both ways from now on. */
  onConnected(peer: MemberId): void;
  /** As early as it can be known, for it starts elections. After onConnected, once. */
  onDisconnected(peer: MemberId): void;
}
