/**
 * CreatePayment over real ledgers: every way to end, and what must be true after each: balances as they should be,
 * nothing held, the entry in Redis terminal with its reason, and the same accounts pay normally right after.
 */
import { slotOfAccount } from '@mas/placement';
import { accountNumber, bucketId, paymentKey, type AccountNumber } from '@mas/values';
import type { PaymentRequest } from './coordinator-service';
import { Rig, USD, verdict } from './testing/rig';

const keyOf = (request: PaymentRequest): ReturnType<typeof paymentKey> => paymentKey('mas|ops', request.id);

async function settled(rig: Rig): Promise<void> {
  rig.cluster.silent.clear();
  rig.cluster.tap = () => 'pass';
  await rig.clock.pass(15_000);
  rig.cluster.resolveAll();
  expect(rig.leftovers()).toEqual([]);
}

async function paysNormally(rig: Rig, from: AccountNumber, to: AccountNumber): Promise<void> {
  const before = [rig.balance(from)!, rig.balance(to)!];
  expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
  await rig.clock.pass(1_000);
  expect([rig.balance(from), rig.balance(to)]).toEqual([before[0]! - 1n, before[1]! + 1n]);
}

describe('committed', () => {
  test('inside one bucket: DECIDE alone, one entry', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(1, 0n, 'b')];
    const entries = rig.cluster.bucket(1).entries;
    const reply = await rig.pay(rig.request(from, to, 30n));
    expect(reply).toMatchObject({
      ok: true,
      value: {
        kind: 'committed',
        balances: [
          { account: from, balanceMinor: 70n },
          { account: to, balanceMinor: 30n },
        ],
      },
    });
    expect(rig.cluster.bucket(1).entries).toBe(entries + 1);
    await rig.clock.pass(10);
    expect(rig.cluster.instructionsOf('prepare')).toEqual([]);
    expect(rig.leftovers()).toEqual([]);
  });

  test('across buckets: prepare, decide at home, tell, acknowledge; the entry shows the whole timeline', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const request = rig.request(from, to, 30n);
    expect(await rig.pay(request)).toMatchObject({ ok: true, value: { kind: 'committed', balances: [{ account: from, balanceMinor: 70n }] } });
    await rig.clock.pass(50);
    expect(rig.leftovers()).toEqual([]);
    expect([rig.balance(from), rig.balance(to)]).toEqual([70n, 30n]);
    const entry = rig.dao.entries.get(keyOf(request));
    expect(entry).toMatchObject({
      state: 'COMMITTED',
      reason: null,
      subTransactions: expect.arrayContaining([
        { account: from, bucket: 1, state: 'COMMITTED' },
        { account: to, bucket: 2, state: 'COMMITTED' },
      ]),
    });
    expect(entry?.timeline.map((step) => step.step)).toEqual([
      'received',
      'journaled',
      'prepare-sent',
      'prepared',
      'decide-sent',
      'decided',
      'answered',
      'tell-sent',
      'told',
      'ended',
    ]);
  });

  test.each([
    ['alone', 0],
    ['together', 500],
  ])('%s: the decision carries the moment of the promise, and the leg is told the commit time', async (_, maxFlightPayments) => {
    const rig = new Rig({ config: { maxFlightPayments } });
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const aheadUs = (rig.clock.wallMs() + 60_000) * 1_000;
    rig.cluster.bucket(2).close(aheadUs);
    expect(verdict(await rig.pay(rig.request(from, to, 30n)))).toBe('committed');
    await rig.clock.pass(50);
    expect(rig.cluster.instructionsOf('decide-commit')).toEqual([expect.objectContaining({ notBeforeUs: aheadUs + 1 })]);
    expect(rig.cluster.instructionsOf('commit')).toEqual([expect.objectContaining({ account: to, commitUs: aheadUs + 2 })]);
    expect(rig.leftovers()).toEqual([]);
  });

  test('home that holds no leg', async () => {
    const rig = new Rig();
    const [from, to, third] = [rig.open(1, 100n), rig.open(2, 0n), rig.open(3, 0n)];
    expect(verdict(await rig.pay(rig.request(from, to, 30n, { id: `{${third}}x` })))).toBe('committed');
    await rig.clock.pass(50);
    expect(rig.leftovers()).toEqual([]);
    expect([rig.balance(from), rig.balance(to)]).toEqual([70n, 30n]);
  });

  test('64 legs over all buckets, all or nothing', async () => {
    const rig = new Rig();
    const payer = rig.open(1, 1_000n);
    const payees = Array.from({ length: 63 }, (_, i) => rig.open(1 + (i % 3), 0n, `p${i}`));
    const legs = [
      { account: payer, direction: 'debit' as const, amountMinor: 630n, currency: USD },
      ...payees.map((account) => ({ account, direction: 'credit' as const, amountMinor: 10n, currency: USD })),
    ];
    expect(verdict(await rig.pay(rig.request(payer, payees[0]!, 1n, { legs })))).toBe('committed');
    expect(verdict(await rig.pay(rig.request(payer, payees[0]!, 1n, { legs })))).toBe('aborted INSUFFICIENT_FUNDS');
    await settled(rig);
    expect(payees.map((account) => rig.balance(account))).toEqual(payees.map(() => 10n));
    expect(rig.balance(payer)).toBe(370n);
  });
});

describe('aborted, recorded at home and rolled back', () => {
  interface Case {
    readonly name: string;
    readonly reason: string;
    readonly spoil: (rig: Rig, from: AccountNumber, to: AccountNumber) => void;
    readonly repair: (rig: Rig, from: AccountNumber, to: AccountNumber) => void;
    readonly amount?: bigint;
    readonly timeoutMs?: number;
  }
  const change = (rig: Rig, number: AccountNumber, kind: 'freeze' | 'unfreeze', id: string): void => {
    rig.cluster.run(slotOfAccount(number), {
      kind: 'change-account',
      key: paymentKey('mas|ops', `{${number}}${id}`),
      txn: id.length.toString(16).repeat(64).slice(0, 64) as never,
      number,
      change: { kind },
      subject: { kind: 'operator', name: 'mas|ops' },
      lockToken: null,
      undecided: [],
    });
  };
  const nothing = (): void => undefined;
  const cases: readonly Case[] = [
    { name: 'insufficient funds', reason: 'INSUFFICIENT_FUNDS', amount: 5_000n, spoil: nothing, repair: nothing },
    {
      name: 'receiver frozen',
      reason: 'ACCOUNT_FROZEN',
      spoil: (rig, _, to) => change(rig, to, 'freeze', 'f'),
      repair: (rig, _, to) => change(rig, to, 'unfreeze', 'uu'),
    },
    {
      name: "receiver's bucket without a majority in phase 1",
      reason: 'PARTICIPANT_UNAVAILABLE',
      timeoutMs: 60_000,
      spoil: (rig) => rig.cluster.silent.add(bucketId(2)),
      repair: (rig) => rig.cluster.silent.delete(bucketId(2)),
    },
    {
      name: "deadline while the receiver's bucket is silent",
      reason: 'DEADLINE_EXCEEDED',
      timeoutMs: 3_000,
      spoil: (rig) => rig.cluster.silent.add(bucketId(2)),
      repair: (rig) => rig.cluster.silent.delete(bucketId(2)),
    },
    {
      name: 'an exclusive lock held by another owner past all attempts',
      reason: 'LOCK_TIMEOUT',
      spoil: (rig, _, to) => void rig.locks.hold(to, 'auditor'),
      repair: (rig, _, to) => void rig.locks.release({ lockIds: [to], handle: 'auditor' }),
    },
    {
      name: 'the same with Redis empty: the lock is in force in its bucket',
      reason: 'LOCK_TIMEOUT',
      spoil: (rig, _, to) => {
        rig.locks.hold(to, 'auditor');
        rig.dao.flush();
      },
      repair: (rig, _, to) => void rig.locks.release({ lockIds: [to], handle: 'auditor' }),
    },
    {
      name: 'the reply to PREPARE lost for good',
      reason: 'PARTICIPANT_UNAVAILABLE',
      timeoutMs: 60_000,
      spoil: (rig) => {
        rig.cluster.tap = (_, request) => (request.kind === 'instructions' && request.phase === 'phase-1' ? 'lose-reply' : 'pass');
      },
      repair: nothing,
    },
  ];

  test.each(cases)('$name: $reason', async ({ reason, spoil, repair, amount, timeoutMs }) => {
    const rig = new Rig({ config: { lockAttempts: 3, lockAttemptDelayMs: 100 } });
    const [from, to] = [rig.open(1, 1_000n), rig.open(2, 50n)];
    spoil(rig, from, to);
    const request = rig.request(from, to, amount ?? 10n);
    expect(verdict(await rig.pay(request, rig.caller(undefined, timeoutMs ?? 20_000)))).toBe(`aborted ${reason}`);
    repair(rig, from, to);
    await settled(rig);
    expect([rig.balance(from), rig.balance(to)]).toEqual([1_000n, 50n]);
    expect(rig.dao.entries.get(keyOf(request))).toMatchObject({ state: 'ABORTED', reason: { name: reason } });
    for (const account of [from, to])
      expect(
        rig.cluster.at(slotOfAccount(account)).legs({ account, direction: 'newest-first', cursorSeq: null, limit: 1, state: null, fromMs: null, untilMs: null })
          .legs[0],
      ).toMatchObject({ state: 'aborted', reason: { name: reason } });
    // The same id for ever has the same answer, whatever has changed since.
    expect(verdict(await rig.pay(request))).toBe(`aborted ${reason}`);
    await paysNormally(rig, from, to);
  });

  test('unknown receiver', async () => {
    const rig = new Rig();
    const from = rig.open(1, 100n);
    expect(verdict(await rig.pay(rig.request(from, accountNumber('nobody'), 10n)))).toBe('aborted ACCOUNT_NOT_FOUND');
    await settled(rig);
    expect(rig.balance(from)).toBe(100n);
  });

  test('one of several legs refuses: the prepared ones are rolled back', async () => {
    const rig = new Rig();
    const [from, second, to] = [rig.open(1, 100n), rig.open(2, 5n), rig.open(3, 0n)];
    const legs = [
      { account: from, direction: 'debit' as const, amountMinor: 10n, currency: USD },
      { account: second, direction: 'debit' as const, amountMinor: 10n, currency: USD },
      { account: to, direction: 'credit' as const, amountMinor: 20n, currency: USD },
    ];
    expect(verdict(await rig.pay(rig.request(from, to, 1n, { legs })))).toBe('aborted INSUFFICIENT_FUNDS');
    await settled(rig);
    expect([rig.balance(from), rig.balance(second), rig.balance(to)]).toEqual([100n, 5n, 0n]);
  });
});

describe('unknown', () => {
  test('home silent: UNKNOWN in time, never a guess; the same id is answered once home is back', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    rig.cluster.silent.add(bucketId(1));
    const request = rig.request(from, to, 10n);
    const caller = rig.caller(undefined, 5_000);
    expect(verdict(await rig.pay(request, caller))).toBe('unknown');
    expect(rig.clock.monotonicMs()).toBeLessThanOrEqual(caller.deadlineMs);
    rig.cluster.silent.clear();
    expect(['committed', 'aborted ABANDONED']).toContain(verdict(await rig.pay(request)));
    await settled(rig);
    expect(rig.total()).toBe(100n);
  });

  test('whose token expires between a decision without an answer and its repetition: the outcome is unknown, not refused', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(1, 0n, 'b')];
    let decisions = 0;
    rig.cluster.tap = (_, request) => {
      if (request.kind !== 'instructions' || request.phase !== 'phase-2-commit') return 'pass';
      decisions += 1;
      return decisions === 1
        ? 'lose-reply'
        : { kind: 'outcomes', semanticsVersion: null, outcomes: request.items.map(() => ({ kind: 'unauthenticated', reason: 'TOKEN_EXPIRED' }) as const) };
    };
    expect(verdict(await rig.pay(rig.request(from, to, 30n)))).toBe('unknown');
    expect([rig.balance(from), rig.balance(to)]).toEqual([70n, 30n]);
    await settled(rig);
  });

  test('the reply of the decision is lost: the home is asked again and its record answered', async () => {
    const rig = new Rig({ config: { requestTimeoutMs: 200 } });
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    let lost = 0;
    rig.cluster.tap = (_, request) => (request.kind === 'instructions' && request.phase === 'phase-2-commit' && lost++ < 2 ? 'lose-reply' : 'pass');
    expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
    expect(lost).toBeGreaterThan(2);
    await settled(rig);
    expect([rig.balance(from), rig.balance(to)]).toEqual([90n, 10n]);
  });
});

describe('exactly once', () => {
  test('50 concurrent copies over two coordinators: one payment, one answer', async () => {
    const rig = new Rig();
    const other = rig.another('tc-2');
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const request = rig.request(from, to, 10n);
    const replies = await rig.clock.until(
      Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? rig.coordinator : other).createPayment(rig.caller(), request))),
    );
    expect(new Set(replies.map(verdict))).toEqual(new Set(['committed']));
    expect(new Set(replies.map((reply) => (reply.ok && reply.value.kind === 'committed' ? reply.value.atMs : null))).size).toBe(1);
    await settled(rig);
    expect([rig.balance(from), rig.balance(to)]).toEqual([90n, 10n]);
  });

  test.each([
    ['order of its legs', (request: PaymentRequest): PaymentRequest => ({ ...request, legs: [...request.legs].reverse() }), false],
    ['memo', (request: PaymentRequest): PaymentRequest => ({ ...request, memo: 'another' }), true],
    ['amounts', (request: PaymentRequest): PaymentRequest => ({ ...request, legs: request.legs.map((leg) => ({ ...leg, amountMinor: 11n })) }), true],
  ])('the same id with another %s', async (field, change, conflicts) => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const request = rig.request(from, to, 10n);
    await rig.pay(request);
    const reply = await rig.pay(change(request));
    expect(verdict(reply)).toBe(conflicts ? 'error ID_CONFLICT' : 'committed');
    if (!reply.ok)
      expect(reply.error).toMatchObject({ kind: 'already-exists', field: field === 'amounts' ? expect.stringMatching(/^legs\[[01]\]\.amount$/) : field });
    await settled(rig);
    expect([rig.balance(from), rig.balance(to)]).toEqual([90n, 10n]);
    expect(rig.dao.entries.get(keyOf(request))).toMatchObject({ state: 'COMMITTED' });
  });

  test('ids are scoped to the caller', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 100n)];
    const one = rig.request(from, to, 10n, { id: 'same' });
    const two = rig.request(to, from, 20n, { id: 'same' });
    expect(verdict(await rig.pay(one, rig.caller({ kind: 'account', account: from })))).toBe('committed');
    expect(verdict(await rig.pay(two, rig.caller({ kind: 'account', account: to })))).toBe('committed');
    await settled(rig);
    expect([rig.balance(from), rig.balance(to)]).toEqual([110n, 90n]);
  });
});

describe('refused before any row', () => {
  test.each<[string, (request: PaymentRequest) => PaymentRequest, string, string | null]>([
    [
      'self-payment',
      (request) => ({ ...request, legs: request.legs.map((leg) => ({ ...leg, account: request.legs[0]!.account })) }),
      'ACCOUNT_REPEATED',
      'legs[1].account',
    ],
    ['zero', (request) => ({ ...request, legs: request.legs.map((leg) => ({ ...leg, amountMinor: 0n })) }), 'AMOUNT_NOT_POSITIVE', null],
    ['negative', (request) => ({ ...request, legs: request.legs.map((leg) => ({ ...leg, amountMinor: -5n })) }), 'AMOUNT_NOT_POSITIVE', null],
    ['unbalanced', (request) => ({ ...request, legs: request.legs.map((leg, i) => ({ ...leg, amountMinor: BigInt(i + 1) })) }), 'LEGS_NOT_BALANCED', 'legs'],
    [
      'too many legs',
      (request) => ({ ...request, legs: Array.from({ length: 65 }, (_, i) => ({ ...request.legs[0]!, account: accountNumber(`x${i}`) })) }),
      'TOO_MANY_LEGS',
      'legs',
    ],
    ['a bad id', (request) => ({ ...request, id: 'has space' }), 'PAYMENT_ID_INVALID', 'id'],
    ['a capture without its authorization', (request) => ({ ...request, kind: 'capture' }), 'REFERENCE_MISSING', 'reference'],
    ['a memo too long', (request) => ({ ...request, memo: 'x'.repeat(300) }), 'MEMO_TOO_LONG', 'memo'],
  ])('%s', async (_, spoil, reason, field) => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const sent = rig.cluster.requests.length;
    const reply = await rig.pay(spoil(rig.request(from, to, 10n)));
    expect(verdict(reply)).toBe(`error ${reason}`);
    if (!reply.ok && field !== null) expect(reply.error.field).toBe(field);
    expect({ requests: rig.cluster.requests.length, entries: rig.dao.entries.size }).toEqual({ requests: sent, entries: 0 });
  });

  test("an account's token debits that account only", async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const reply = await rig.pay(rig.request(from, to, 10n), rig.caller({ kind: 'account', account: to }));
    expect(reply).toMatchObject({ ok: false, error: { kind: 'permission-denied', reason: 'NOT_AUTHORIZED', field: 'legs[0].account' } });
    expect(rig.cluster.requests).toEqual([]);
  });

  test('a token that a Resource Manager refuses after a leg was prepared: an error, and nothing stays held', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    rig.cluster.tap = (_, request) =>
      request.kind === 'instructions' && request.items.some((item) => item.instruction.kind === 'decide-commit')
        ? { kind: 'outcomes', semanticsVersion: null, outcomes: request.items.map(() => ({ kind: 'unauthenticated', reason: 'expired' })) }
        : 'pass';
    expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('error TOKEN_REFUSED');
    await settled(rig);
    expect(rig.balance(from)).toBe(100n);
  });

  test('a token that a Resource Manager refuses at once leaves no entry and no record: a retry with a good one commits', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(1, 0n)];
    rig.cluster.tap = (_, request) =>
      request.kind === 'instructions'
        ? { kind: 'outcomes', semanticsVersion: null, outcomes: request.items.map(() => ({ kind: 'unauthenticated', reason: 'expired' })) }
        : 'pass';
    const request = rig.request(from, to, 10n);
    expect(verdict(await rig.pay(request))).toBe('error TOKEN_REFUSED');
    await settled(rig);
    expect([...rig.dao.entries.values()]).toEqual([]);
    rig.cluster.tap = () => 'pass';
    await rig.clock.pass(120_000);
    expect(verdict(await rig.pay(request))).toBe('committed');
  });
});

describe('following the leader', () => {
  test('a leader that moved: its hint is followed and remembered', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    rig.cluster.leaders.set(bucketId(2), rig.cluster.placement.replicasOf(bucketId(2))[2]!);
    expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
    const before = rig.coordinator.counters.requestRetries;
    expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
    expect(before).toBeGreaterThan(0);
    expect(rig.coordinator.counters.requestRetries).toBe(before);
  });

  test('no leader for two seconds: retried with pauses, then it goes on', async () => {
    const rig = new Rig();
    const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
    const backAtMs = rig.clock.monotonicMs() + 2_000;
    rig.cluster.tap = (_, request) =>
      'bucket' in request && request.bucket === 2 && rig.clock.monotonicMs() < backAtMs ? { kind: 'not-leader', leader: null } : 'pass';
    expect(verdict(await rig.pay(rig.request(from, to, 10n)))).toBe('committed');
    expect(rig.clock.monotonicMs() - backAtMs).toBeLessThan(500);
    expect(rig.coordinator.counters.requestRetries).toBeLessThan(40);
  });
});
