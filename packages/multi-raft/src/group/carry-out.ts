/**
 * Does what Raft wants done. Messages that depend on no disk leave first, so replication runs in parallel to the
 * leader's own write (Raft thesis 10.2.1); votes and acknowledgements follow the write (log-writer.ts).
 */
import type { PeerMessage } from '@mas/raft';
import type { Replica } from './replica';

/** Rounds of one turn: the first may make room for more, later ones wait for the next turn. */
const MAX_ROUNDS = 4;

export function carryOut<Result>(replica: Replica<Result>): void {
  const { node } = replica;
  for (let round = 0; round < MAX_ROUNDS && node.hasReady(); round += 1) {
    const ready = node.ready();
    for (const message of ready.messages) send(replica, message);
    if (ready.storageAppend !== undefined) {
      replica.sizes.wrote(ready.entries);
      replica.writer.submit(ready.storageAppend, ready.messagesAfterAppend, ready.mustSync);
    }
    for (const state of ready.readStates) replica.reads.confirm(state, replica.applies.applied.index);
    if (ready.storageApply !== undefined) replica.applies.submit(ready.storageApply);
  }
}

function send<Result>(replica: Replica<Result>, message: PeerMessage): void {
  const { group, host } = replica;
  switch (message.kind) {
    case 'heartbeat':
      host.outboxes.heartbeat(group, message, false);
      return;
    case 'heartbeat-response':
      host.outboxes.heartbeatResponse(group, message);
      return;
    case 'snapshot':
      host.sendSnapshot(group, message);
      return;
    default:
      host.outboxes.message(group, message);
  }
}
