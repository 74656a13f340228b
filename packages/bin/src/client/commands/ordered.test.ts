/** Whoever waits for what he has ordered goes on waiting while nobody answers, and hears of any other failure. */
import { MasCallFailed } from '@mas/client';
import { genesisPlacement, META_GROUP } from '@mas/placement';
import type { ClusterStatus } from '@mas/rpc';
import { rmId } from '@mas/values';
import { ProgressLine } from '../progress-line';
import { waited } from './ordered';

const placement = genesisPlacement([{ rm: rmId(1), address: 'h:1' }], 0, 1);
const indexes = { term: 3, commitIndex: 5, appliedIndex: 5, durableIndex: 5, queuedProposals: 0, preparedLegs: 0, knownSemantics: 9, accounts: 0, rows: 0 };
const unknown = { fsyncP50Ms: null, applyP50Ms: null, stopped: null };
const voters = [{ rm: rmId(1), ordinal: 0 }];
const leader = {
  bucket: META_GROUP,
  rm: rmId(1),
  role: 'leader' as const,
  leader: rmId(1),
  voters,
  learners: [],
  quiescent: false,
  ...indexes,
  ...unknown,
  moves: [],
};
const quiet: ClusterStatus = { placement, replicas: [leader], unreachable: [], nodes: [], coordinator: null };
const line = new ProgressLine({ write: () => true, isTTY: false, columns: 80 }, false);

function failed(kind: 'unavailable' | 'deadline-exceeded' | 'permission-denied'): MasCallFailed {
  return new MasCallFailed(14, { kind, reason: 'X', field: null, message: 'x', facts: {} }, 1);
}

test.each(['unavailable', 'deadline-exceeded'] as const)('%s passes by', async (kind) => {
  let asked = 0;
  const left = await waited(() => ((asked += 1) === 1 ? Promise.reject(failed(kind)) : Promise.resolve(quiet)), 60, line);
  expect([left, asked]).toEqual([[], 2]);
});

test('what does not pass ends it', async () => {
  await expect(waited(() => Promise.reject(failed('permission-denied')), 60, line)).rejects.toThrow();
});
