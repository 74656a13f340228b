/** The home decides once per key: legs that live there end in the same entry, the others wait to be told. */
import {
  acc,
  acknowledge,
  body,
  change,
  CANCELLED,
  commit,
  create,
  decideAbort,
  decideCommit,
  force,
  leg,
  lock,
  pay,
  payment,
  prepare,
  resolve,
  rollback,
  SYSTEM,
  txn,
  type Payment,
} from './testing/builders';
import { MAX_FORCED_RESOLUTIONS } from './decide';
import { TestBucket } from './testing/test-bucket';
import type { Instruction, Outcome } from './index';

const across = payment(1, pay('a1', 'b1', 40n));
const inside = payment(2, pay('a1', 'a2', 40n));
/** Known decisions to compare with. */
const decision = (outcome: Outcome): string =>
  outcome.kind === 'decided' ? `${outcome.outcome.decision.kind}${outcome.fresh ? '' : ' before'}` : outcome.kind;

function bucketA(): TestBucket {
  const bucket = new TestBucket('a');
  bucket.run(create('a1', 100n));
  bucket.run(create('a2', 100n));
  return bucket;
}

const balances = (bucket: TestBucket): readonly bigint[] => [bucket.account('a1').balanceMinor, bucket.account('a2').balanceMinor];

test('all legs at home: one entry decides and applies', () => {
  const bucket = bucketA();
  const outcome = bucket.run(decideCommit(inside));
  expect(outcome).toMatchObject({
    kind: 'decided',
    fresh: true,
    outcome: {
      decision: { kind: 'committed' },
      untold: [],
      balances: [
        { account: 'a1', balanceMinor: 60n },
        { account: 'a2', balanceMinor: 140n },
      ],
    },
  });
  expect(balances(bucket)).toEqual([60n, 140n]);
  expect(bucket.ledger.preparedCount).toBe(0);
});

test('across buckets: the remote leg is told, and no longer once it has acknowledged', () => {
  const bucket = bucketA();
  expect(bucket.run(decideCommit(across, ['b1']))).toMatchObject({ outcome: { untold: [{ account: 'b1' }] } });
  expect([...bucket.ledger.undelivered()].map((row) => row.key)).toEqual([across.key]);
  expect(bucket.run(acknowledge(across, 'b1')).kind).toBe('done');
  expect([...bucket.ledger.undelivered()]).toEqual([]);
  expect(bucket.run(acknowledge(across, 'b1')).kind).toBe('done');
  expect(bucket.run(acknowledge(inside, 'b1'))).toMatchObject({ alarm: { name: 'UNKNOWN_OUTCOME_ACKNOWLEDGED' } });
});

describe('the first decision wins', () => {
  const steps = { commit: decideCommit(across, ['b1']), abort: decideAbort(across), resolve: resolve(across) };
  test.each<[readonly (keyof typeof steps)[], readonly string[], bigint]>([
    [['commit', 'commit'], ['committed', 'committed before'], 60n],
    [['commit', 'abort', 'resolve'], ['committed', 'committed before', 'committed before'], 60n],
    [['abort', 'commit', 'resolve'], ['aborted', 'aborted before', 'aborted before'], 100n],
    [['resolve', 'commit', 'abort'], ['aborted', 'aborted before', 'aborted before'], 100n],
  ])('%j', (names, expected, balance) => {
    const bucket = bucketA();
    expect(names.map((name) => decision(bucket.run(steps[name])))).toEqual(expected);
    expect(bucket.account('a1').balanceMinor).toBe(balance);
  });
});

test('an undecided payment that is asked about is aborted as abandoned, under the name of who asked', () => {
  const bucket = bucketA();
  expect(bucket.run(force(across, 7))).toMatchObject({
    outcome: {
      decision: { kind: 'aborted', reason: { name: 'ABANDONED' } },
      subject: { name: 'mas|eve' },
      forced: [{ operator: 'mas|eve', askedAtMs: 7, txn: across.txn }],
    },
  });
});

describe('what operators force is kept with the record', () => {
  const forced = (bucket: TestBucket): readonly string[] | undefined =>
    bucket.rows.outcome(across.key)?.forced.map((one) => `${one.operator} ${one.askedAtMs} ${one.txn === across.txn ? 'it' : 'another'}`);

  test('also where all was decided before; a repetition adds nothing, another operator and another time do', () => {
    const bucket = bucketA();
    const { outcome } = bucket.run(decideCommit(across, ['b1'])) as Extract<Outcome, { kind: 'decided' }>;
    expect(bucket.run(force(across, 7))).toEqual({
      kind: 'decided',
      fresh: false,
      outcome: { ...outcome, forced: [{ operator: 'mas|eve', askedAtMs: 7, txn: across.txn }] },
    });
    bucket.repeat(force(across, 7));
    for (const again of [force(across, 8), force(across, 8, 'mas|joe')]) bucket.run(again);
    expect(forced(bucket)).toEqual(['mas|eve 7 it', 'mas|eve 8 it', 'mas|joe 8 it']);
  });

  test('also where the id belongs to another transaction', () => {
    const bucket = bucketA();
    bucket.run(decideCommit(across, ['b1']));
    expect(bucket.run(force({ ...payment(9, pay('a1', 'b1', 41n)), key: across.key }, 7))).toMatchObject({ kind: 'conflict', bound: { txn: across.txn } });
    expect(forced(bucket)).toEqual(['mas|eve 7 another']);
  });

  test('the participants’ own questions are not; and a record keeps the latest only', () => {
    const bucket = bucketA();
    for (let n = 0; n <= MAX_FORCED_RESOLUTIONS; n += 1) bucket.run(force(across, n));
    bucket.run(resolve(across));
    expect([forced(bucket)?.length, forced(bucket)?.[0], bucket.differences()]).toEqual([MAX_FORCED_RESOLUTIONS, 'mas|eve 1 it', []]);
  });
});

describe('a key is bound to one txn', () => {
  const other: Payment = { ...payment(9, pay('a1', 'b1', 41n)), key: across.key };
  // As a request that was begun before an upgrade and comes again after it: whoever commits its legs because the body is the same moves the money twice.
  const again: Payment = { ...across, txn: txn(9) };
  test.each([
    ['commit of another body', decideCommit(other, ['b1'])],
    ['abort of another body', decideAbort(other)],
    ['resolve of another body', resolve(other)],
    ['commit of the same body under another txn', decideCommit(again, ['b1'])],
    ['abort of the same body under another txn', decideAbort(again)],
    ['resolve of the same body under another txn', resolve(again)],
  ])('%s', (_name, instruction) => {
    const bucket = bucketA();
    bucket.run(decideCommit(across, ['b1']));
    const text = bucket.content();
    expect(bucket.run(instruction)).toMatchObject({ kind: 'conflict', bound: { txn: across.txn } });
    expect(bucket.content()).toBe(text);
  });
});

describe('what stops a decision without a record', () => {
  test.each<[string, Payment, object]>([
    [
      'a token of another account',
      { ...inside, subject: { kind: 'account', account: acc('a2') } },
      { kind: 'refused', refusal: { name: 'NOT_AUTHORIZED', account: 'a1' } },
    ],
    ['the cluster itself', { ...inside, subject: SYSTEM }, { kind: 'refused', refusal: { name: 'NOT_AUTHORIZED' } }],
    ['a home elsewhere', { ...inside, homeSlot: payment(1, pay('b1', 'a1', 1n)).homeSlot }, { kind: 'wrong-bucket', slot: 101 }],
    // Slot 2 is this bucket's as well, but a retry of this key looks in slot 1.
    [
      'a slot that is not the home of the key',
      { ...inside, homeSlot: payment(1, pay('a2', 'a1', 1n)).homeSlot },
      { kind: 'refused', refusal: { name: 'NOT_AUTHORIZED', facts: { home_slot: '1', slot: '2' } } },
    ],
    ['a leg elsewhere that was not prepared', across, { kind: 'wrong-bucket', slot: 101 }],
    ['an exclusive lock', { ...payment(5, pay('a3', 'a2', 1n)) }, { kind: 'locked', lock: { lockId: 'a3' } }],
  ])('%s', (_name, p, expected) => {
    const bucket = bucketA();
    bucket.run(create('a3', 10n));
    bucket.run(lock('a3', 'auditor'));
    const text = bucket.content();
    expect(bucket.run(decideCommit(p))).toMatchObject(expected);
    expect(bucket.content()).toBe(text);
  });

  test.each(['decide-abort', 'resolve', 'bind-id'] as const)('a slot that is not the home of the key: %s', (kind) => {
    const bucket = bucketA();
    const text = bucket.content();
    const elsewhere = { ...inside, homeSlot: payment(1, pay('a2', 'a1', 1n)).homeSlot };
    const more = kind === 'bind-id' ? { body: body('payment', [], { memo: 'a creation' }) } : {};
    expect(bucket.run({ kind, ...elsewhere, reason: CANCELLED, askedAtMs: null, ...more } as Instruction)).toMatchObject({
      kind: 'refused',
      refusal: { name: 'NOT_AUTHORIZED' },
    });
    expect(bucket.content()).toBe(text);
  });

  test('the lock’s holder goes on by its token; an expired holder is refused, and that is recorded', () => {
    const bucket = bucketA();
    bucket.run(lock('a1', 'teller', 50));
    const tokens = { lockTokens: [{ account: acc('a1'), token: 1 }] };
    expect(decision(bucket.run(decideCommit(inside, [], tokens)))).toBe('committed');
    bucket.stampMs += 50;
    expect(bucket.run(decideCommit(payment(3, pay('a1', 'a2', 1n)), [], tokens))).toMatchObject({
      outcome: { decision: { reason: { name: 'LOCK_TOKEN_STALE', facts: { token: '1', current: 'none' } } } },
    });
  });
});

describe('a refused leg aborts the whole payment, on record', () => {
  test.each<[string, Payment, string]>([
    ['the payer has too little', payment(3, pay('a1', 'a2', 101n)), 'INSUFFICIENT_FUNDS'],
    ['the payer is unknown', payment(3, pay('a9', 'a2', 1n)), 'ACCOUNT_NOT_FOUND'],
    ['the receiver is unknown', payment(3, pay('a1', 'a9', 1n)), 'ACCOUNT_NOT_FOUND'],
    ['the receiver is frozen', payment(3, pay('a1', 'a8', 1n)), 'ACCOUNT_FROZEN'],
    ['the last of three legs', payment(3, body('payment', [leg('a1', 'debit', 2n), leg('a2', 'credit', 1n), leg('a9', 'credit', 1n)])), 'ACCOUNT_NOT_FOUND'],
  ])('%s', (_name, p, name) => {
    const bucket = bucketA();
    bucket.run(create('a8', 0n));
    bucket.run(change(50, 'a8', { kind: 'freeze' }));
    expect(bucket.run(decideCommit(p))).toMatchObject({ kind: 'decided', fresh: true, outcome: { decision: { kind: 'aborted', reason: { name } } } });
    expect(balances(bucket)).toEqual([100n, 100n]);
    expect(bucket.account('a1').holdsMinor).toBe(0n);
    for (const { account } of p.body.legs) expect(bucket.leg(account, p.txn)).toMatchObject({ state: 'aborted', reason: { name }, body: p.body });
    expect(bucket.differences()).toEqual([]);
    // The same accounts pay normally right after.
    expect(decision(bucket.run(decideCommit(inside)))).toBe('committed');
  });
});

describe('legs that an earlier attempt prepared at home', () => {
  test('are consumed, also under a lock and frozen', () => {
    const bucket = bucketA();
    bucket.run(prepare(inside, 'a1'));
    bucket.run(prepare(inside, 'a2'));
    bucket.run(lock('a1', 'auditor'));
    bucket.run(change(50, 'a2', { kind: 'freeze' }));
    expect(decision(bucket.run(decideCommit(inside)))).toBe('committed');
    expect(balances(bucket)).toEqual([60n, 140n]);
    expect(bucket.run(commit(inside, 'a1'))).toMatchObject({ kind: 'leg-ended', leg: { state: 'committed' } });
    expect(balances(bucket)).toEqual([60n, 140n]);
  });

  test('are freed by an abort, and a late prepare is refused', () => {
    const bucket = bucketA();
    bucket.run(prepare(inside, 'a1'));
    bucket.run(decideAbort(inside));
    expect(bucket.account('a1')).toMatchObject({ holdsMinor: 0n, balanceMinor: 100n });
    expect(bucket.run(prepare(inside, 'a1'))).toMatchObject({ kind: 'leg-ended', leg: { state: 'aborted', reason: CANCELLED } });
    expect(bucket.run(prepare(inside, 'a2'))).toMatchObject({ kind: 'leg-ended', leg: { state: 'aborted' } });
  });

  test('and were rolled back, abort the payment', () => {
    const bucket = bucketA();
    bucket.run(rollback(inside, 'a2'));
    expect(bucket.run(decideCommit(inside))).toMatchObject({ outcome: { decision: { kind: 'aborted', reason: CANCELLED } } });
    expect(balances(bucket)).toEqual([100n, 100n]);
  });

  test('a leg that the coordinator prepared elsewhere, and whose slot lives here now, is consumed', () => {
    const bucket = bucketA();
    bucket.run(prepare(inside, 'a2'));
    expect(decision(bucket.run(decideCommit(inside, ['a2'])))).toBe('committed');
    expect(bucket.account('a2')).toMatchObject({ balanceMinor: 140n, pendingCreditsMinor: 0n });
  });
});

test('a home without a leg of its own decides as well', () => {
  const bucket = bucketA();
  const p = payment(3, pay('b1', 'c1', 5n), { homeSlot: across.homeSlot });
  expect(bucket.run(decideCommit(p, ['b1', 'c1']))).toMatchObject({
    outcome: { decision: { kind: 'committed' }, balances: [], untold: [{ account: 'b1' }, { account: 'c1' }] },
  });
});

test('every decision raises the rev of its accounts and of the bucket', () => {
  const bucket = bucketA();
  const before = [bucket.account('a1').rev, bucket.ledger.rev];
  bucket.run(decideAbort(across));
  const aborted = [bucket.account('a1').rev, bucket.ledger.rev];
  bucket.run(decideCommit(inside));
  const committed = [bucket.account('a1').rev, bucket.ledger.rev];
  expect([0, 1].every((i) => (before[i] ?? 0) < (aborted[i] ?? 0) && (aborted[i] ?? 0) < (committed[i] ?? 0))).toBe(true);
  expect(bucket.leg('a1', txn(1))?.state).toBe('aborted');
});
