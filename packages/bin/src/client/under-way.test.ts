/** What is between the cluster and its map, in words: buckets that are being founded, slots that move. */
import { clusterId, ordinal } from '@mas/membership';
import { genesisPlacement, type ClusterRecord } from '@mas/placement';
import { bucketId, rmId, slot } from '@mas/values';
import type { MoveStatus, ReplicaStatus } from '@mas/two-phase-commit';
import { underWay } from './under-way';

function leader(more: Partial<ReplicaStatus>): ReplicaStatus {
  const indexes = { term: 3, commitIndex: 5, appliedIndex: 5, durableIndex: 5, queuedProposals: 0, preparedLegs: 0, knownSemantics: 9, accounts: 0, rows: 0 };
  const unknown = { fsyncP50Ms: null, applyP50Ms: null, stopped: null };
  return {
    bucket: bucketId(1),
    rm: rmId(1),
    role: 'leader',
    leader: rmId(1),
    voters: [],
    learners: [],
    quiescent: false,
    ...indexes,
    ...unknown,
    moves: [],
    ...more,
  };
}

const map = genesisPlacement([{ rm: rmId(1), address: 'h:1' }], 2, 1);

function said(more: Partial<ClusterRecord>, replicas: readonly ReplicaStatus[] = []): readonly string[] {
  const cluster: ClusterRecord = { clusterId: clusterId('c'.repeat(32)), nodes: [], txnVersion: 2, ...more };
  const lines = underWay({ placement: { ...map, cluster }, replicas, unreachable: [], nodes: [], coordinator: null });
  // Nobody answers here at all.
  return lines.filter((text) => !text.endsWith('no leader answers'));
}

test('slots that move, with the move\u2019s number, and whether it was called off', () => {
  const moves = [
    { number: 5, slots: { from: slot(0), to: slot(255) }, from: bucketId(1), to: bucketId(2), calledOff: false },
    { number: 6, slots: { from: slot(4000), to: slot(4000) }, from: bucketId(2), to: bucketId(1), calledOff: true },
  ];
  expect(said({ moves })).toEqual([
    'move 5: slots 0-255 move from bucket 1 to bucket 2',
    'move 6: slot 4000 moves from bucket 2 to bucket 1, and was called off',
  ]);
});

test('how far a move is by the leader that carries it, since when it is stalled, and why', () => {
  const moves = [{ number: 5, slots: { from: slot(0), to: slot(255) }, from: bucketId(1), to: bucketId(2), calledOff: false }];
  const status: MoveStatus = {
    move: 5,
    slots: { from: slot(0), to: slot(255) },
    to: bucketId(2),
    stage: 'copying',
    attempts: 1,
    rowsSent: 1_000,
    rowsCopied: 5_000,
    elapsedMs: 2_000,
    blockedMs: null,
    stalled: null,
  };
  const line = (more: Partial<MoveStatus>): string => said({ moves }, [leader({ moves: [{ ...status, ...more }] })]).at(-1) ?? '';
  const move = 'move 5: slots 0-255 move from bucket 1 to bucket 2';
  expect(line({})).toBe(`${move}: rows are copied, 1000 of 5000 rows, 500 rows/s, about 8 s left`);
  expect(line({ stage: 'waiting' })).toBe(`${move}: waits for its turn`);
  expect(line({ stage: 'released', rowsSent: 5_000, blockedMs: 42, stalled: { forMs: 7_400, why: 'bucket 2: no-quorum' } })).toBe(
    `${move}: released, 5000 of 5000 rows, 2500 rows/s, without an owner for 42 ms, STALLED for 7 s: bucket 2: no-quorum`,
  );
});

test('what is wanted of slots, and that it is paused', () => {
  const wanted = [{ slots: { from: slot(0), to: slot(599) }, from: bucketId(1), to: bucketId(2) }];
  expect(said({ wishes: { isPaused: true, isBalancing: false, retiring: [], wanted } })).toEqual([
    'slots 0-599 are wanted from bucket 1 in bucket 2; 600 slots are still to be ordered to move, and moves are paused (cluster resume-moves)',
  ]);
  expect(said({ wishes: { isPaused: false, isBalancing: true, retiring: [bucketId(2)], wanted: [] } })).toEqual([
    'bucket 2 is being emptied, and retired then: it has 2048 slots',
    'slots are being spread evenly; 2048 slots are still to be ordered to move',
  ]);
  expect(said({ wishes: { isPaused: true, isBalancing: false, retiring: [], wanted: [] } })).toEqual([]);
});

test('a bucket that is being founded, and by whom', () => {
  const founding = [{ bucket: bucketId(2), founder: { rm: rmId(1), ordinal: ordinal(0) } }];
  expect(said({ laterBuckets: { lastId: bucketId(2), founding } })).toEqual(['bucket 2: rm-1 is founding it']);
  expect(said({})).toEqual([]);
});
