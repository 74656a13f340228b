/**
 * Taking a snapshot in place of the log. The order is what makes it safe against a crash at any point:
 *   1. the applied state is replaced, atomically with its applied index (ahead of the log, the log is reset at restart);
 *   2. Raft takes the snapshot's marker, and the log is reset behind it, durably;
 *   3. the acknowledgement leaves.
 * A snapshot holds committed state only, so step 1 is right whatever Raft thinks of the sender by then.
 */
import type { MemberId } from '@mas/membership';
import { nodeOf } from '../replica-id';
import type { SnapshotHeader } from '../peer-transport';
import { membersOf } from './members';
import type { Replica } from './replica';

/** @returns once the snapshot is installed and durable, or was not needed. @throws when it cannot be taken now. */
export async function receiveSnapshot<Result>(
  replica: Replica<Result>,
  from: MemberId,
  header: SnapshotHeader,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { message } = header;
  const { index, term } = message.snapshot.metadata;
  if (message.from !== nodeOf(from) || message.to !== replica.host.nodeId) throw new Error('the snapshot is not from its sender, or not for this replica');
  if (!membersOf(message.snapshot.metadata.confState, replica.host.nodeId).hasSelf)
    throw new Error('the snapshot is of a configuration that this replica is not in');
  const status = replica.node.basicStatus();
  if (message.term < status.term) throw new Error(`the sender's term ${message.term} is over, it is ${status.term}`);
  if (replica.isInstalling) throw new Error('another snapshot of this group is being installed');
  if (index <= status.commit || index <= replica.applies.applied.index || replica.view.holds({ index, term })) {
    // Raft's answer tells the leader how far this replica is.
    tell(replica, header, () => undefined);
    return;
  }
  replica.isInstalling = true;
  try {
    await install(replica, header, chunks);
    replica.host.logger.info({ bucket: replica.group, index, term, from: from.rm }, 'snapshot installed');
    let isTold = false;
    tell(replica, header, () => {
      isTold = true;
    });
    // Raft may not want it any more; then there is no reset to wait for.
    await replica.waiters.until(() => (replica.isRetired || (isTold && !replica.writer.isResettingLog) ? true : undefined));
    if (replica.isRetired) throw new Error('the replica has stopped');
  } finally {
    replica.isInstalling = false;
    replica.applies.resume();
    replica.host.schedule(replica.group);
  }
}

async function install<Result>(replica: Replica<Result>, { message }: SnapshotHeader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const { index, term, confState } = message.snapshot.metadata;
  await replica.applies.pause();
  // What was still being applied may have overtaken the snapshot.
  if (replica.applies.applied.index >= index) return;
  await replica.applier.install({ index, term }, confState, chunks);
  replica.applies.installed({ index, term }, confState);
  replica.pending.skippedTo(index);
}

/** Raft hears of it as a message like any other; its answer to the leader follows the log's reset. */
function tell<Result>(replica: Replica<Result>, { message }: SnapshotHeader, stepped: () => void): void {
  replica.inbox.put({ kind: 'snapshot', message, stepped });
  replica.wake();
}
