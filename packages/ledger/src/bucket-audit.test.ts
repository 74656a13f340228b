/** The audit finds every hand laid on the rows: each tampering of a sound bucket gives a sentence that names it. */
import { body, commit, create, decideCommit, leg, lock, pay, payment, prepare, slotOf } from './testing/builders';
import { TestBucket } from './testing/test-bucket';
import { BucketAudit, checkBucket, rowText, type AccountRow, type BucketMeta, type LegRow } from './index';

const original = payment(1, pay('a2', 'a1', 40n));
const refund = payment(2, body('refund', [leg('a1', 'refund-debit', 10n), leg('a2', 'credit', 10n)], { reference: { key: original.key, txn: original.txn } }));
const out = payment(3, pay('a1', 'b1', 7n), { homeSlot: payment(3, pay('b1', 'a1', 1n)).homeSlot });
const spend = payment(4, pay('a1', 'a2', 5n));

function sound(): TestBucket {
  const a = new TestBucket('a');
  for (const step of [create('a1', 100n), create('a2', 100n), decideCommit(original), decideCommit(refund), prepare(out, 'a1'), decideCommit(spend)])
    a.run(step);
  a.run(commit(out, 'a1'));
  a.run(prepare(payment(5, pay('a1', 'b1', 3n)), 'a1'));
  a.run(lock('a1', 'x'));
  return a;
}

function audit(
  a: TestBucket,
  tamper: { readonly account?: (row: AccountRow) => AccountRow; readonly leg?: (row: LegRow) => LegRow | null; readonly meta?: Partial<BucketMeta> },
): readonly string[] {
  const accounts = a.rows.sortedAccounts().map((row) => (row.number === 'a1' && tamper.account ? tamper.account(row) : row));
  const legs = a.rows.sortedLegs().flatMap((row) => (row.account === 'a1' && tamper.leg ? (tamper.leg(row) ?? []) : row));
  return checkBucket({ ...a.ledger.meta(), ...tamper.meta }, slotOf, { accounts, legs, outcomes: a.rows.sortedOutcomes(), locks: a.rows.sortedLocks() })
    .differences;
}

const only =
  (txn: string, change: Partial<LegRow> | null) =>
  (row: LegRow): LegRow | null => {
    if (row.txn !== txn) return row;
    return change === null ? null : { ...row, ...change };
  };

test('a sound bucket has no differences, in any chunks and any order of legs', () => {
  const a = sound();
  const streamed = new BucketAudit(a.ledger.meta(), slotOf);
  streamed.addAccounts(a.rows.sortedAccounts());
  for (const row of [...a.rows.sortedLegs()].reverse()) streamed.addLegs([row]);
  streamed.addOutcomes(a.rows.sortedOutcomes());
  expect(streamed.finish()).toEqual({ accounts: 2, legs: 8, outcomes: 3, differences: [] });
});

test.each<[string, Parameters<typeof audit>[1], RegExp]>([
  ['a balance', { account: (row) => ({ ...row, balanceMinor: row.balanceMinor + 1n }) }, /a1: its journal ends at 1\.18, but its balance is 1\.19/],
  ['a hold', { account: (row) => ({ ...row, holdsMinor: 0n }) }, /a1: its legs hold 0\.03, but its holds are 0\.00/],
  ['a pending credit', { account: (row) => ({ ...row, pendingCreditsMinor: 1n }) }, /a1: its legs promise 0\.00, but its pending credits are 0\.01/],
  ['a minimum', { account: (row) => ({ ...row, minimumMinor: 500n }) }, /below its minimum 5\.00/],
  ['a slot', { account: (row) => ({ ...row, slot: 7 as never }) }, /lies in slot 7, but its number's slot is 1/],
  ['a missing leg', { leg: only(spend.txn, null) }, /a1: its journal has no position 3/],
  ['an amount', { leg: only(original.txn, { spec: leg('a1', 'credit', 41n) }) }, /opening balances in USD add up to 1\.99/],
  ['a middle amount', { leg: only(spend.txn, { spec: leg('a1', 'debit', 6n) }) }, /position 3 starts at 1\.31, but the one before ended at 1\.30/],
  ['a journal position', { leg: only(spend.txn, { journal: { seq: 2, balanceAfterMinor: 125n } }) }, /position 2 twice/],
  ['a leg without its journal', { leg: only(spend.txn, { journal: null }) }, /is committed and has no journal position/],
  ['a refund', { leg: only(original.txn, { refundedMinor: 9n }) }, /refunds of 0+1 differ from what its leg says by 0\.01 taken/],
  ['a state', { leg: only(spend.txn, { state: 'aborted' }) }, /is aborted and has a journal position/],
  ['a sequence', { account: (row) => ({ ...row, lastSeq: 1 }) }, /above its last 1/],
  ['the totals', { meta: { totals: new Map() } }, /balances in USD add up to 1\.93, but the bucket's totals say 0\.00/],
  ['the issued money', { meta: { issued: new Map() } }, /opening balances in USD add up to 2\.00, but the bucket's issued money say 0\.00/],
  ['the count', { meta: { accountCount: 3 } }, /has 2 accounts, but counts 3/],
  ['a lock token', { meta: { lockSeq: 0 } }, /Lock a1 has token 1/],
])('%s that was tampered with is named', (_name, tamper, expected) => {
  expect(audit(sound(), tamper).join('\n')).toMatch(expected);
});

test('a leg without its account is named', () => {
  const a = sound();
  const report = checkBucket(a.ledger.meta(), slotOf, { accounts: [], legs: a.rows.sortedLegs().slice(0, 1), outcomes: [], locks: [] });
  expect(report.differences.join()).toMatch(/is committed on a1, which is no account/);
});

test('the text of a row does not depend on the order of its fields', () => {
  const row = sound().account('a1');
  const reversed = Object.fromEntries(Object.entries(row).reverse()) as unknown as AccountRow;
  expect(rowText(reversed)).toBe(rowText(row));
  expect(rowText({ ...row, balanceMinor: row.balanceMinor + 1n })).not.toBe(rowText(row));
});
