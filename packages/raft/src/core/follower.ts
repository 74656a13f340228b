/** What a follower does with a message of its own term. */
import { ok } from '@mas/values';
import type { StepResult } from '../api/raft-node';
import type { NodeId } from '../model/ids';
import type { PeerMessage } from '../model/message';
import { handleAppend, handleHeartbeat } from './append-handling';
import { hup } from './election';
import { propose } from './proposals';
import type { Raft } from './raft';
import { handleSnapshot } from './snapshot-handling';

const STEPPED: StepResult = ok(undefined);

export function stepFollower(raft: Raft, message: PeerMessage): StepResult {
  switch (message.kind) {
    case 'append':
      hearLeader(raft, message.from);
      handleAppend(raft, message);
      return STEPPED;
    case 'heartbeat':
      hearLeader(raft, message.from);
      handleHeartbeat(raft, message);
      return STEPPED;
    case 'snapshot':
      hearLeader(raft, message.from);
      handleSnapshot(raft, message);
      return STEPPED;
    case 'propose': {
      const proposed = propose(raft, message.entries, message.from);
      return proposed.ok ? STEPPED : proposed;
    }
    case 'read-index':
      forwardRead(raft, message.context, message.from);
      return STEPPED;
    case 'read-index-response':
      raft.readStates.push({ index: message.index, context: message.context });
      return STEPPED;
    case 'transfer-leader':
      forwardTransfer(raft, message.transferee);
      return STEPPED;
    case 'timeout-now':
      hup(raft, 'transfer');
      return STEPPED;
    default:
      return STEPPED;
  }
}

/** Without a leader the read is lost; the reader asks again. */
export function forwardRead(raft: Raft, context: Uint8Array, from: NodeId): void {
  if (raft.leader === undefined) return;
  raft.outbox.send({ kind: 'read-index', from, to: raft.leader, context });
}

export function forwardTransfer(raft: Raft, transferee: NodeId): void {
  if (raft.leader === undefined) return;
  raft.outbox.send({ kind: 'transfer-leader', from: raft.id, to: raft.leader, term: raft.term, transferee });
}

/**
 * Stops believing in the leader without a new term, so that it may vote for another one at once. With
 * lease-based reads the leader counts on its followers' loyalty, so they must not.
 */
export function forgetLeader(raft: Raft): void {
  if (raft.role !== 'follower') return;
  if (raft.config.readOnly === 'lease-based') {
    raft.tell('error', () => 'does not forget its leader: lease-based reads rely on it');
    return;
  }
  raft.leader = undefined;
}

function hearLeader(raft: Raft, leader: NodeId): void {
  raft.electionElapsedTicks = 0;
  raft.leader = leader;
}
