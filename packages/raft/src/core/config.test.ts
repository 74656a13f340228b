/** A configuration is validated completely: one error per problem, each naming its field. */
import { SeededRandom } from '@mas/values';
import { MemoryStorage } from '../log/memory-storage';
import { nodeId } from '../model/ids';
import { createRaftNode } from '../node/core-node';
import { raftConfig, validateConfig, type RaftConfig } from './config';

const good = raftConfig({ id: nodeId(1), storage: new MemoryStorage(), random: new SeededRandom(1) });

test('the defaults are valid', () => {
  expect(validateConfig(good)).toEqual([]);
  expect(createRaftNode(good).ok).toBe(true);
});

test.each<[keyof RaftConfig, Partial<Record<keyof RaftConfig, unknown>>]>([
  ['id', { id: 0 }],
  ['id', { id: 1.5 }],
  ['storage', { storage: undefined }],
  ['random', { random: undefined }],
  ['logger', { logger: undefined }],
  ['appliedIndex', { appliedIndex: -1 }],
  ['heartbeatTicks', { heartbeatTicks: 0 }],
  ['electionTicks', { electionTicks: 1, heartbeatTicks: 1 }],
  ['electionTicks', { electionTicks: Number.NaN }],
  ['readOnly', { readOnly: 'whatever' }],
  ['readOnly', { readOnly: 'lease-based', checkQuorum: false }],
  ['maxMessageBytes', { maxMessageBytes: -1 }],
  ['maxInflightMessages', { maxInflightMessages: 0 }],
  ['maxInflightBytes', { maxInflightBytes: 10, maxMessageBytes: 11 }],
  ['maxUncommittedBytes', { maxUncommittedBytes: 0 }],
  ['maxCommittedBytesPerReady', { maxCommittedBytesPerReady: Infinity }],
])('%s is refused in %j', (field, wrong) => {
  const errors = validateConfig({ ...good, ...wrong } as RaftConfig);
  expect(errors.map((error) => error.field)).toEqual([field]);
});

test('every problem is told at once, and no replica is made', () => {
  const wrong = { ...good, id: 0, heartbeatTicks: -1, maxInflightMessages: 0 } as RaftConfig;
  const created = createRaftNode(wrong);
  expect(!created.ok && created.error.map(({ field }) => field)).toEqual(['id', 'heartbeatTicks', 'maxInflightMessages']);
});
