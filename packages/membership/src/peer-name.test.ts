/** The judgement of who calls or answers, case by case: what is compared first is what is said. */
import { rmId } from '@mas/values';
import { clusterId, incarnation, ordinal } from './identity';
import { MemberTable } from './member-table';
import { judgeCluster, judgeOneself, judgePeer, type PeerName } from './peer-name';
import { PositionMarks } from './position-marks';

const OURS = clusterId('a'.repeat(32));
const THEIRS = clusterId('b'.repeat(32));
const [FIRST, SECOND, OTHER] = ['1', '2', '3'].map((digit) => incarnation(digit.repeat(32))) as [ReturnType<typeof incarnation>, ReturnType<typeof incarnation>, ReturnType<typeof incarnation>];
const [ONE, THREE, FOUR] = [rmId(1), rmId(3), rmId(4)];

const known = {
  clusterId: OURS,
  members: new MemberTable(7, [
    { rm: THREE, incarnation: SECOND, ordinal: ordinal(1) },
    { rm: ONE, incarnation: FIRST, ordinal: ordinal(0) },
  ]),
  marks: new PositionMarks([{ rm: THREE, ordinal: ordinal(1), position: 40 }]),
};
const peer = (of: Partial<PeerName>): PeerName => ({ clusterId: OURS, rm: THREE, ordinal: ordinal(1), incarnation: SECOND, position: 40, ...of });

test.each<[string, Partial<PeerName>, string | null, boolean, RegExp]>([
  ['the member, as far as it was known to be', {}, null, false, /^$/],
  ['the member, further on', { position: 41 }, null, false, /^$/],
  ['of another cluster, whatever else it says', { clusterId: THEIRS, rm: FOUR, ordinal: ordinal(0) }, 'ANOTHER_CLUSTER', true, /b{32}, this is cluster a{32}/],
  ['an RM that the cluster does not have', { rm: FOUR }, 'UNKNOWN_RESOURCE_MANAGER', true, /no rm-4\. Its resource managers are rm-1, rm-3/],
  ['an incarnation that was replaced', { ordinal: ordinal(0), incarnation: FIRST }, 'REPLACED_INCARNATION', true, /\(11111111\) was replaced by 22222222/],
  ['one that nobody admitted', { incarnation: OTHER }, 'OTHER_INCARNATION', true, /recorded as incarnation 22222222, this one is 33333333.*--rejoin.*replace-node 3/],
  ['one that was admitted, which is not known here yet', { ordinal: ordinal(2), incarnation: OTHER }, 'NOT_KNOWN_YET', false, /3\. incarnation of rm-3/],
  ['a copy of an earlier time', { position: 39 }, 'OLD_COPY', true, /ends with batch 39, others have had batch 40/],
])('%s', (_who, of, name, isFinal, message) => {
  const refusal = judgePeer(known, peer(of));
  expect([refusal?.name ?? null, refusal?.isFinal ?? false]).toEqual([name, isFinal]);
  expect(refusal?.message ?? '').toMatch(message);
  expect(refusal?.mark ?? null).toBe(name === 'OLD_COPY' ? 40 : null);
});

test('marks of the incarnation before say nothing against the next one, whose log begins again', () => {
  const marks = new PositionMarks([{ rm: THREE, ordinal: ordinal(0), position: 4000 }]);
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
