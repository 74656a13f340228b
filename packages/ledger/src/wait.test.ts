/**
 * WAIT: a debit or close that fails only because a credit is undecided must not be refused, because that credit may
 * already have been answered COMMITTED. Once the homes were asked and the undecided are named, the result is final.
 */
import { change, commit, create, decideCommit, leg, body, pay, payment, prepare, rollback } from './testing/builders';
import { TestBucket } from './testing/test-bucket';

const debitOf60 = payment(9, pay('a1', 'a2', 60n));
const [credit1, credit2, credit3] = [payment(1, pay('b1', 'a1', 30n)), payment(2, pay('b2', 'a1', 30n)), payment(3, pay('b3', 'a3', 5n))];

/** a1 has 10, credits of 30 and 30 are undecided on it. */
function bucket(): TestBucket {
  const made = new TestBucket('a');
  made.run(create('a1', 10n));
  made.run(create('a2', 0n));
  made.run(create('a3', 0n));
  for (const p of [credit1, credit2]) made.run(prepare(p, 'a1'));
  made.run(prepare(credit3, 'a3'));
  return made;
}

const asked = [
  { txn: credit1.txn, key: credit1.key, homeSlot: credit1.homeSlot, account: 'a1' },
  { txn: credit2.txn, key: credit2.key, homeSlot: credit2.homeSlot, account: 'a1' },
];

test.each([
  ['PREPARE', prepare(debitOf60, 'a1')],
  ['DECIDE', decideCommit(debitOf60)],
])('%s names the credits it could live on and records nothing', (_name, instruction) => {
  const a = bucket();
  const text = a.content();
  expect(a.run(instruction)).toEqual({ kind: 'wait', undecided: asked });
  expect(a.content()).toBe(text);
});

test('the order of the names does not depend on a restart', () => {
  const a = bucket();
  a.restart();
  expect(a.run(prepare(debitOf60, 'a1'))).toEqual({ kind: 'wait', undecided: asked });
});

test.each<[string, bigint, readonly string[], string]>([
  ['too much even with them', 71n, [], 'INSUFFICIENT_FUNDS'],
  ['all found undecided', 60n, [credit1.txn, credit2.txn], 'INSUFFICIENT_FUNDS'],
  ['one found undecided, the other not enough', 60n, [credit1.txn], 'INSUFFICIENT_FUNDS'],
])('refused for good: %s', (_name, amount, undecided, name) => {
  const a = bucket();
  expect(a.run(prepare(payment(9, pay('a1', 'a2', amount)), 'a1', { undecided: undecided as never }))).toMatchObject({ kind: 'refused', refusal: { name } });
});

test('a credit that came after the question is asked about as well', () => {
  expect(bucket().run(prepare(payment(9, pay('a1', 'a2', 40n)), 'a1', { undecided: [credit1.txn] }))).toEqual({ kind: 'wait', undecided: asked.slice(1) });
});

test('decided credits are spent, whatever became of the others', () => {
  const a = bucket();
  a.run(commit(credit1, 'a1'));
  a.run(rollback(credit2, 'a1'));
  expect(a.run(decideCommit(payment(9, pay('a1', 'a2', 40n))))).toMatchObject({ kind: 'decided', outcome: { decision: { kind: 'committed' } } });
});

test('DECIDE asks about all its legs at once; a refusal of one does not wait', () => {
  const a = bucket();
  const both = body('payment', [leg('a1', 'debit', 60n), leg('a3', 'debit', 5n), leg('a2', 'credit', 65n)]);
  expect(a.run(decideCommit(payment(9, both)))).toMatchObject({ kind: 'wait', undecided: [{ account: 'a1' }, { account: 'a1' }, { account: 'a3' }] });
  const hopeless = body('payment', [leg('a1', 'debit', 60n), leg('a3', 'debit', 6n), leg('a2', 'credit', 66n)]);
  expect(a.run(decideCommit(payment(10, hopeless)))).toMatchObject({
    kind: 'decided',
    outcome: { decision: { reason: { name: 'INSUFFICIENT_FUNDS', account: 'a3' } } },
  });
});

test('close waits for credits, and for nothing else', () => {
  const a = bucket();
  expect(a.run(change(20, 'a3', { kind: 'close' }))).toMatchObject({ kind: 'wait', undecided: [{ txn: credit3.txn }] });
  expect(a.run(change(20, 'a3', { kind: 'close' }, { undecided: [credit3.txn] }))).toMatchObject({
    kind: 'refused',
    refusal: { name: 'ACCOUNT_NOT_EMPTY', facts: { balance: '0.00', holds: '0.00', pending: '0.05' } },
  });
  expect(a.run(change(21, 'a1', { kind: 'close' }))).toMatchObject({ kind: 'refused', refusal: { name: 'ACCOUNT_NOT_EMPTY' } });
  a.run(rollback(credit3, 'a3'));
  expect(a.run(change(22, 'a3', { kind: 'close' }))).toMatchObject({ kind: 'account', account: { status: 'closed' } });
});
