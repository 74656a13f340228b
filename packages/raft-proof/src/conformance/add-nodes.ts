/** The command that makes replicas, and its options. */
import { EMPTY_CONF_STATE, logIndex, NO_LIMIT, nodeId, term, type Snapshot } from '@mas/raft';
import type { GroupEnvironment } from './group-environment';
import { valuesOf, type TraceBlock } from './trace-file';
import { TraceNode, type TraceConfig } from './trace-node';

/** Replicas get the next free ids. With any field of a snapshot given they start from it, at term 1. */
export function addNodes(env: GroupEnvironment, block: TraceBlock): void {
  const count = Number(block.args[0]?.key);
  const start = startingSnapshot(block);
  const isBootstrapped = ['voters', 'learners', 'index', 'content'].some((key) => valuesOf(block, key) !== undefined);
  if (isBootstrapped && start.metadata.index <= 1) throw new Error('index must be specified as > 1 due to bootstrap');
  const config = configOf(block);
  for (let at = 0; at < count; at += 1) {
    env.nodes.push(new TraceNode(nodeId(env.nodes.length + 1), config, start, env.seed));
  }
}

function startingSnapshot(block: TraceBlock): Snapshot {
  const ids = (key: string) => (valuesOf(block, key) ?? []).map((id) => nodeId(Number(id)));
  const index = logIndex(Number(one(block, 'index') ?? 0));
  return {
    metadata: { index, term: term(index > 0 ? 1 : 0), confState: { ...EMPTY_CONF_STATE, voters: ids('voters'), learners: ids('learners') } },
    data: new TextEncoder().encode(one(block, 'content') ?? ''),
  };
}

function configOf(block: TraceBlock): TraceConfig {
  const flag = (key: string): boolean => one(block, key) === 'true';
  const readOnly = one(block, 'read-only') ?? 'safe';
  if (readOnly !== 'safe' && readOnly !== 'lease-based') throw new Error(`invalid read-only option "${readOnly}"`);
  const inflight = one(block, 'inflight');
  return {
    readOnly,
    asyncStorageWrites: flag('async-storage-writes'),
    preVote: flag('prevote'),
    checkQuorum: flag('checkquorum'),
    disableConfChangeValidation: flag('disable-conf-change-validation'),
    stepDownOnRemoval: flag('step-down-on-removal'),
    maxCommittedBytesPerReady: Number(one(block, 'max-committed-size-per-ready') ?? NO_LIMIT),
    ...(inflight === undefined ? {} : { maxInflightMessages: Number(inflight) }),
  };
}

function one(block: TraceBlock, key: string): string | undefined {
  return valuesOf(block, key)?.[0];
}
