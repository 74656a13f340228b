/** The Raft id of an incarnation, and the table of those that count. */
import { rmId } from '@mas/values';
import { founderId, incarnation, isRaftId, memberOfRaftId, ordinal, raftIdOf } from './identity';
import { MemberTable } from './member-table';

test.each([
  [1, 0, 1],
  [65_535, 0, 65_535],
  [3, 1, 65_539],
  [65_535, 65_535, 0xffff_ffff],
])('rm-%i, ordinal %i: Raft id %i, and back', (rm, admitted, raftId) => {
  const member = { rm: rmId(rm), ordinal: ordinal(admitted) };
  expect(raftIdOf(member)).toBe(raftId);
  expect(memberOfRaftId(raftId)).toEqual(member);
  expect(isRaftId(raftId)).toBe(true);
});

test.each([0, -1, 1.5, 65_536, 2 * 65_536, 2 ** 32, 2 ** 32 + 1, Number.NaN])('%d is nobody\u2019s Raft id', (raftId) => {
  expect(isRaftId(raftId)).toBe(false);
  expect(() => memberOfRaftId(raftId)).toThrow();
});

test('a table holds one incarnation of each Resource Manager', () => {
  const [first, second] = [incarnation('1'.repeat(32)), incarnation('2'.repeat(32))];
  const table = MemberTable.ofFounders([
    { rm: rmId(2), incarnation: second },
    { rm: rmId(1), incarnation: first },
  ]);
  expect(table.members()).toEqual([
    { ...founderId(rmId(1)), incarnation: first },
    { ...founderId(rmId(2)), incarnation: second },
  ]);
  expect([table.version, table.of(rmId(2))?.incarnation, table.of(rmId(3))]).toEqual([0, second, undefined]);
  const twice = [
    { ...founderId(rmId(1)), incarnation: first },
    { rm: rmId(1), ordinal: ordinal(1), incarnation: second },
  ];
  expect(() => new MemberTable(1, twice)).toThrow('one incarnation of an RM counts');
});
