/**
 * Port: messages between the hosts of two processes. One ordered stream per peer process for all groups, written
 * once per turn of the event loop; lossy as a whole (a broken stream loses what was in flight; Raft repeats).
 * Snapshots take a stream of their own. Peers are processes, not replicas: replica id = process id (RmId).
 */
import type { PeerMessage } from '@mas/raft';
import type { BucketId, RmId } from '@mas/values';

/** What one process sends another in one write. */
export interface PeerBatch {
  readonly messages: readonly GroupMessage[];
  /** Heartbeats of many groups in one item each way; see heartbeat coalescing in the host. */
  readonly heartbeats: readonly CoalescedHeartbeat[];
  readonly heartbeatResponses: readonly CoalescedHeartbeat[];
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
  /** Never blocks. False: the peer's queue is full or the peer is not connected, the batch is dropped. */
  send(to: RmId, batch: PeerBatch): boolean;
  /** Streams a snapshot; resolves when the receiver has installed it, rejects when it was not (resumes over lost connections by itself). */
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
  onBatch(from: RmId, batch: PeerBatch): void;
  /** Consumes the chunks, installs, and resolves once the snapshot is durable in the applied state. Rejects to refuse. */
  onSnapshot(from: RmId, header: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  onConnected(peer: RmId): void;
  onDisconnected(peer: RmId): void;
}
