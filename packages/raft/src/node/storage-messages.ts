/**
 * The conversation with the storage in asynchronous mode, and its short form in synchronous mode.
 *
 * Why an append response carries a term and the *last* entry of the log. Take a follower that is handed entries
 * of leader A (terms 1), then, before they are written, other ones of leader C (term 2) at the same indexes, then
 * those of A again (A was elected a second time, term 3; entries keep the term they were made in). Three writes are
 * queued. When the first completes, the unstable tail again equals what was written, and yet the second write
 * is still to come and will replace it on disk: forgetting the tail now would let a read see C's entries. So a
 * response from before a change of term says nothing about entries. And so that the tail is not kept for ever when
 * no entries follow, every response names the last entry as long as there is a tail: a change of term
 * makes a hard state to be written, whose response comes after all writes before it.
 */
import type { Raft } from '../core/raft';
import type { DurableMessage } from '../core/outbox';
import type { Entry } from '../model/entry';
import type { StorageAppendMessage, StorageAppendResponseMessage, StorageApplyMessage, StorageApplyResponseMessage } from '../model/message';
import type { Snapshot } from '../model/snapshot';
import type { HardState } from '../model/state';

export interface Writes {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
}

/** undefined: nothing is to be written and nothing waits for earlier writes. */
export function storageAppend(raft: Raft, writes: Writes, waiting: readonly DurableMessage[]): StorageAppendMessage | undefined {
  const { hardState, entries, snapshot } = writes;
  if (hardState === undefined && entries.length === 0 && snapshot === undefined && waiting.length === 0) return undefined;
  const response = storageAppendResponse(raft, snapshot);
  return {
    kind: 'storage-append',
    from: raft.id,
    hardState,
    entries,
    snapshot,
    // The leader's acknowledgement to itself comes before the response, while its entries are still in memory.
    responses: response === undefined ? waiting : [...waiting, response],
  };
}

export function storageAppendResponse(raft: Raft, snapshot: Snapshot | undefined): StorageAppendResponseMessage | undefined {
  const hasTail = raft.log.unstable.length > 0;
  if (!hasTail && snapshot === undefined) return undefined;
  return {
    kind: 'storage-append-response',
    to: raft.id,
    term: raft.term,
    stable: hasTail ? raft.log.lastId() : undefined,
    snapshot: snapshot?.metadata,
  };
}

export function storageApply(raft: Raft, entries: readonly Entry[]): StorageApplyMessage | undefined {
  const response = storageApplyResponse(raft, entries);
  return response === undefined ? undefined : { kind: 'storage-apply', from: raft.id, entries, responses: [response] };
}

export function storageApplyResponse(raft: Raft, entries: readonly Entry[]): StorageApplyResponseMessage | undefined {
  return entries.length === 0 ? undefined : { kind: 'storage-apply-response', to: raft.id, entries };
}
