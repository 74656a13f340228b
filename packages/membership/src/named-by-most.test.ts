/** Whom a new coordinator believes. */
import { rmId } from '@mas/values';
import { clusterId } from './identity';
import { NamedByMost } from './named-by-most';

const [ONE, TWO, THREE] = [rmId(1), rmId(2), rmId(3)];
const [OURS, THEIRS] = [clusterId('a'.repeat(32)), clusterId('b'.repeat(32))];

test('the only one that is dialled is most of them', () => {
  expect(new NamedByMost(() => 1).heard(ONE, OURS)).toBe(OURS);
});

test('one of three says nothing, however often; two that agree do', () => {
  const named = new NamedByMost(() => 3);
  expect([named.heard(THREE, THEIRS), named.heard(THREE, THEIRS), named.heard(ONE, OURS), named.heard(TWO, OURS)]).toEqual([null, null, null, OURS]);
});

test('what counts is what each has said last', () => {
  const named = new NamedByMost(() => 3);
  named.heard(ONE, THEIRS);
  expect([named.heard(ONE, OURS), named.heard(TWO, THEIRS), named.heard(TWO, OURS)]).toEqual([null, null, OURS]);
});
