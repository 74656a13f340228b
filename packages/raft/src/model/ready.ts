/**
 * One batch of work for the host. Order of duties in synchronous mode:
 *  1. send `messages` (at any moment, also before or while writing);
 *  2. write hardState, snapshot and entries; durable if mustSync, or if there is anything in messagesAfterAppend;
 *  3. send `messagesAfterAppend`;
 *  4. apply the snapshot, then committedEntries; 5. call advance().
 * In asynchronous mode hardState, entries, snapshot and committedEntries only inform; the work itself is in
 * storageAppend and storageApply, which may run in parallel to each other and to later batches.
 */
import type { Entry } from './entry';
import type { PeerMessage, StorageAppendMessage, StorageApplyMessage } from './message';
import type { Snapshot } from './snapshot';
import type { HardState, ReadState, SoftState } from './state';

export interface Ready {
  /** Set when it changed. */
  readonly softState: SoftState | undefined;
  /** Set when it changed. */
  readonly hardState: HardState | undefined;
  readonly readStates: readonly ReadState[];
  /** To be written; replaces whatever the log has from the first one's index on. */
  readonly entries: readonly Entry[];
  /** To be written and installed; replaces the whole log. Never together with entries that it does not precede. */
  readonly snapshot: Snapshot | undefined;
  readonly committedEntries: readonly Entry[];
  /** Messages that may leave at once: nothing in them depends on this replica's disk. */
  readonly messages: readonly PeerMessage[];
  /**
   * What must not leave before everything in this and earlier batches is durable: vote requests, votes and
   * acknowledgements. In asynchronous mode votes and acknowledgements are responses of storageAppend instead, and
   * this list holds vote requests only: send them when the storageAppend of this batch is durable.
   */
  readonly messagesAfterAppend: readonly PeerMessage[];
  /** Asynchronous mode only. */
  readonly storageAppend: StorageAppendMessage | undefined;
  /** Asynchronous mode only. */
  readonly storageApply: StorageApplyMessage | undefined;
  /** Term, vote or entries changed: losing this write in a crash would break a promise. */
  readonly mustSync: boolean;
}
