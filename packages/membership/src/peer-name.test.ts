/** The judgement of who calls or answers, case by case: what is compared first is what is said. */
import { rmId } from '@mas/values';
import { clusterId, incarnation, ordinal } from './identity';
import { MemberTable } from './member-table';
import { judgeCluster, judgeOneself, judgePeer, type PeerName } from './peer-name';
import { PositionMarks } from './position-marks';
import { runOf } from './run-history';

const OURS = clusterId('a'.repeat(32));
const THEIRS = clusterId('b'.repeat(32));
const [FIRST, SECOND, OTHER] = ['1', '2', '3'].map((digit) => incarnation(digit.repeat(32))) as [
  ReturnType<typeof incarnation>,
  ReturnType<typeof incarnation>,
  ReturnType<typeof incarnation>,
];
const [ONE, THREE, FOUR, FIVE] = [rmId(1), rmId(3), rmId(4), rmId(5)];

const [RUN_1, RUN_2, RUN_OF_COPY] = [runOf(`00000001${'a'.repeat(12)}`), runOf(`00000002${'b'.repeat(12)}`), runOf(`00000002${'c'.repeat(12)}`)];

const known = {
  clusterId: OURS,
  members: new MemberTable(
    7,
    [
      { rm: THREE, incarnation: SECOND, ordinal: ordinal(1) },
      { rm: ONE, incarnation: FIRST, ordinal: ordinal(0) },
    ],
    [FIVE],
  ),
  marks: new PositionMarks([{ rm: THREE, ordinal: ordinal(1), run: RUN_1, position: 40 }]),
};
const peer = (of: Partial<PeerName>): PeerName => ({
  clusterId: OURS,
  rm: THREE,
  ordinal: ordinal(1),
  incarnation: SECOND,
  position: 40,
  runs: [{ run: RUN_1, from: 0 }],
  table: 7,
  ...of,
});

test.each<[string, Partial<PeerName>, string | null, boolean, RegExp]>([
  ['the member, as far as it was known to be', {}, null, false, /^$/],
  ['the member, further on', { position: 41 }, null, false, /^$/],
  ['of another cluster, whatever else it says', { clusterId: THEIRS, rm: FOUR, ordinal: ordinal(0) }, 'ANOTHER_CLUSTER', true, /b{32}, this is cluster a{32}/],
  ['an RM that the cluster does not have', { rm: FOUR }, 'UNKNOWN_RESOURCE_MANAGER', true, /no rm-4\. Its resource managers are rm-1, rm-3/],
  ['an RM that may have joined since', { rm: FOUR, table: 8 }, 'NOT_KNOWN_YET', false, /rm-4 is not known here yet/],
  ['an RM that was removed, however new its table', { rm: FIVE, table: 8 }, 'REMOVED_RESOURCE_MANAGER', true, /rm-5 was removed/],
  ['an incarnation that was replaced', { ordinal: ordinal(0), incarnation: FIRST }, 'REPLACED_INCARNATION', true, /\(11111111\) was replaced by 22222222/],
  [
    'one that nobody admitted',
    { incarnation: OTHER },
    'OTHER_INCARNATION',
    true,
    /recorded as incarnation 22222222, this one is 33333333.*--rejoin.*replace-node 3/,
  ],
  ['one that was admitted, which is not known here yet', { ordinal: ordinal(2), incarnation: OTHER }, 'NOT_KNOWN_YET', false, /3\. incarnation of rm-3/],
  [
    'a copy of an earlier time',
    {
      position: 39,
      runs: [
        { run: RUN_1, from: 0 },
        { run: RUN_OF_COPY, from: 39 },
      ],
    },
    'OLD_COPY',
    true,
    /ended with batch 39, others have had batch 40 from it/,
  ],
])('%s', (_who, of, name, isFinal, message) => {
  const refusal = judgePeer(known, peer(of));
  expect([refusal?.name ?? null, refusal?.isFinal ?? false]).toEqual([name, isFinal]);
  expect(refusal?.message ?? '').toMatch(message);
  expect(refusal?.mark ?? null).toEqual(name === 'OLD_COPY' ? { run: RUN_1, position: 40 } : null);
});

describe('a mark names a run as well as a position', () => {
  test.each<[string, Partial<PeerName>, RegExp | null]>([
    ['in that very run, and it said so before others had heard more', { position: 39, runs: [{ run: RUN_1, from: 0 }] }, null],
    [
      'started again, nothing written since',
      {
        position: 40,
        runs: [
          { run: RUN_1, from: 0 },
          { run: RUN_2, from: 40 },
        ],
      },
      null,
    ],
    [
      'started again and further on',
      {
        position: 90,
        runs: [
          { run: RUN_1, from: 0 },
          { run: RUN_2, from: 70 },
        ],
      },
      null,
    ],
    [
      'a copy that went on by itself until its log was longer',
      {
        position: 90,
        runs: [
          { run: RUN_1, from: 0 },
          { run: RUN_OF_COPY, from: 39 },
        ],
      },
      /ended with batch 39, others have had batch 40/,
    ],
    [
      'a copy that has as much, whose original was started again',
      { position: 90, runs: [{ run: RUN_OF_COPY, from: 0 }] },
      /in use twice.* of a start \(00000001a{12}\) that this folder knows nothing of/,
    ],
    ['started so often since that the run is forgotten', { position: 90, runs: [{ run: RUN_2, from: 40 }] }, null],
    ['started so often since, from before the mark', { position: 90, runs: [{ run: RUN_2, from: 39 }] }, /knows nothing of/],
  ])('%s', (_what, of, message) => {
    expect(judgePeer(known, peer(of))?.message ?? null).toEqual(message === null ? null : expect.stringMatching(message));
  });

  test('two copies that run at once: who was heard first stays, at the same position, too', () => {
    const marks = new PositionMarks();
    const of = (run: typeof RUN_2): PeerName =>
      peer({
        runs: [
          { run: RUN_1, from: 0 },
          { run, from: 40 },
        ],
      });
    expect(judgePeer({ ...known, marks }, of(RUN_2))).toBeNull();
    marks.raise({ rm: THREE, ordinal: ordinal(1), run: RUN_2, position: 40 });
    expect([judgePeer({ ...known, marks }, of(RUN_2))?.name, judgePeer({ ...known, marks }, of(RUN_OF_COPY))?.name]).toEqual([undefined, 'OLD_COPY']);
  });
});

test('marks of the incarnation before say nothing against the next one, whose log begins again', () => {
  const marks = new PositionMarks([{ rm: THREE, ordinal: ordinal(0), run: RUN_1, position: 4000 }]);
  expect(judgePeer({ ...known, marks }, peer({ position: 0 }))).toBeNull();
});

test('of oneself only what is final counts: the own table may be older than the own incarnation', () => {
  expect(judgeOneself(known, peer({ ordinal: ordinal(2), incarnation: OTHER }))).toBeNull();
  expect(judgeOneself(known, peer({ ordinal: ordinal(0), incarnation: FIRST }))?.name).toBe('REPLACED_INCARNATION');
});

test('who names a cluster only is judged by that', () => {
  expect(judgeCluster(OURS, OURS, 'tm-1')).toBeNull();
  expect(judgeCluster(OURS, THEIRS, 'tm-1')).toMatchObject({ name: 'ANOTHER_CLUSTER', isFinal: true, message: expect.stringContaining('tm-1') as unknown });
});
