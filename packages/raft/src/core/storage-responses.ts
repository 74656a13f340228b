/** What the replica's own storage reports: writes that are durable, entries that are applied. */
import { entriesSizeBytes } from '../model/entry';
import { maxIndex, type LogIndex } from '../model/ids';
import type { StorageAppendResponseMessage, StorageApplyResponseMessage } from '../model/message';
import type { SnapshotMetadata } from '../model/snapshot';
import { releaseUncommitted } from './leader-log';
import { maybeLeaveJoint } from './proposals';
import type { Raft } from './raft';

export function handleStorageAppendResponse(raft: Raft, message: StorageAppendResponseMessage): void {
  // The term has not moved since the write was asked for, so nobody else's entries are on their way to storage
  // to replace these (the A-B-A race that node/storage-messages.ts describes).
  if (message.stable !== undefined && message.term === raft.term) raft.log.unstable.stableTo(message.stable);
  // A snapshot holds committed state only, which no term can change.
  if (message.snapshot !== undefined) snapshotInstalled(raft, message.snapshot);
}

export function handleStorageApplyResponse(raft: Raft, message: StorageApplyResponseMessage): void {
  const last = message.entries[message.entries.length - 1];
  if (last === undefined) return;
  appliedTo(raft, last.index, entriesSizeBytes(message.entries));
  releaseUncommitted(raft, message.entries);
}

function snapshotInstalled(raft: Raft, metadata: SnapshotMetadata): void {
  raft.log.snapshotInstalled(metadata);
  appliedTo(raft, metadata.index, 0);
}

function appliedTo(raft: Raft, index: LogIndex, bytes: number): void {
  raft.log.appliedTo(maxIndex(index, raft.log.applied), bytes);
  maybeLeaveJoint(raft);
}
