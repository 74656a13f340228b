/** What one process makes of the news: a table that replaces somebody, marks of others and of itself. */
import { FIRST_RUN, madeUpCluster, madeUpIncarnation } from '@mas/testkit/membership';
import { rmId } from '@mas/values';
import { ordinal } from './identity';
import { MemberTable } from './member-table';
import type { PeerRefusal } from './peer-name';
import type { LocalMember } from './local-member';
import type { PositionMark } from './position-marks';
import { runOf } from './run-history';

const [ONE, TWO, THREE] = [rmId(1), rmId(2), rmId(3)];
const cluster = madeUpCluster([ONE, TWO, THREE]);

function member(rm = ONE, position = 10): { readonly local: LocalMember; readonly changes: () => number } {
  const local = cluster.local(rm, () => position);
  let changes = 0;
  local.onChange(() => (changes += 1));
  return { local, changes: () => changes };
}

const { run } = FIRST_RUN;
const OTHER_RUN = runOf('2'.padStart(8, '0').padEnd(20, 'b'));
const mark = (rm: typeof ONE, position: number, of = run): PositionMark => ({ rm, ordinal: ordinal(0), run: of, position });
const replaced = (rm: typeof ONE, version: number): MemberTable =>
  new MemberTable(
    version,
    cluster.members.members().map((each) => (each.rm === rm ? { rm, ordinal: ordinal(1), incarnation: madeUpIncarnation({ rm, ordinal: ordinal(1) }) } : each)),
  );

test('two founders of one cluster welcome each other', () => {
  expect(member(ONE).local.judge(member(TWO).local.name())).toBeNull();
  expect(member(ONE).local.refusal()).toBeNull();
});

test('who is let in is remembered with its run: a copy from before that start is refused, whatever was heard since', () => {
  const { local } = member(ONE);
  const restarted = member(THREE).local;
  restarted.begin([FIRST_RUN, { run: OTHER_RUN, from: 10 }]);
  expect(local.judge(restarted.name())).toBeNull();
  expect(local.marks.of(THREE, ordinal(0))).toEqual(mark(THREE, 10, OTHER_RUN));
  const copy = member(THREE).local;
  expect(local.judge(copy.name())?.name).toBe('OLD_COPY');
  expect(local.marks.of(THREE, ordinal(0))?.run).toBe(OTHER_RUN);
});

test('a newer table counts from then on, an older one does not', () => {
  const { local, changes } = member();
  const three = member(THREE).local.name();
  expect(local.adopt(replaced(THREE, 5))).toBe(true);
  expect(local.judge(three)?.name).toBe('REPLACED_INCARNATION');
  expect([local.adopt(cluster.members), local.adopt(replaced(TWO, 5)), changes()]).toEqual([false, false, 1]);
  expect(local.judge(cluster.local(THREE, () => 0, ordinal(1)).name())).toBeNull();
});

test('who names an incarnation that is not known here waits, and the table is asked for', () => {
  const { local } = member();
  let asked = 0;
  local.onUnknown(() => (asked += 1));
  const fresh = cluster.local(THREE, () => 0, ordinal(1)).name();
  expect(local.judge(fresh)).toMatchObject({ name: 'NOT_KNOWN_YET', isFinal: false });
  expect(asked).toBe(1);
  local.adopt(replaced(THREE, 5));
  expect(local.judge(fresh)).toBeNull();
  expect(asked).toBe(1);
});

test('who reads in the table that it was replaced says so of itself', () => {
  const { local, changes } = member(THREE);
  local.adopt(replaced(THREE, 5));
  expect(local.refusal()).toMatchObject({ name: 'REPLACED_INCARNATION', isFinal: true });
  expect(changes()).toBe(1);
});

test('a new incarnation whose table is older than itself waits', () => {
  expect(cluster.local(THREE, () => 0, ordinal(1)).refusal()).toBeNull();
});

test('it tells its own position first, and the marks of others', () => {
  const { local } = member();
  local.heard([mark(THREE, 4), mark(TWO, 7), mark(ONE, 9)]);
  expect(local.tell().map(({ rm, position }) => [rm, position])).toEqual([
    [1, 10],
    [2, 7],
    [3, 4],
  ]);
  // What it said on its way to here is older than what others have passed on: it is in that very run, so no copy of it.
  expect(local.judge({ ...member(TWO).local.name(), position: 6 })).toBeNull();
});

test('who hears that others have had more of its log than it has is a copy of an earlier time', () => {
  const { local, changes } = member(ONE, 10);
  local.begin([FIRST_RUN, { run: OTHER_RUN, from: 10 }]);
  local.heard([mark(ONE, 10), mark(ONE, 12, OTHER_RUN)]);
  expect([local.refusal(), changes()]).toEqual([null, 0]);
  local.heard([mark(ONE, 11)]);
  expect([local.refusal()?.name, changes()]).toEqual(['OLD_COPY', 1]);
});

test('who hears of a run of its folder that it has no memory of is the copy, wherever its own log ends', () => {
  const { local, changes } = member(ONE, 10);
  local.heard([mark(ONE, 9, OTHER_RUN)]);
  expect([local.refusal()?.name, changes()]).toEqual(['OLD_COPY', 1]);
});

test('who is turned away for its position compares the mark with its log as it is now', () => {
  const { local } = member(ONE, 10);
  local.begin([FIRST_RUN, { run: OTHER_RUN, from: 10 }]);
  const told = (position: number): PeerRefusal => ({ name: 'OLD_COPY', message: '', isFinal: true, mark: { run, position } });
  expect([local.turnedAway(TWO, told(10)), local.turnedAway(TWO, told(11))?.name]).toEqual([null, 'OLD_COPY']);
  expect(local.turnedAway(TWO, { name: 'REPLACED_INCARNATION', message: '', isFinal: true, mark: null })?.name).toBe('REPLACED_INCARNATION');
  expect(local.turnedAway(TWO, { name: 'NOT_KNOWN_YET', message: '', isFinal: false, mark: null })).toBeNull();
});

test('another Resource Manager at the address of the one that is meant', () => {
  expect(member(ONE).local.judgeAs(TWO, member(THREE).local.name())).toMatchObject({ name: 'OTHER_RESOURCE_MANAGER', isFinal: false });
  expect(member(ONE).local.judgeAs(TWO, member(TWO).local.name())).toBeNull();
});

test('a process of another cluster at one of two addresses ends nobody; at both, this one is at the wrong place', () => {
  const { local } = member(ONE);
  const told = { name: 'ANOTHER_CLUSTER', message: '', isFinal: true, mark: null } as const;
  expect([local.turnedAway(TWO, told), local.turnedAway(TWO, told)]).toEqual([null, null]);
  local.letIn(TWO);
  expect(local.turnedAway(THREE, told)).toBeNull();
  expect(local.turnedAway(TWO, told)?.name).toBe('ANOTHER_CLUSTER');
});
