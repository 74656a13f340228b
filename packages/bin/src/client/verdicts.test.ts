/** A verdict for every way in which a bucket can fare, and the exit code that follows. */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import { genesisPlacement, type ClusterNode } from '@mas/placement';
import type { ClusterStatus } from '@mas/rpc';
import { bucketId, rmId, type RmId } from '@mas/values';
import { CommandFailed } from './exit-codes';
import { conditionLines } from './conditions';
import { failUnlessHealthy, verdictLines, verdictsOf } from './verdicts';

type Replica = ClusterStatus['replicas'][number];
const RMS = [rmId(1), rmId(2), rmId(3)];
const placement = genesisPlacement(
  RMS.map((rm) => ({ rm, address: `h:${rm}` })),
  1,
  3,
);

function replica(bucket: number, rm: RmId, more: Partial<Replica> = {}): Replica {
  return {
    bucket: bucketId(bucket),
    rm,
    role: rm === 1 ? 'leader' : 'follower',
    leader: rmId(1),
    term: 3,
    commitIndex: 50_000,
    appliedIndex: 50_000,
    durableIndex: 1,
    voters: RMS.map((each) => ({ rm: each, ordinal: 0 })),
    learners: [],
    quiescent: false,
    fsyncP50Ms: null,
    applyP50Ms: null,
    queuedProposals: 0,
    preparedLegs: 0,
    stopped: null,
    knownSemantics: 3,
    accounts: 0,
    rows: 0,
    moves: [],
    ...more,
  };
}

function seen(change: (rm: RmId) => Partial<Replica> | null): ClusterStatus {
  const replicas = [0, 1].flatMap((bucket) =>
    RMS.flatMap((rm) => {
      const changed = bucket === 0 ? {} : change(rm);
      return changed === null ? [] : [replica(bucket, rm, changed)];
    }),
  );
  return { placement, replicas, unreachable: [], nodes: [], coordinator: null };
}

function exitCode(status: ClusterStatus): number {
  try {
    failUnlessHealthy(verdictsOf(status));
    return 0;
  } catch (error) {
    return error instanceof CommandFailed ? error.exitCode : -1;
  }
}

test.each<[string, (rm: RmId) => Partial<Replica> | null, string, number]>([
  ['all there', () => ({}), 'OK         3 of 3 replicas up, 2 needed', 0],
  ['one away', (rm) => (rm === 3 ? null : {}), 'DEGRADED   2 of 3 replicas up, 2 needed; rm-3 does not answer', 11],
  ['one stopped', (rm) => (rm === 3 ? { role: 'stopped', leader: null } : {}), 'DEGRADED   2 of 3 replicas up, 2 needed; rm-3 is stopped', 11],
  [
    'two stopped',
    (rm) => (rm === 1 ? { role: 'pre-candidate', leader: null } : { role: 'stopped', leader: null }),
    'NO QUORUM  1 of 3 replicas up, 2 needed; rm-2 and rm-3 are stopped',
    7,
  ],
  ['one far behind', (rm) => ({ appliedIndex: rm === 2 ? 39_999 : 50_000 }), 'DEGRADED   3 of 3 replicas up, 2 needed; rm-2 is 10001 entries behind', 11],
  ['one a little behind', (rm) => ({ appliedIndex: rm === 2 ? 40_000 : 50_000 }), 'OK         3 of 3 replicas up, 2 needed', 0],
  ['two away', (rm) => (rm === 1 ? {} : null), 'NO QUORUM  1 of 3 replicas up, 2 needed; rm-2 and rm-3 do not answer', 7],
  ['an election', () => ({ role: 'candidate', leader: null }), 'NO LEADER  3 of 3 replicas up, 2 needed; no replica leads a majority', 7],
  [
    'a leader of the past, whom nobody follows',
    (rm) => (rm === 1 ? {} : { term: 4, leader: null }),
    'NO LEADER  3 of 3 replicas up, 2 needed; no replica leads a majority',
    7,
  ],
])('%s', (_what, change, line, code) => {
  const status = seen(change);
  expect(verdictLines(verdictsOf(status))).toBe(`meta      OK         3 of 3 replicas up, 2 needed\nbucket 1  ${line}`);
  expect(exitCode(status)).toBe(code);
});

test.each<[string, Partial<ClusterNode>, Partial<Replica>, string]>([
  ['a disk is lost', { isLost: true }, {}, 'DEGRADED   3 of 3 replicas up, 2 needed; the disk of rm-3 is lost: start it with --rejoin'],
  [
    'its new one is a learner yet',
    { ordinal: ordinal(1) },
    { learners: [{ rm: rmId(3), ordinal: 1 }] },
    'DEGRADED   3 of 3 replicas up, 2 needed; the new disk of rm-3 is being filled',
  ],
  [
    'the new one has taken its place',
    { ordinal: ordinal(1) },
    { voters: [1, 2, 3].map((rm) => ({ rm: rmId(rm), ordinal: rm === 3 ? 1 : 0 })) },
    'OK         3 of 3 replicas up, 2 needed',
  ],
])('%s', (_what, node, leader, line) => {
  const nodes = RMS.map(
    (rm): ClusterNode => ({ rm, incarnation: incarnation(String(rm).repeat(32)), ordinal: ordinal(0), isLost: false, ...(rm === 3 ? node : {}) }),
  );
  const status = seen((rm) => (rm === 1 ? leader : {}));
  const lines = verdictLines(verdictsOf({ ...status, placement: { ...placement, cluster: { clusterId: clusterId('c'.repeat(32)), nodes, txnVersion: 2 } } }));
  expect(lines.split('\n')[1]).toBe(`bucket 1  ${line}`);
});

test.each<[string, (rm: RmId) => Partial<Replica> | null, string]>([
  ['the founder leads alone', (rm) => (rm === 1 ? {} : null), 'DEGRADED   1 of 3 replicas up, 2 needed; rm-2 and rm-3 do not answer; rm-1 is founding it'],
  ['nobody has a replica yet', () => null, 'DEGRADED   0 of 3 replicas up, 2 needed; rm-1 and rm-2 and rm-3 do not answer; rm-1 is founding it'],
])('nobody needs anything of a bucket that is being founded: %s', (_what, change, line) => {
  const nodes = RMS.map((rm): ClusterNode => ({ rm, incarnation: incarnation(String(rm).repeat(32)), ordinal: ordinal(0), isLost: false }));
  const founding = [{ bucket: bucketId(1), founder: { rm: rmId(1), ordinal: ordinal(0) } }];
  const cluster = { clusterId: clusterId('c'.repeat(32)), nodes, txnVersion: 2 as const, laterBuckets: { lastId: bucketId(1), founding } };
  const status = { ...seen(change), placement: { ...placement, cluster } };
  expect(verdictLines(verdictsOf(status)).split('\n')[1]).toBe(`bucket 1  ${line}`);
  expect(exitCode(status)).toBe(11);
});

test('who is not well has a line that says what ails', () => {
  const [one, two, three] = RMS as [RmId, RmId, RmId];
  const lines = conditionLines([
    { rm: one, condition: { kind: 'well' }, certificatesEndMs: null },
    { rm: two, condition: { kind: 'ailing', of: ['disk', 'store'] }, certificatesEndMs: null },
    { rm: three, condition: { kind: 'doubtful', of: ['stall'] }, certificatesEndMs: null },
  ]);
  expect(lines).toEqual([
    'rm-2 is ailing (disk, store): its writes wait for their fsync; its database does not answer',
    'rm-3 is doubtful (stall): its event loop stands still again and again',
  ]);
});
