/** One leg through PREPARE, COMMIT and ROLLBACK, in every order: what each answers and what becomes of the account. */
import { acc, body, change, commit, create, leg, pay, payment, POLICY, prepare, rollback, SYSTEM, type Payment } from './testing/builders';
import { TestBucket } from './testing/test-bucket';
import type { Instruction } from './index';

// The payer lives in bucket a with its home; the legs under test live in bucket b.
const credit: Payment = payment(1, pay('a1', 'b1', 40n));
const debit: Payment = payment(2, pay('b1', 'a1', 40n), { homeSlot: payment(1, pay('a1', 'b1', 1n)).homeSlot });

function bucketB(): TestBucket {
  const bucket = new TestBucket('b');
  bucket.run(create('b1', 100n));
  return bucket;
}

const money = (bucket: TestBucket): readonly bigint[] => {
  const { balanceMinor, holdsMinor, pendingCreditsMinor } = bucket.account('b1');
  return [balanceMinor, holdsMinor, pendingCreditsMinor];
};

describe('balance, holds, pending credits after', () => {
  test.each<[string, Payment, readonly ('P' | 'C' | 'R')[], readonly bigint[], string]>([
    ['a prepared credit', credit, ['P'], [100n, 0n, 40n], 'prepared'],
    ['a prepared debit', debit, ['P'], [100n, 40n, 0n], 'prepared'],
    ['prepared twice', debit, ['P', 'P'], [100n, 40n, 0n], 'prepared'],
    ['a committed credit', credit, ['P', 'C'], [140n, 0n, 0n], 'leg-ended'],
    ['a committed debit', debit, ['P', 'C'], [60n, 0n, 0n], 'leg-ended'],
    ['committed twice', debit, ['P', 'C', 'C'], [60n, 0n, 0n], 'leg-ended'],
    ['a late prepare after commit', debit, ['P', 'C', 'P'], [60n, 0n, 0n], 'leg-ended'],
    ['a rolled back credit', credit, ['P', 'R'], [100n, 0n, 0n], 'leg-ended'],
    ['a rolled back debit', debit, ['P', 'R'], [100n, 0n, 0n], 'leg-ended'],
    ['rolled back twice', debit, ['P', 'R', 'R'], [100n, 0n, 0n], 'leg-ended'],
    ['a rollback without prepare', debit, ['R'], [100n, 0n, 0n], 'leg-ended'],
    ['a late prepare after that', debit, ['R', 'P'], [100n, 0n, 0n], 'leg-ended'],
    ['a commit without prepare', debit, ['C'], [100n, 0n, 0n], 'alarm'],
    ['a commit after rollback', debit, ['P', 'R', 'C'], [100n, 0n, 0n], 'alarm'],
    ['a rollback after commit', debit, ['P', 'C', 'R'], [60n, 0n, 0n], 'alarm'],
  ])('%s', (_name, p, steps, expected, last) => {
    const bucket = bucketB();
    const outcomes = steps.map((step) => bucket.run({ P: prepare(p, 'b1'), C: commit(p, 'b1'), R: rollback(p, 'b1') }[step]));
    expect(money(bucket)).toEqual(expected);
    expect(outcomes.at(-1)?.kind).toBe(last);
    expect(bucket.differences()).toEqual([]);
  });

  test('each alarm has its name', () => {
    const bucket = bucketB();
    expect(bucket.run(commit(debit, 'b1'))).toMatchObject({ alarm: { name: 'COMMIT_WITHOUT_PREPARE', account: 'b1' } });
    bucket.run(rollback(debit, 'b1'));
    expect(bucket.run(commit(debit, 'b1'))).toMatchObject({ alarm: { name: 'COMMIT_OF_ABORTED_LEG' } });
    bucket.run(prepare(credit, 'b1'));
    bucket.run(commit(credit, 'b1'));
    expect(bucket.run(rollback(credit, 'b1'))).toMatchObject({ alarm: { name: 'ROLLBACK_OF_COMMITTED_LEG' } });
  });
});

describe('PREPARE refuses, recording nothing', () => {
  const jpy = body('payment', [
    { ...leg('b1', 'debit', 5n), currency: 'JPY' as never },
    { ...leg('c1', 'credit', 5n), currency: 'JPY' as never },
  ]);
  test.each<[string, readonly Instruction[], Instruction, object]>([
    [
      'a debit by another account',
      [],
      prepare(debit, 'b1', { subject: { kind: 'account', account: acc('a1') } }),
      { name: 'NOT_AUTHORIZED', facts: { subject: 'a1' } },
    ],
    [
      'a credit whose debit is another account’s',
      [],
      prepare(credit, 'b1', { subject: { kind: 'account', account: acc('b1') } }),
      { name: 'NOT_AUTHORIZED', account: 'a1' },
    ],
    ['the cluster itself', [], prepare(credit, 'b1', { subject: SYSTEM }), { name: 'NOT_AUTHORIZED' }],
    ['an unknown account', [], prepare(payment(3, pay('a1', 'b9', 1n)), 'b9'), { name: 'ACCOUNT_NOT_FOUND', account: 'b9' }],
    ['a closed account', [create('b2', 0n), change(9, 'b2', { kind: 'close' })], prepare(payment(3, pay('a1', 'b2', 1n)), 'b2'), { name: 'ACCOUNT_CLOSED' }],
    ['a frozen account', [change(9, 'b1', { kind: 'freeze' })], prepare(credit, 'b1'), { name: 'ACCOUNT_FROZEN' }],
    ['another currency', [], prepare(payment(3, jpy), 'b1'), { name: 'CURRENCY_MISMATCH', facts: { account: 'USD', payment: 'JPY' } }],
    [
      'more than the policy allows',
      [],
      prepare(payment(3, pay('a1', 'b1', POLICY.maximumAmountMinor + 1n)), 'b1'),
      { name: 'AMOUNT_ABOVE_MAXIMUM', facts: { amount: '10000000.01', maximum: '10000000.00', currency: 'USD' } },
    ],
    [
      'more than there is',
      [],
      prepare(payment(3, pay('b1', 'a1', 101n)), 'b1'),
      { name: 'INSUFFICIENT_FUNDS', facts: { available: '1.00', needed: '1.01', minimum: '0.00', currency: 'USD' } },
    ],
    [
      'more than is free',
      [prepare(debit, 'b1')],
      prepare(payment(3, pay('b1', 'a1', 61n)), 'b1'),
      { name: 'INSUFFICIENT_FUNDS', facts: { available: '0.60', needed: '0.61', minimum: '0.00', currency: 'USD' } },
    ],
    [
      'what would go below the minimum',
      [create('b2', 100n, { minimumMinor: 90n })],
      prepare(payment(3, pay('b2', 'a1', 11n)), 'b2'),
      { name: 'INSUFFICIENT_FUNDS', facts: { available: '0.10', needed: '0.11', minimum: '0.90', currency: 'USD' } },
    ],
    ['a credit beyond 64 bits', [create('b2', 2n ** 63n - 150n)], prepare(payment(3, pay('a1', 'b2', 150n)), 'b2'), { name: 'BALANCE_OVERFLOW' }],
    [
      'a credit beyond 64 bits with what is pending',
      [create('b2', 2n ** 63n - 150n), prepare(payment(4, pay('a1', 'b2', 100n)), 'b2')],
      prepare(payment(3, pay('a1', 'b2', 50n)), 'b2'),
      { name: 'BALANCE_OVERFLOW', facts: { amount: '0.50', currency: 'USD' } },
    ],
  ])('%s', (_name, before, instruction, refusal) => {
    const bucket = bucketB();
    for (const each of before) bucket.run(each);
    const text = bucket.content();
    expect(bucket.run(instruction)).toMatchObject({ kind: 'refused', refusal });
    expect(bucket.content()).toBe(text);
  });

  test('down to the last free unit is not too much', () => {
    const bucket = bucketB();
    bucket.run(prepare(debit, 'b1'));
    expect(bucket.run(prepare(payment(3, pay('b1', 'a1', 60n)), 'b1')).kind).toBe('prepared');
  });
});

test('a promise is kept whatever happens to the account', () => {
  const bucket = bucketB();
  bucket.run(prepare(debit, 'b1'));
  bucket.run(change(9, 'b1', { kind: 'freeze' }));
  expect(bucket.run(commit(debit, 'b1')).kind).toBe('leg-ended');
  expect(money(bucket)).toEqual([60n, 0n, 0n]);
});

test('a slot that is not owned is never guessed at', () => {
  const bucket = bucketB();
  const wrong = { kind: 'wrong-bucket', slot: 1, epoch: 1 };
  expect(bucket.run(prepare(credit, 'a1'))).toEqual(wrong);
  expect(bucket.run(commit(credit, 'a1'))).toEqual(wrong);
  expect(bucket.run(rollback(credit, 'a1'))).toEqual(wrong);
});

test('seq rises with the log index and the position in the entry, journal positions with the commits', () => {
  const bucket = bucketB();
  bucket.runEntry([prepare(debit, 'b1'), prepare(credit, 'b1'), create('b2', 0n)]);
  expect(bucket.account('b2').lastSeq).toBe(3 * 4096 + 2);
  bucket.run(commit(credit, 'b1'));
  bucket.run(commit(debit, 'b1'));
  const [first, second] = [bucket.leg('b1', debit.txn), bucket.leg('b1', credit.txn)];
  expect([first?.seq, second?.seq]).toEqual([3 * 4096, 3 * 4096 + 1]);
  expect([first?.journal, second?.journal]).toEqual([
    { seq: 2, balanceAfterMinor: 100n },
    { seq: 1, balanceAfterMinor: 140n },
  ]);
});

test('a tombstone for a number without an account keeps a late prepare out when the account comes', () => {
  const bucket = bucketB();
  const p = payment(3, pay('a1', 'b9', 1n));
  bucket.run(rollback(p, 'b9'));
  bucket.run(create('b9', 5n));
  expect(bucket.run(prepare(p, 'b9'))).toMatchObject({ kind: 'leg-ended', leg: { state: 'aborted' } });
  expect(bucket.account('b9').lastSeq).toBeGreaterThan(bucket.leg('b9', p.txn)?.seq ?? Infinity);
});
