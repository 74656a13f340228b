/** Each rule about the order of payments can say no; what the protocol leaves open is no finding. */
import { finding, findingsAfter, LATER_MS, soundLedger, type Tamper } from './testing/sound-ledger';
import type { LedgerDraft } from './testing/ledger-draft';

/** Of a payment and all its legs. */
function commitAt(world: LedgerDraft, id: string, commitUs: number): void {
  const { decision, body } = world.outcome(id);
  if (decision.kind === 'committed') decision.commitUs = commitUs;
  for (const { account } of body.legs) Object.assign(world.leg(id, account), { commitUs, preparedUs: commitUs - 1 });
}

const committedUs = (world: LedgerDraft, id: string): number => {
  const { decision } = world.outcome(id);
  return decision.kind === 'committed' ? (decision.commitUs ?? 0) : 0;
};

test.each<[string, Tamper, string, RegExp]>([
  [
    'a decision without a commit time',
    (world) => commitAt(world, 'bill', null as never),
    'every payment has a moment',
    /bill was decided at 110 without a commit time$/,
  ],
  [
    'a leg with another commit time',
    (world) => void (world.leg('bill', 'bob').commitUs = 110_001),
    'one commit time everywhere',
    /bill on bob was committed at 110001, its home says 110000$/,
  ],
  [
    'a leg without one',
    (world) => void (world.leg('bill', 'ann').commitUs = null),
    'one commit time everywhere',
    /bill on ann was committed at null, its home says 110000$/,
  ],
  [
    'a promise behind the commit time',
    (world) => void (world.leg('bill', 'bob').preparedUs = 110_001),
    'committed behind its promises',
    /bill on bob was promised at 110001 and committed at 110000$/,
  ],
  [
    'a promise elsewhere at the commit time',
    (world) => void (world.leg('bill', 'bob').preparedUs = 110_000),
    'committed behind its promises',
    /bill on bob was promised at 110000 and committed at 110000$/,
  ],
  [
    'a leg without the moment of its promise',
    (world) => void (world.leg('bill', 'bob').preparedUs = null),
    'committed behind its promises',
    /bill on bob was promised at null/,
  ],
  ['money that is spent before it comes', (world) => spentBefore(world), 'money comes before it is spent', /^dan: -27 after 0000000e at 1009999, minimum 0$/],
  [
    'a payment that is earlier than one that was answered before it began',
    (world) => commitAt(world, 'charge', committedUs(world, 'bill') - 5),
    'moments follow real time',
    /deposit was answered at 420.0 and committed at 410000, .*charge began at 500.0 and was committed at 109995$/,
  ],
  [
    'the same, behind the home of the earlier one',
    (world) => commitAt(world, 'refund', committedUs(world, 'bill') + 1),
    'moments follow real time',
    /charge was answered at 520.0 .*refund began at 600.0/,
  ],
])('%s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper]>([
  ['a promise at home at the commit time', (world) => void (world.leg('bill', 'ann').preparedUs = 110_000)],
  ['what was decided before the bucket had moments', (world) => earlier(world, 'ann', 'deposit')],
  ['a payment elsewhere that has nothing to do with the one that was answered before', (world) => elsewhere(world, -1_000)],
  ['two payments at the same moment in two buckets', (world) => elsewhere(world, 0)],
])('%s is no finding', (_name, tamper) => {
  expect(findingsAfter(tamper)).toEqual([]);
});

/** ann pays dan 60, all of which he spends at once: he has it. Then the order is turned round. */
function spentBefore(world: LedgerDraft): void {
  world.commit({
    id: 'wage',
    legs: [
      ['ann', 'debit', 60n],
      ['dan', 'credit', 60n],
    ],
    startMs: LATER_MS,
    isAnswered: false,
  });
  world.commit({
    id: 'spent',
    legs: [
      ['dan', 'debit', 56n],
      ['bob', 'credit', 56n],
    ],
    startMs: LATER_MS,
    isAnswered: false,
  });
  commitAt(world, 'spent', committedUs(world, 'wage') - 1);
}

function earlier(world: LedgerDraft, account: string, id: string): void {
  for (const rows of world.buckets) Object.assign(rows.meta ?? {}, { momentsSinceUs: world.outcome(id).decision.atMs * 1_000 });
  for (const one of ['bill', 'gift', id]) commitAt(world, one, null as never);
  for (const leg of world.buckets.flatMap(({ legs }) => legs)) if (leg.commitUs === null) leg.preparedUs = null;
  expect(world.leg(id, account).commitUs).toBeNull();
}

/** Each within a bucket of its own: the clock of the second one is behind. */
function elsewhere(world: LedgerDraft, behindUs: number): void {
  world.commit({
    id: 'here',
    legs: [
      ['ann', 'debit', 1n],
      ['cid', 'credit', 1n],
    ],
    startMs: LATER_MS,
  });
  world.commit({
    id: 'there',
    legs: [
      ['dan', 'debit', 1n],
      ['bob', 'credit', 1n],
    ],
    startMs: LATER_MS + 100,
  });
  commitAt(world, 'there', committedUs(world, 'here') + behindUs);
}

test('the sound world’s payments have moments', () => {
  const world = soundLedger();
  expect(['bill', 'gift', 'errand'].map((id) => committedUs(world, id))).toEqual([110_000, 210_000, 810_000]);
});
