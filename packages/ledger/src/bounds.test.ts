/** Every sum that a bucket keeps has an end, and what would pass it is refused by name before anything is promised. */
import { body, change, commit, create, decideCommit, leg, lock, pay, payment, POLICY, prepare, rollback, txn, USD, type Payment } from './testing/builders';
import { TestBucket } from './testing/test-bucket';
import { LAST_BEGINNING_INDEX, LAST_BEGINNING_REV } from './room';
import { emptyBucket, Ledger, MemoryRows, type Instruction } from './index';

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
const UNLIMITED = { ...POLICY, maximumAmountMinor: MAX };
const authorization = (n: number, amount: bigint, account = 'a1'): Payment =>
  payment(n, body('authorization', [leg(account, 'authorize', amount)], { expiresAtMs: 1_700_000_900_000 }));

function bucket(steps: readonly Instruction[], semanticsVersion?: number): TestBucket {
  const made = new TestBucket('a', semanticsVersion, UNLIMITED);
  for (const step of steps) made.run(step);
  return made;
}

describe('holds', () => {
  const bottomless = create('a1', 0n, { minimumMinor: MIN });
  const full = [bottomless, decideCommit(authorization(1, MAX))];

  test.each<[string, readonly Instruction[], Instruction, object]>([
    [
      'an authorization',
      full,
      prepare(authorization(2, 1n), 'a1'),
      { held: '92233720368547758.07', needed: '0.01', maximum: '92233720368547758.07', currency: 'USD' },
    ],
    ['a payment', full, prepare(payment(2, pay('a1', 'b1', 1n)), 'a1'), { needed: '0.01' }],
    [
      'beside prepared payments',
      [bottomless, prepare(payment(1, pay('a1', 'b1', MAX - 4n)), 'a1')],
      prepare(payment(2, pay('a1', 'b1', 5n)), 'a1'),
      { needed: '0.05' },
    ],
    [
      'with a balance at its other end',
      [create('a1', MAX, { minimumMinor: MIN }), prepare(authorization(1, MAX), 'a1')],
      prepare(authorization(2, MAX), 'a1'),
      {},
    ],
  ])('%s beyond 64 bits is refused', (_name, steps, instruction, facts) => {
    const a = bucket(steps);
    expect(a.run(instruction)).toMatchObject({ kind: 'refused', refusal: { name: 'HOLDS_OVERFLOW', account: 'a1', facts } });
    expect(a.differences()).toEqual([]);
  });

  test('at home the payment is aborted for it, and its key stays with that', () => {
    const a = bucket(full);
    expect(a.run(decideCommit(authorization(2, 1n)))).toMatchObject({
      kind: 'decided',
      outcome: { decision: { kind: 'aborted', reason: { name: 'HOLDS_OVERFLOW' } } },
    });
    expect(a.account('a1').holdsMinor).toBe(MAX);
  });

  test('what is freed can be held again, up to the last unit', () => {
    const a = bucket([bottomless, prepare(payment(1, pay('a1', 'b1', MAX)), 'a1')]);
    a.run(rollback(payment(1, pay('a1', 'b1', MAX)), 'a1'));
    expect(a.run(decideCommit(authorization(2, MAX)))).toMatchObject({ outcome: { decision: { kind: 'committed' } } });
    expect(a.account('a1').holdsMinor).toBe(MAX);
  });

  test('a debit down to the lowest balance there is', () => {
    const a = bucket([bottomless]);
    for (const [n, amount] of [
      [1, MAX],
      [2, 1n],
    ] as const) {
      a.run(prepare(payment(n, pay('a1', 'b1', amount)), 'a1'));
      a.run(commit(payment(n, pay('a1', 'b1', amount)), 'a1'));
    }
    expect(a.account('a1').balanceMinor).toBe(MIN);
    expect(a.run(prepare(payment(3, pay('a1', 'b1', 1n)), 'a1'))).toMatchObject({ refusal: { name: 'INSUFFICIENT_FUNDS' } });
  });

  /** Before version 3 it was promised; a log that says so is not read otherwise, and stops where no row can hold it. */
  test.each([1, 2])('under version %i of the semantics the entry stops the replica', (version) => {
    const old = bucket(full, version);
    expect(() => old.run(prepare(authorization(2, 1n), 'a1'))).toThrow(/fit 64 bits/);
  });
});

describe('pending credits of an account far below zero', () => {
  const spent = payment(1, pay('a1', 'b1', MAX));
  const coming = payment(2, pay('b1', 'a1', MAX));
  const full = [create('a1', 0n, { minimumMinor: MIN }), prepare(spent, 'a1'), commit(spent, 'a1'), prepare(coming, 'a1')];
  const more = payment(3, pay('b1', 'a1', 1n));

  test('beyond 64 bits they are refused, though with the balance they would fit', () => {
    const a = bucket(full);
    expect(a.account('a1')).toMatchObject({ balanceMinor: -MAX, pendingCreditsMinor: MAX });
    expect(a.run(prepare(more, 'a1'))).toMatchObject({ kind: 'refused', refusal: { name: 'BALANCE_OVERFLOW', account: 'a1' } });
    a.run(commit(coming, 'a1'));
    expect(a.run(prepare(more, 'a1'))).toMatchObject({ kind: 'prepared' });
    expect(a.differences()).toEqual([]);
  });

  /** Before version 5 they were promised; the entry stops the replica, for no row can hold it. */
  test.each([3, 4])('under version %i of the semantics the entry stops the replica', (version) => {
    const old = bucket(full, version);
    expect(() => old.run(prepare(more, 'a1'))).toThrow(/fit 64 bits/);
  });
});

test('totals of a bucket go beyond 64 bits, exactly', () => {
  const a = bucket([create('a1', MAX)]);
  a.run(create('a2', 0n, { minimumMinor: MIN }));
  const incoming = payment(1, pay('b1', 'a2', MAX));
  a.run(prepare(incoming, 'a2'));
  a.run(commit(incoming, 'a2'));
  expect(a.ledger.meta().totals.get(USD)).toBe(MAX + MAX);
  expect(a.differences()).toEqual([]);
});

describe('a bucket near the end of its counters begins nothing, and ends what it began', () => {
  const begun = payment(1, pay('a1', 'b1', 5n));
  const beginnings: readonly [string, Instruction][] = [
    ['prepare', prepare(payment(2, pay('a1', 'b1', 1n)), 'a1')],
    ['create-account', create('a9', 0n)],
    ['change-account', change(3, 'a1', { kind: 'freeze' })],
    ['acquire-lock', lock('a1', 'owner')],
    [
      'bind-id',
      {
        kind: 'bind-id',
        txn: txn(7),
        key: payment(7, pay('a1', 'b1', 1n)).key,
        homeSlot: payment(7, pay('a1', 'b1', 1n)).homeSlot,
        body: body('payment', [], { memo: 'x' }),
        subject: begun.subject,
      },
    ],
    ['decide-commit', decideCommit(authorization(4, 1n))],
  ];

  test.each(beginnings)('%s, by its index', (_kind, instruction) => {
    const a = bucket([create('a1', 100n), prepare(begun, 'a1')]);
    a.nextIndex = LAST_BEGINNING_INDEX;
    expect(a.run(instruction)).toMatchObject({ kind: 'refused', refusal: { name: 'BUCKET_FULL' } });
    expect(a.run(commit(begun, 'a1'))).toMatchObject({ kind: 'leg-ended' });
    expect(a.run(rollback(payment(5, pay('a1', 'b1', 1n)), 'a1'))).toMatchObject({ kind: 'leg-ended', leg: { state: 'aborted' } });
    expect(Number.isSafeInteger(a.account('a1').lastSeq)).toBe(true);
  });

  test('by its rev', () => {
    const ledger = new Ledger(
      { ...emptyBucket(1 as never), policy: POLICY, slots: [{ from: 1 as never, to: 1 as never }], semanticsVersion: 3, rev: LAST_BEGINNING_REV },
      { prepared: [], openAuthorizations: [], undelivered: [], locks: [] },
      () => 1 as never,
      () => 1 as never,
    );
    expect(ledger.apply({ stampMs: 1, behindUs: null, instructions: [create('a1', 1n)] }, new MemoryRows(), 5)).toMatchObject([
      { kind: 'refused', refusal: { name: 'BUCKET_FULL' } },
    ]);
  });
});
