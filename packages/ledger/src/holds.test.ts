/** Authorizations, captures, voids and refunds: what is held, what is freed and when, what is refused. */
import { body, CANCELLED, commit, create, decideCommit, leg, pay, payment, prepare, rollback, type Payment } from './testing/builders';
import { START_MS, TestBucket } from './testing/test-bucket';
import { PaymentBody, type Instruction, type PaymentKind } from './index';

const EXPIRY_MS = START_MS + 1000;
/** Reserves 50 of a1's 100 until EXPIRY_MS. */
const authorized = payment(1, body('authorization', [leg('a1', 'authorize', 50n)], { expiresAtMs: EXPIRY_MS }));
const reference = { key: authorized.key, txn: authorized.txn };
const capture = (n: number, amount: bigint): Payment =>
  payment(n, body('capture', [leg('a1', 'capture', amount), leg('b1', 'credit', amount)], { reference }), {
    homeSlot: payment(0, pay('b1', 'a1', 1n)).homeSlot,
  });
const voiding = (n: number): Payment => payment(n, body('void', [leg('a1', 'void', 0n)], { reference }));
const expire: Instruction = { kind: 'expire', account: authorized.body.legs[0]?.account as never, txn: authorized.txn };

function bucket(): TestBucket {
  const made = new TestBucket('a');
  made.run(create('a1', 100n));
  made.run(decideCommit(authorized));
  return made;
}

const shape = (a: TestBucket): readonly unknown[] => {
  const { balanceMinor, holdsMinor } = a.account('a1');
  return [balanceMinor, holdsMinor, a.leg('a1', authorized.txn)?.reservation?.status, a.leg('a1', authorized.txn)?.reservation?.reservedMinor];
};

describe('balance, holds, status and reservation after', () => {
  const late = 1000;
  test.each<[string, readonly (Instruction | number)[], readonly unknown[]]>([
    ['the authorization', [], [100n, 50n, 'open', 50n]],
    ['expiry too early', [late - 1, expire], [100n, 50n, 'open', 50n]],
    ['expiry', [late, expire], [100n, 0n, 'expired', 0n]],
    ['expiry twice', [late, expire, expire], [100n, 0n, 'expired', 0n]],
    ['a prepared capture', [prepare(capture(2, 30n), 'a1')], [100n, 50n, 'capturing', 50n]],
    ['expiry during a capture', [prepare(capture(2, 30n), 'a1'), late, expire], [100n, 50n, 'capturing', 50n]],
    ['a capture of part, which frees the rest', [prepare(capture(2, 30n), 'a1'), commit(capture(2, 30n), 'a1')], [70n, 0n, 'captured', 0n]],
    ['a capture committed after the expiry', [prepare(capture(2, 50n), 'a1'), late, commit(capture(2, 50n), 'a1')], [50n, 0n, 'captured', 0n]],
    ['a capture rolled back in time', [prepare(capture(2, 30n), 'a1'), late - 1, rollback(capture(2, 30n), 'a1')], [100n, 50n, 'open', 50n]],
    ['a capture rolled back too late', [prepare(capture(2, 30n), 'a1'), late, rollback(capture(2, 30n), 'a1')], [100n, 0n, 'expired', 0n]],
    [
      'a second capture after a rollback',
      [prepare(capture(2, 30n), 'a1'), rollback(capture(2, 30n), 'a1'), prepare(capture(3, 50n), 'a1'), commit(capture(3, 50n), 'a1')],
      [50n, 0n, 'captured', 0n],
    ],
    ['a void', [decideCommit(voiding(2))], [100n, 0n, 'voided', 0n]],
    ['a void rolled back', [prepare(voiding(2), 'a1'), rollback(voiding(2), 'a1')], [100n, 50n, 'open', 50n]],
    ['a void rolled back too late', [prepare(voiding(2), 'a1'), late, rollback(voiding(2), 'a1')], [100n, 0n, 'expired', 0n]],
  ])('%s', (_name, steps, expected) => {
    const a = bucket();
    for (const step of steps) {
      if (typeof step === 'number') a.stampMs = START_MS + step;
      else a.run(step);
    }
    expect(shape(a)).toEqual(expected);
    expect(a.differences()).toEqual([]);
  });
});

test('an authorization holds like a payment, and a prepared one never expires', () => {
  const a = new TestBucket('a');
  a.run(create('a1', 60n));
  a.run(prepare(authorized, 'a1'));
  a.stampMs = EXPIRY_MS;
  a.run(expire);
  expect(a.account('a1').holdsMinor).toBe(50n);
  expect(a.run(prepare(payment(2, pay('a1', 'b1', 11n)), 'a1'))).toMatchObject({ kind: 'refused', refusal: { name: 'INSUFFICIENT_FUNDS' } });
  a.run(rollback(authorized, 'a1', CANCELLED));
  expect(a.account('a1').holdsMinor).toBe(0n);
});

describe('refused captures and voids', () => {
  const unknown = { key: payment(77, pay('a1', 'b1', 1n)).key, txn: payment(77, pay('a1', 'b1', 1n)).txn };
  const onUnknown = (kind: PaymentKind): Payment => payment(5, PaymentBody.of({ ...capture(5, 1n).body, kind, reference: unknown }));
  test.each<[string, readonly (Instruction | number)[], Instruction, object]>([
    ['of nothing', [], prepare(onUnknown('capture'), 'a1'), { name: 'AUTHORIZATION_NOT_FOUND' }],
    [
      'of a payment that is no authorization',
      [prepare(payment(77, pay('a1', 'b1', 1n)), 'a1')],
      prepare(onUnknown('capture'), 'a1'),
      { name: 'AUTHORIZATION_NOT_FOUND' },
    ],
    ['too much', [], prepare(capture(5, 51n), 'a1'), { name: 'CAPTURE_EXCEEDS_AUTHORIZATION', facts: { reserved: '0.50', needed: '0.51', currency: 'USD' } }],
    ['too late', [1000], prepare(capture(5, 1n), 'a1'), { name: 'AUTHORIZATION_EXPIRED' }],
    ['too late, after the expiry was applied', [1000, expire], prepare(capture(5, 1n), 'a1'), { name: 'AUTHORIZATION_EXPIRED' }],
    ['a void too late', [1000], prepare(voiding(5), 'a1'), { name: 'AUTHORIZATION_EXPIRED' }],
    [
      'a second time',
      [prepare(capture(2, 1n), 'a1'), commit(capture(2, 1n), 'a1')],
      prepare(capture(5, 1n), 'a1'),
      { name: 'AUTHORIZATION_NOT_OPEN', facts: { status: 'captured' } },
    ],
    ['after a void', [decideCommit(voiding(2))], prepare(capture(5, 1n), 'a1'), { name: 'AUTHORIZATION_NOT_OPEN', facts: { status: 'voided' } }],
    [
      'beside another that stays undecided',
      [prepare(capture(2, 1n), 'a1')],
      prepare(capture(5, 1n), 'a1', { undecided: [capture(2, 1n).txn] }),
      { name: 'AUTHORIZATION_NOT_OPEN', facts: { status: 'capturing' } },
    ],
  ])('%s', (_name, steps, instruction, refusal) => {
    const a = bucket();
    for (const step of steps) {
      if (typeof step === 'number') a.stampMs = START_MS + step;
      else a.run(step);
    }
    expect(a.run(instruction)).toMatchObject({ kind: 'refused', refusal });
  });

  test('an authorization that has expired before it is made', () => {
    const a = new TestBucket('a');
    a.run(create('a1', 60n));
    a.stampMs = EXPIRY_MS;
    expect(a.run(prepare(authorized, 'a1'))).toMatchObject({ kind: 'refused', refusal: { name: 'AUTHORIZATION_EXPIRED' } });
  });
});

describe('while what it builds on is undecided', () => {
  test('a capture waits for the authorization', () => {
    const a = new TestBucket('a');
    a.run(create('a1', 60n));
    a.run(prepare(authorized, 'a1'));
    expect(a.run(prepare(capture(2, 1n), 'a1'))).toMatchObject({ kind: 'wait', undecided: [{ txn: authorized.txn }] });
    expect(a.run(prepare(capture(2, 1n), 'a1', { undecided: [authorized.txn] }))).toMatchObject({
      kind: 'refused',
      refusal: { name: 'AUTHORIZATION_NOT_OPEN', facts: { status: 'prepared' } },
    });
  });

  test('a capture waits for another capture', () => {
    const a = bucket();
    a.run(prepare(capture(2, 1n), 'a1'));
    expect(a.run(prepare(capture(3, 1n), 'a1'))).toMatchObject({ kind: 'wait', undecided: [{ txn: capture(2, 1n).txn }] });
  });
});

describe('refunds', () => {
  const original = payment(10, pay('b1', 'a2', 40n), { homeSlot: capture(1, 1n).homeSlot });
  const refund = (n: number, amount: bigint): Payment =>
    payment(n, body('refund', [leg('a2', 'refund-debit', amount), leg('b1', 'credit', amount)], { reference: { key: original.key, txn: original.txn } }), {
      homeSlot: original.homeSlot,
    });

  function paid(...steps: readonly Instruction[]): TestBucket {
    const a = new TestBucket('a');
    a.run(create('a2', 100n));
    for (const step of steps) a.run(step);
    return a;
  }
  const received = [prepare(original, 'a2'), commit(original, 'a2')];

  test.each<[string, readonly Instruction[], Instruction, object]>([
    ['within the payment', received, prepare(refund(11, 40n), 'a2'), { kind: 'prepared' }],
    [
      'beyond it',
      received,
      prepare(refund(11, 41n), 'a2'),
      { kind: 'refused', refusal: { name: 'REFUND_EXCEEDS_PAYMENT', facts: { left: '0.40', needed: '0.41' } } },
    ],
    [
      'beyond what another has reserved',
      [...received, prepare(refund(11, 30n), 'a2')],
      prepare(refund(12, 11n), 'a2'),
      { kind: 'refused', refusal: { facts: { left: '0.10' } } },
    ],
    [
      'beyond what another has taken',
      [...received, prepare(refund(11, 30n), 'a2'), commit(refund(11, 30n), 'a2')],
      prepare(refund(12, 11n), 'a2'),
      { kind: 'refused', refusal: { facts: { left: '0.10' } } },
    ],
    [
      'after another was rolled back',
      [...received, prepare(refund(11, 30n), 'a2'), rollback(refund(11, 30n), 'a2')],
      prepare(refund(12, 40n), 'a2'),
      { kind: 'prepared' },
    ],
    ['of an undecided payment', [prepare(original, 'a2')], prepare(refund(11, 1n), 'a2'), { kind: 'wait', undecided: [{ txn: original.txn }] }],
    [
      'of a payment that stays undecided',
      [prepare(original, 'a2')],
      prepare(refund(11, 1n), 'a2', { undecided: [original.txn] }),
      { kind: 'refused', refusal: { name: 'ORIGINAL_NOT_COMMITTED', facts: { state: 'prepared' } } },
    ],
    [
      'of an aborted payment',
      [prepare(original, 'a2'), rollback(original, 'a2')],
      prepare(refund(11, 1n), 'a2'),
      { kind: 'refused', refusal: { name: 'ORIGINAL_NOT_COMMITTED', facts: { state: 'aborted' } } },
    ],
    ['of nothing', [], prepare(refund(11, 1n), 'a2'), { kind: 'refused', refusal: { name: 'ORIGINAL_NOT_FOUND' } }],
    [
      'of money that is spent',
      [...received, prepare(payment(13, pay('a2', 'b1', 120n)), 'a2')],
      prepare(refund(11, 40n), 'a2'),
      { kind: 'refused', refusal: { name: 'INSUFFICIENT_FUNDS' } },
    ],
  ])('%s', (_name, steps, instruction, expected) => {
    const a = paid(...steps);
    expect(a.run(instruction)).toMatchObject(expected);
    expect(a.differences()).toEqual([]);
  });

  test('what was refunded stands in the original’s leg', () => {
    const a = paid(...received, prepare(refund(11, 30n), 'a2'), commit(refund(11, 30n), 'a2'), prepare(refund(12, 10n), 'a2'));
    expect(a.leg('a2', original.txn)).toMatchObject({ refundedMinor: 30n, refundReservedMinor: 10n });
    expect(a.account('a2')).toMatchObject({ balanceMinor: 110n, holdsMinor: 10n });
  });
});
