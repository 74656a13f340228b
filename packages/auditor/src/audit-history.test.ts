/** The judge acquits the innocent: a sound world gives no finding, and neither do the liberties that the protocol takes. */
import { checkBucket } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { accountNumber } from '@mas/values';
import { auditHistory, Findings } from './index';
import { findingsAfter, LATER_MS, lookUp, plannedOf, read, soundLedger, type Tamper } from './testing/sound-ledger';

const EVE = accountNumber('eve');

test('a sound world gives no finding, and every committed read of it is explained', () => {
  const findings = new Findings();
  expect(auditHistory(soundLedger().evidence(), findings)).toEqual({ explained: 8, ambiguous: 0 });
  expect(findings.list()).toEqual([]);
  expect(findings.isEmpty).toBe(true);
});

test("the ledger's own audit finds the sound world's rows sound as well", () => {
  for (const { meta, ...rows } of soundLedger().buckets) expect(meta === null ? null : checkBucket(meta, slotOfAccount, rows).differences).toEqual([]);
});

test.each<[string, Tamper]>([
  [
    'an answer that says it does not know',
    (world) =>
      void (world.payment('gift').attempts[0]!.answer = { ok: true, value: { kind: 'unknown', txn: world.outcome('gift').txn, message: 'ask again' } }),
  ],
  ['an answer at the very moment of the decision', (world) => void (world.decision('gift').firstMs = 220)],
  ['a look-up that does not know yet', (world) => lookUp(world, 'bill', 'PENDING', 110)],
  ['a look-up that finds nothing yet', (world) => lookUp(world, 'bill', null, 110)],
  ['a look-up at the very moment of the decision', (world) => lookUp(world, 'bill', 'COMMITTED', 110)],
  [
    'an account that was asked for and never came',
    (world) => void world.history.accounts.set(EVE, { ...plannedOf(world, 'ann'), number: EVE, createdMs: null, openingMinor: 0n }),
  ],
  ['an old value from a cache', (world) => read(world, 'cached', LATER_MS, LATER_MS + 1, { ann: 100n, dan: 0n })],
  [
    'a read of an account of which nothing is known',
    (world) => {
      read(world, 'committed', LATER_MS, LATER_MS + 1, { ann: 60n });
      const last = world.history.reads.pop()!;
      world.history.reads.push({ ...last, views: last.views.map((view) => ({ ...view, number: EVE, balanceMinor: 1n })) });
    },
  ],
  ['a read that is answered at the very moment of a decision and shows it', (world) => read(world, 'committed', 102, 110, { ann: 70n })],
  ['a read that overlaps a payment and does not see it yet', (world) => read(world, 'committed', 505, 530, { ann: 80n, dan: 0n })],
  ['a read that overlaps a payment and sees it already', (world) => read(world, 'committed', 505, 530, { ann: 55n, dan: 25n })],
  [
    'an authorization that is voided',
    (world) => world.commit({ id: 'cancel', kind: 'void', reference: 'booking', legs: [['bob', 'void', 0n]], startMs: LATER_MS }),
  ],
  [
    'an authorization that is captured to the last cent',
    (world) =>
      world.commit({
        id: 'all',
        kind: 'capture',
        reference: 'booking',
        legs: [
          ['bob', 'capture', 20n],
          ['dan', 'credit', 20n],
        ],
        startMs: LATER_MS,
      }),
  ],
  ['a balance that goes down to its minimum', (world) => void Object.assign(plannedOf(world, 'ann'), { minimumMinor: 55n })],
  ['a balance that is down to its minimum but for what is held', (world) => void Object.assign(plannedOf(world, 'bob'), { minimumMinor: 45n })],
  [
    'a refund of all that is left',
    (world) =>
      world.commit({
        id: 'rest',
        kind: 'refund',
        reference: 'bill',
        legs: [
          ['bob', 'refund-debit', 25n],
          ['ann', 'credit', 25n],
        ],
        startMs: LATER_MS,
      }),
  ],
])('%s is no finding', (_name, tamper) => {
  expect(findingsAfter(tamper)).toEqual([]);
});

test('a read whose place in the journal is not unique is counted, not guessed', () => {
  const world = soundLedger();
  world.commit({
    id: 'there',
    legs: [
      ['ann', 'debit', 7n],
      ['bob', 'credit', 7n],
    ],
    startMs: LATER_MS,
    isAnswered: false,
  });
  world.commit({
    id: 'back',
    legs: [
      ['bob', 'debit', 7n],
      ['ann', 'credit', 7n],
    ],
    startMs: LATER_MS,
    isAnswered: false,
  });
  read(world, 'committed', LATER_MS + 5, LATER_MS + 30, { ann: 60n });
  const findings = new Findings();
  expect(auditHistory(world.evidence(), findings)).toEqual({ explained: 8, ambiguous: 1 });
  expect(findings.list()).toEqual([]);
});

test('what was acknowledged before a read says which of two equal balances it shows', () => {
  const world = soundLedger();
  world.commit({
    id: 'there',
    legs: [
      ['ann', 'debit', 7n],
      ['bob', 'credit', 7n],
    ],
    startMs: LATER_MS,
    isAnswered: false,
  });
  world.commit({
    id: 'back',
    legs: [
      ['bob', 'debit', 7n],
      ['ann', 'credit', 7n],
    ],
    startMs: LATER_MS,
  });
  read(world, 'committed', LATER_MS + 20, LATER_MS + 30, { ann: 60n });
  const findings = new Findings();
  expect(auditHistory(world.evidence(), findings)).toEqual({ explained: 9, ambiguous: 0 });
  expect(findings.list()).toEqual([]);
});

test('of each rule five findings are spelled out, and none of another rule is lost for it', () => {
  const findings = new Findings();
  for (let at = 1; at <= 7; at += 1) findings.add('one rule', `${at}`);
  findings.expect(true, 'another rule', () => 'holds');
  findings.expect(false, 'another rule', () => 'does not hold');
  expect(findings.list().map(({ rule, text }) => `${rule}: ${text}`)).toEqual([
    ...[1, 2, 3, 4, 5].map((at) => `one rule: ${at}`),
    'another rule: does not hold',
  ]);
});
