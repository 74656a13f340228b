/** The life of an account, and its idempotency by key and txn. */
import { accountNumber, parsePaymentId, paymentKey, splitPaymentKey, txnId } from '@mas/values';
import { acc, change, create, decideCommit, key, OPERATOR, pay, payment, prepare, SYSTEM, txn, USD } from './testing/builders';
import { TestBucket } from './testing/test-bucket';
import {
  changeBody,
  changeRecordKey,
  creationBody,
  differingRequestField,
  emptyBucket,
  Ledger,
  matchesNumberPattern,
  MemoryRows,
  PaymentBody,
  requestNamed,
  SEMANTICS_VERSION,
  UnknownSemantics,
  type Instruction,
  type Policy,
} from './index';

const bucket = (...steps: readonly Instruction[]): TestBucket => bucketOfVersion(SEMANTICS_VERSION, ...steps);
const bucketOfVersion = (version: number, ...steps: readonly Instruction[]): TestBucket => {
  const made = new TestBucket('a', version);
  for (const step of steps) made.run(step);
  return made;
};
const policy = (more: Partial<Policy>): Instruction => ({
  kind: 'set-policy',
  policy: { version: 2, numberPattern: 'any', minimumBalanceMinor: 10n, maximumAmountMinor: 1000n, ...more },
  semanticsVersion: 1,
  subject: OPERATOR,
});

test('creation issues money; its retry finds it', () => {
  const a = bucket();
  expect(a.run(create('a1', 70n))).toMatchObject({
    kind: 'account',
    fresh: true,
    account: { number: 'a1', slot: 1, balanceMinor: 70n, status: 'open', rev: 1 },
  });
  expect(a.run(create('a1', 70n))).toMatchObject({ kind: 'account', fresh: false, account: { balanceMinor: 70n } });
  expect(a.ledger.meta()).toMatchObject({ accountCount: 1, issued: new Map([[USD, 70n]]), totals: new Map([[USD, 70n]]) });
});

test('a retry is answered with the account as it is now', () => {
  const a = bucket(create('a1', 70n), create('a2', 0n));
  a.run(decideCommit(payment(1, pay('a1', 'a2', 30n))));
  expect(a.run(create('a1', 70n))).toMatchObject({ fresh: false, account: { balanceMinor: 40n } });
});

describe('creation is refused', () => {
  test.each<[string, readonly Instruction[], Instruction, object]>([
    ['to an account’s token', [], create('a1', 1n, { subject: { kind: 'account', account: acc('a1') } }), { name: 'NOT_AUTHORIZED' }],
    ['to the cluster itself', [], create('a1', 1n, { subject: SYSTEM }), { name: 'NOT_AUTHORIZED' }],
    ['where the number is taken', [create('a1', 1n)], create('a1', 1n, { key: key('other') }), { name: 'ACCOUNT_EXISTS', facts: { same_id: 'false' } }],
    ['under the same id with other fields', [create('a1', 1n)], create('a1', 2n, { txn: txn(9) }), { name: 'ACCOUNT_EXISTS', facts: { same_id: 'true' } }],
    [
      'below the policy’s minimum',
      [policy({})],
      create('a1', 9n),
      { name: 'OPENING_BALANCE_BELOW_MINIMUM', facts: { opening: '0.09', minimum: '0.10', currency: 'USD' } },
    ],
    ['below its own minimum', [], create('a1', 9n, { minimumMinor: 20n }), { name: 'OPENING_BALANCE_BELOW_MINIMUM' }],
    ['below zero, whatever the minimum', [], create('a1', -1n, { minimumMinor: -100n }), { name: 'OPENING_BALANCE_BELOW_MINIMUM', facts: { minimum: '0.00' } }],
    [
      'where the number has another form',
      [policy({ numberPattern: 'add' })],
      create('a1', 100n),
      { name: 'ACCOUNT_NUMBER_REFUSED', facts: { pattern: 'add' } },
    ],
    ['where all issued money would exceed 64 bits', [create('a2', 2n ** 63n - 1n)], create('a1', 1n), { name: 'BALANCE_OVERFLOW' }],
  ])('%s', (_name, steps, instruction, refusal) => {
    const a = bucket(...steps);
    const text = a.content();
    expect(a.run(instruction)).toMatchObject({ kind: 'refused', refusal });
    expect(a.content()).toBe(text);
  });
});

test('an own minimum takes the place of the policy’s, also below it', () => {
  expect(bucket(policy({})).run(create('a1', 5n, { minimumMinor: 5n }))).toMatchObject({ account: { minimumMinor: 5n } });
  expect(bucket(policy({})).run(create('a1', 15n))).toMatchObject({ account: { minimumMinor: 10n } });
});

test('a negative minimum lets an account go below zero, as far as that', () => {
  const a = bucket(create('a1', 0n, { minimumMinor: -50n }), create('a2', 0n));
  expect(a.run(decideCommit(payment(1, pay('a1', 'a2', 50n))))).toMatchObject({ outcome: { decision: { kind: 'committed' } } });
  expect(a.run(prepare(payment(2, pay('a1', 'a2', 1n)), 'a1'))).toMatchObject({ kind: 'refused' });
  expect(a.differences()).toEqual([]);
});

describe('changes', () => {
  const freeze = (n: number): Instruction => change(n, 'a1', { kind: 'freeze' });
  const unfreeze = (n: number): Instruction => change(n, 'a1', { kind: 'unfreeze' });
  const close = (n: number): Instruction => change(n, 'a1', { kind: 'close' });
  test.each<[string, readonly Instruction[], Instruction, object]>([
    ['freeze', [], freeze(1), { kind: 'account', fresh: true, account: { status: 'frozen' } }],
    ['freeze, repeated', [freeze(1)], freeze(1), { kind: 'account', fresh: false, account: { status: 'frozen' } }],
    [
      'freeze, repeated after an unfreeze: as it was answered',
      [freeze(1), unfreeze(2), create('a3', 5n), decideCommit(payment(5, pay('a3', 'a1', 5n)))],
      freeze(1),
      { kind: 'account', fresh: false, account: { status: 'frozen', rev: 2, balanceMinor: 100n } },
    ],
    [
      'refused, repeated when it would not be any more: as it was answered',
      [unfreeze(1), freeze(2)],
      unfreeze(1),
      { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_FROZEN', account: 'a1' } },
    ],
    [
      'of an unknown account, repeated when there is one',
      [change(1, 'a3', { kind: 'freeze' }), create('a3', 5n)],
      change(1, 'a3', { kind: 'freeze' }),
      { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_FOUND', account: 'a3' } },
    ],
    [
      'under the id of a refused one',
      [unfreeze(1)],
      change(1, 'a1', { kind: 'freeze' }, { txn: txn(99) }),
      { kind: 'conflict', bound: { body: changeBody(acc('a1'), { kind: 'unfreeze' }) } },
    ],
    ['freeze of a frozen account', [freeze(1)], freeze(2), { kind: 'refused', refusal: { name: 'ACCOUNT_FROZEN' } }],
    ['unfreeze of an open account', [], unfreeze(1), { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_FROZEN' } }],
    ['close with money', [], close(1), { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_EMPTY', facts: { balance: '1.00' } } }],
    ['close at zero', [decideCommit(payment(5, pay('a1', 'a2', 100n)))], close(1), { kind: 'account', account: { status: 'closed' } }],
    [
      'close with a hold',
      [prepare(payment(5, pay('a1', 'a2', 100n)), 'a1')],
      close(1),
      { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_EMPTY', facts: { holds: '1.00' } } },
    ],
    [
      'close of an overdrawable account with a hold',
      [create('a3', 0n, { minimumMinor: -50n }), prepare(payment(5, pay('a3', 'a2', 10n)), 'a3')],
      change(1, 'a3', { kind: 'close' }),
      { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_EMPTY', facts: { balance: '0.00', holds: '0.10' } } },
    ],
    ['anything after close', [decideCommit(payment(5, pay('a1', 'a2', 100n))), close(1)], freeze(2), { kind: 'refused', refusal: { name: 'ACCOUNT_CLOSED' } }],
    ['set-minimum', [], change(1, 'a1', { kind: 'set-minimum', minimumMinor: 100n }), { kind: 'account', account: { minimumMinor: 100n } }],
    [
      'set-minimum above what is there',
      [],
      change(1, 'a1', { kind: 'set-minimum', minimumMinor: 101n }),
      { kind: 'refused', refusal: { name: 'INSUFFICIENT_FUNDS', facts: { available: '1.00', needed: '1.01', minimum: '0.00', currency: 'USD' } } },
    ],
    [
      'by an account’s token',
      [],
      change(1, 'a1', { kind: 'freeze' }, { subject: { kind: 'account', account: acc('a1') } }),
      { kind: 'refused', refusal: { name: 'NOT_AUTHORIZED' } },
    ],
    ['of an unknown account', [], change(1, 'a9', { kind: 'freeze' }), { kind: 'refused', refusal: { name: 'ACCOUNT_NOT_FOUND' } }],
    [
      'under a used id',
      [freeze(1)],
      change(1, 'a1', { kind: 'close' }, { txn: txn(99) }),
      { kind: 'conflict', bound: { body: changeBody(acc('a1'), { kind: 'freeze' }) } },
    ],
  ])('%s', (_name, steps, instruction, expected) => {
    const a = bucket(create('a1', 100n), create('a2', 0n), ...steps);
    expect(a.run(instruction)).toMatchObject(expected);
    expect(a.differences()).toEqual([]);
  });

  test('repeated late it changes nothing', () => {
    const a = bucket(create('a1', 100n), freeze(1), unfreeze(2), change(3, 'a1', { kind: 'close' }));
    const before = a.content();
    expect([freeze(1), unfreeze(2), change(3, 'a1', { kind: 'close' })].map((one) => a.run(one).kind)).toEqual(['account', 'account', 'refused']);
    expect([a.account('a1').status, a.content()]).toEqual(['open', before]);
  });

  test('in a log of version 1 a refusal is not recorded, and a repetition is answered with the account as it is', () => {
    const a = bucketOfVersion(1, create('a1', 100n), freeze(1));
    expect(a.run(freeze(2))).toMatchObject({ kind: 'refused', refusal: { name: 'ACCOUNT_FROZEN' } });
    expect(a.run(unfreeze(3))).toMatchObject({ kind: 'account', fresh: true });
    expect(a.run(freeze(1))).toMatchObject({ kind: 'account', fresh: false, account: { status: 'open' } });
    expect(a.run(freeze(2))).toMatchObject({ kind: 'account', fresh: true, account: { status: 'frozen' } });
  });
});

test('only a newer policy is taken, and accounts keep their minimum', () => {
  const a = bucket(create('a1', 5n), policy({ version: 3 }), policy({ version: 2, maximumAmountMinor: 7n }));
  expect(a.ledger.meta().policy).toMatchObject({ version: 3, maximumAmountMinor: 1000n });
  expect(a.account('a1').minimumMinor).toBe(0n);
  expect(a.run({ ...policy({ version: 9 }), subject: { kind: 'account', account: acc('a1') } } as Instruction)).toMatchObject({ kind: 'refused' });
});

test('a check says what would be refused, and changes nothing', () => {
  const a = bucket();
  const before = a.content();
  expect(a.run(create('a1', 70n, { checkOnly: true }))).toEqual({ kind: 'done' });
  expect(a.run(create('a1', 1n, { minimumMinor: 2n, checkOnly: true }))).toMatchObject({ kind: 'refused', refusal: { name: 'OPENING_BALANCE_BELOW_MINIMUM' } });
  expect(a.content()).toBe(before);
  a.run(create('a1', 70n));
  expect(a.run(create('a1', 70n, { checkOnly: true }))).toMatchObject({ kind: 'account', fresh: false });
});

test('an id belongs to the request that bound it first, also against payments', () => {
  const a = bucket(create('a1', 70n));
  const body = creationBody({ number: acc('a2'), currency: USD, openingBalanceMinor: 1n, minimumMinor: null, owner: '' });
  const payments = payment(1, pay('a1', 'b1', 5n));
  const bind = { kind: 'bind-id', txn: txn(77), key: payments.key, homeSlot: payments.homeSlot, body, subject: OPERATOR } as const;
  expect(a.run(bind)).toMatchObject({ kind: 'decided', fresh: true, outcome: { txn: txn(77), untold: [] } });
  expect(a.run(bind)).toMatchObject({ kind: 'decided', fresh: false });
  expect(a.run({ ...bind, txn: txn(78) })).toMatchObject({ kind: 'conflict', bound: { txn: txn(77) } });
  expect(a.run(decideCommit(payments, ['b1']))).toMatchObject({ kind: 'conflict' });
  expect(a.differences()).toEqual([]);
});

test('a change is recorded in the home of its key or not at all, whoever has proposed it', () => {
  const a = bucket(create('a1', 70n), create('a2', 5n));
  const before = a.content();
  // Both slots are this bucket's; a retry would look in slot 2 and not find what is recorded in slot 1.
  expect(a.run(change(1, 'a1', { kind: 'freeze' }, { key: key('2.change-1') }))).toMatchObject({
    kind: 'refused',
    refusal: { name: 'NOT_AUTHORIZED', facts: { home_slot: '2', slot: '1' } },
  });
  expect(a.run(change(1, 'a1', { kind: 'freeze' }, { key: key('102.change-1') }))).toMatchObject({ kind: 'refused', refusal: { name: 'NOT_AUTHORIZED' } });
  expect(a.content()).toBe(before);
});

describe('requests under one id', () => {
  const creation = (more: object = {}): PaymentBody =>
    creationBody({ number: acc('a1'), currency: USD, openingBalanceMinor: 1n, minimumMinor: null, owner: 'x', ...more });
  const [freeze, other, close] = [
    changeBody(acc('a1'), { kind: 'freeze' }),
    changeBody(acc('a2'), { kind: 'freeze' }),
    changeBody(acc('a1'), { kind: 'close' }),
  ];
  const minimum = (minimumMinor: bigint): PaymentBody => changeBody(acc('a1'), { kind: 'set-minimum', minimumMinor });
  const { body: paid } = payment(1, pay('a1', 'b1', 5n));
  test.each<[string, PaymentBody, PaymentBody, string | null]>([
    ['another number', creation(), creation({ number: acc('a9') }), 'number'],
    ['another opening balance', creation(), creation({ openingBalanceMinor: 9n }), 'opening_balance'],
    ['another minimum', creation(), creation({ minimumMinor: 9n }), 'minimum_balance'],
    ['another owner', creation(), creation({ owner: 'y' }), 'owner'],
    ['the same creation', creation(), creation(), null],
    ['a change of another account', freeze, other, 'number'],
    ['another change', freeze, close, 'change'],
    ['another new minimum', minimum(1n), minimum(2n), 'minimum_balance'],
    ['the same change', freeze, freeze, null],
    ['a creation and a change', creation(), freeze, 'kind'],
    ['a change and a payment', freeze, paid, 'kind'],
    ['a payment and a creation', paid, creation(), 'kind'],
    ['two payments', paid, PaymentBody.of({ ...paid, memo: 'x' }), 'memo'],
    ['what another build wrote', PaymentBody.of({ ...freeze, memo: 'not JSON' }), freeze, 'number'],
  ])('%s', (_name, a, b, field) => {
    expect([differingRequestField(a, b), differingRequestField(b, a)]).toEqual([field, field]);
  });

  test('are named for people', () => {
    expect([creation(), freeze, paid, { ...paid, kind: 'authorization' as const }].map(requestNamed)).toEqual([
      'the creation of account a1',
      'freeze of account a1',
      'a payment',
      'an authorization',
    ]);
  });

  test('a change is recorded under an id that its account lives with, that no caller can choose and that fits, however long the account’s and its own are', () => {
    const [long, number] = [paymentKey('mas|ops', 'x'.repeat(128)), accountNumber('9'.repeat(64))];
    const { scope, id } = splitPaymentKey(changeRecordKey(long, txn(7), number));
    expect([scope, id.startsWith(`{${number}} `), id.length <= 128, parsePaymentId(id).ok]).toEqual(['mas|ops', true, true, false]);
    expect(changeRecordKey(long, txn(7), number)).not.toBe(changeRecordKey(long, txnId('e'.repeat(64)), number));
  });
});

describe('a meaning of instructions that this build does not know', () => {
  const newer = SEMANTICS_VERSION + 1;

  test('stops the replica at the entry that brings it, by name', () => {
    const a = bucket(create('a1', 5n));
    const before = a.ledger.meta();
    const raise: Instruction = { ...policy({ version: 9 }), semanticsVersion: newer } as Instruction;
    expect(() => a.ledger.apply({ stampMs: 9, behindUs: null, instructions: [raise] }, new MemoryRows(), 99)).toThrow(UnknownSemantics);
    expect(() => a.ledger.apply({ stampMs: 9, behindUs: null, instructions: [raise] }, new MemoryRows(), 99)).toThrow(/upgrade it/);
    expect(a.ledger.meta()).toMatchObject({ policy: before.policy, semanticsVersion: SEMANTICS_VERSION });
  });

  test('stops it when rows or a snapshot bring it', () => {
    const pinned = { prepared: [], openAuthorizations: [], undelivered: [], locks: [] };
    expect(
      () =>
        new Ledger(
          { ...emptyBucket(1 as never), semanticsVersion: newer },
          pinned,
          () => 5 as never,
          () => 5 as never,
        ),
    ).toThrow(UnknownSemantics);
  });

  test('a known one stays with the bucket', () => {
    const a = bucket(policy({ version: 9 }));
    expect(a.ledger.meta()).toMatchObject({ semanticsVersion: SEMANTICS_VERSION, policy: { version: 9 } });
    const old = new TestBucket('a', 1);
    old.run({ ...policy({ version: 1 }), semanticsVersion: SEMANTICS_VERSION } as Instruction);
    expect(old.ledger.meta()).toMatchObject({ semanticsVersion: SEMANTICS_VERSION, policy: { version: 1, numberPattern: 'any' } });
  });
});

test('a bucket begins once, and owns nothing before', () => {
  const ledger = new Ledger(
    emptyBucket(1 as never),
    { prepared: [], openAuthorizations: [], undelivered: [], locks: [] },
    () => 5 as never,
    () => 5 as never,
  );
  const outcomes = ledger.apply({ stampMs: 1, behindUs: null, instructions: [create('a1', 1n)] }, new MemoryRows(), 1);
  expect(outcomes).toMatchObject([{ kind: 'wrong-bucket' }]);
  const a = bucket(create('a1', 1n));
  const before = a.content();
  a.run({
    kind: 'genesis',
    slots: [],
    epoch: 9,
    policy: { version: 9, numberPattern: 'x', minimumBalanceMinor: 0n, maximumAmountMinor: 1n },
    semanticsVersion: 1,
  });
  expect(a.content()).toBe(before);
});

test.each([
  ['9090-8912-1209-0098', 'dddd-dddd-dddd-dddd', true],
  ['9090-8912-1209-009', 'dddd-dddd-dddd-dddd', false],
  ['9090-8912-1209-009x', 'dddd-dddd-dddd-dddd', false],
  ['9090.8912-1209-0098', 'dddd-dddd-dddd-dddd', false],
  ['abc', 'any', true],
  ['abc', 'abc', true],
  ['abd', 'abc', false],
])('%s in the form %s: %s', (number, pattern, expected) => {
  expect(matchesNumberPattern(number, pattern)).toBe(expected);
});
