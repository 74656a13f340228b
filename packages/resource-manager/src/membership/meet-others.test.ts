/** A member asks the others before it opens anything: who is refused ends there, who is cut off starts all the same. */
import { runOf, type LocalMember, type PeerName, type PeerRefusal } from '@mas/membership';
import { VirtualClock } from '@mas/testkit/clock';
import { FIRST_RUN, madeUpCluster } from '@mas/testkit/membership';
import { rmId, silentLogger, type RmId } from '@mas/values';
import { meetOthers, STILL_HEARD_LIMIT_MS } from './meet-others';
import type { Introduction, MembershipClient } from './membership-ports';

const [ONE, TWO, THREE] = [rmId(1), rmId(2), rmId(3)];
const cluster = madeUpCluster([ONE, TWO, THREE]);
const PATIENT_MS = 10_000;
const WELCOME: Introduction = { kind: 'welcome' };
const away = (name: PeerRefusal['name'], more: Partial<PeerRefusal> = {}): Introduction => ({
  kind: 'turned-away',
  refusal: { name, message: name, isFinal: true, mark: null, ...more },
});

/** Its first run ended with batch 10. */
function startedAgain(): LocalMember {
  const local = cluster.local(ONE, () => 10);
  local.begin([FIRST_RUN, { run: runOf('2'.padStart(8, '0').padEnd(20, 'b')), from: 10 }]);
  return local;
}

interface Meeting {
  readonly clock: VirtualClock;
  readonly said: PeerName[];
  outcome(): string | undefined;
}

/** @param answers after how long, and what */
function meet(answers: Readonly<Record<number, readonly [number, Introduction | null]>>, local = startedAgain()): Meeting {
  const clock = new VirtualClock();
  const said: PeerName[] = [];
  let outcome: string | undefined;
  const introduce = (rm: RmId, name: PeerName): Promise<Introduction | null> => {
    said.push(name);
    const [afterMs, answer] = answers[rm] ?? [0, null];
    return new Promise((resolve) => void clock.schedule(afterMs, () => resolve(answer)));
  };
  const client: MembershipClient = { introduce, found: () => Promise.resolve(null), rejoin: () => Promise.resolve(null), join: () => Promise.resolve([]) };
  meetOthers({ local, others: [TWO, THREE], client, clock, logger: silentLogger }).then(
    () => (outcome = 'goes on'),
    (error: Error) => (outcome = error.message),
  );
  return { clock, said, outcome: () => outcome };
}

test.each<[string, Readonly<Record<number, readonly [number, Introduction | null]>>, number]>([
  ['both welcome it', { 2: [3, WELCOME], 3: [7, WELCOME] }, 7],
  ['nobody is there', { 2: [1, null], 3: [1, null] }, 1],
  ['one is not there, the other one is slow', { 2: [1, null], 3: [4_000, WELCOME] }, 4_000],
  ['one welcomes it, the other one hangs', { 2: [3, WELCOME], 3: [PATIENT_MS, null] }, 1_000],
  ['both hang', { 2: [PATIENT_MS, null], 3: [PATIENT_MS, null] }, PATIENT_MS],
  ['one does not know it yet', { 2: [3, away('NOT_KNOWN_YET', { isFinal: false })], 3: [7, WELCOME] }, 7],
  ['one is another cluster\u2019s', { 2: [3, away('ANOTHER_CLUSTER')], 3: [7, WELCOME] }, 7],
  ['one has not heard of the newest entries', { 2: [3, away('OLD_COPY', { mark: { run: FIRST_RUN.run, position: 10 } })], 3: [7, WELCOME] }, 7],
])('%s: it goes on, and not sooner', async (_what, answers, afterMs) => {
  const meeting = meet(answers);
  await meeting.clock.advance(afterMs - 1);
  expect(meeting.outcome()).toBeUndefined();
  await meeting.clock.advance(1);
  expect([meeting.outcome(), meeting.said.map(({ rm, position }) => [rm, position])]).toEqual([
    'goes on',
    [
      [1, 10],
      [1, 10],
    ],
  ]);
});

test.each<[string, Readonly<Record<number, readonly [number, Introduction | null]>>, string | RegExp]>([
  ['it was replaced', { 2: [3, away('REPLACED_INCARNATION')], 3: [7, WELCOME] }, 'REPLACED_INCARNATION'],
  ['both are another cluster\u2019s', { 2: [3, away('ANOTHER_CLUSTER')], 3: [7, away('ANOTHER_CLUSTER')] }, 'ANOTHER_CLUSTER'],
  [
    'it is a copy, as its own log shows',
    { 2: [5_000, away('OLD_COPY', { mark: { run: FIRST_RUN.run, position: 11 } })], 3: [1, null] },
    /^The data of rm-1 is a copy of an earlier time/,
  ],
])('%s: it ends', async (_what, answers, message) => {
  const meeting = meet(answers);
  await meeting.clock.advance(PATIENT_MS);
  expect(meeting.outcome()).toEqual(expect.stringMatching(message));
});

test('an earlier process on its data is heard for a moment, then no more: it goes on', async () => {
  const still = away('STILL_HEARD', { isFinal: false });
  const answers: Record<number, readonly [number, Introduction | null]> = { 2: [3, still], 3: [3, WELCOME] };
  const meeting = meet(answers);
  await meeting.clock.advance(2_000);
  expect(meeting.outcome()).toBeUndefined();
  answers[2] = [3, WELCOME];
  await meeting.clock.advance(1_000);
  expect(meeting.outcome()).toBe('goes on');
});

test('one that is heard on and on runs: this one ends', async () => {
  const meeting = meet({ 2: [3, away('STILL_HEARD', { isFinal: false, message: 'another process speaks' })], 3: [3, WELCOME] });
  await meeting.clock.advance(STILL_HEARD_LIMIT_MS - 1);
  expect(meeting.outcome()).toBeUndefined();
  await meeting.clock.advance(1_000);
  expect(meeting.outcome()).toBe('another process speaks');
});

test('a cluster of one has nobody to meet', async () => {
  const clock = new VirtualClock();
  const client: MembershipClient = {
    introduce: () => Promise.reject(new Error('nobody')),
    found: () => Promise.resolve(null),
    rejoin: () => Promise.resolve(null),
    join: () => Promise.resolve([]),
  };
  await meetOthers({ local: madeUpCluster([ONE]).local(ONE, () => 0), others: [], client, clock, logger: silentLogger });
});
