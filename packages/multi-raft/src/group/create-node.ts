/** The Raft core of one replica, with the host's parameters. */
import { createRaftNode, raftConfig, type LogIndex, type RaftNode, type RaftStorage } from '@mas/raft';
import { InvariantViolation, type BucketId } from '@mas/values';
import { ticksIn } from '../config';
import type { HostContext } from './host-context';
import { raftLoggerFor } from './raft-logger';

/** @param appliedIndex what the applied state holds already. @throws InvariantViolation when the log contradicts itself. */
export function createNode(host: HostContext, group: BucketId, storage: RaftStorage, appliedIndex: LogIndex): RaftNode {
  const { config, nodeId, random, logger } = host;
  const created = createRaftNode(
    raftConfig({
      id: nodeId,
      storage,
      random,
      logger: raftLoggerFor(logger, group),
      appliedIndex,
      electionTicks: ticksIn(config, config.electionTimeoutMs),
      heartbeatTicks: ticksIn(config, config.heartbeatMs),
      preVote: config.preVote,
      checkQuorum: config.checkQuorum,
      readOnly: 'safe',
      maxMessageBytes: config.maxMessageBytes,
      maxInflightMessages: config.maxInflightMessages,
      maxInflightBytes: config.maxInflightBytes,
      maxUncommittedBytes: config.maxUncommittedBytes,
      maxCommittedBytesPerReady: config.maxApplyingBytes,
      // The service knows the leader and goes there; a forwarded proposal would lose its fate.
      disableProposalForwarding: true,
      stepDownOnRemoval: true,
      asyncStorageWrites: true,
    }),
  );
  if (created.ok) return created.value;
  // Our own validation should have found it.
  throw new InvariantViolation(`Raft refuses the host's configuration: ${created.error.map((one) => `${one.field} ${one.problem}`).join('; ')}`);
}
