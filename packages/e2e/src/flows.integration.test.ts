/**
 * Everything that a payment can be besides from-to: many legs, authorizations with capture and void, refunds; ids that are
 * used again; and the refusals that come before any lock or row. On real processes with the embedded stores.
 */
import { status as Code } from '@grpc/grpc-js';
import { MasCallFailed, type PaymentInput } from '@mas/client';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { numbersIn } from './harness/names';
import { Bank, OPENING_MINOR } from './testing/bank';
import { expectAborted } from './testing/rolled-back';

const COPIES = 50;
const LEGS = 64;

let cluster: Cluster;
let bank: Bank;
const fresh: string[][] = [[], [], []];

beforeAll(async () => {
  cluster = await Cluster.start({ tms: 2, storage: 'servers' });
  bank = new Bank(cluster);
  fresh.forEach((numbers, at) => numbers.push(...numbersIn(cluster.placement, at + 1, `flow${at + 1}-`, 40)));
  await bank.open(fresh.flat());
});

afterEach(() => {
  expect(cluster.failures()).toEqual([]);
});

afterAll(async () => {
  await cluster?.stop();
});

/** An untouched account of that bucket. */
function take(bucket: 1 | 2 | 3): string {
  const number = fresh[bucket - 1]?.pop();
  if (number === undefined) throw new Error('open more accounts');
  return number;
}

async function refusal(payment: PaymentInput): Promise<{ readonly code: number; readonly reason: string; readonly field: string | null }> {
  try {
    const result = await bank.client.createPayment(payment);
    throw new Error(`it was not refused: ${result.kind}`);
  } catch (error) {
    if (!(error instanceof MasCallFailed)) throw error;
    return { code: error.code, reason: error.error.reason, field: error.error.field };
  }
}

describe('ids', () => {
  test.each([
    ['one that commits', 100n, 'committed'],
    ['one that aborts', OPENING_MINOR * 2n, 'aborted'],
  ])('50 copies at once, over both TMs, of %s: one answer, applied once', async (_, minor, kind) => {
    const [from, to] = [take(1), take(2)];
    const id = bank.mint(from);
    const clients = cluster.addresses().map((address) => cluster.client({ addresses: [address] }));
    const results = await Promise.all(Array.from({ length: COPIES }, (__, at) => bank.pay(from, to, minor, { id }, clients[at % clients.length])));
    expect(new Set(results.map((result) => JSON.stringify(result, (___, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))).size).toBe(1);
    expect(results[0]?.kind).toBe(kind);
    const moved = kind === 'committed' ? minor : 0n;
    expect(await bank.balances([from, to])).toEqual([OPENING_MINOR - moved, OPENING_MINOR + moved]);
  });

  test.each<[string, string, Partial<PaymentInput>]>([
    ['amount', 'amount', { amount: { minor: 6n } }],
    ['receiver', 'to', {}],
    ['memo', 'memo', { memo: 'another' }],
  ])('the same id with another %s: ALREADY_EXISTS, naming the field', async (what, field, change) => {
    const [from, to, other] = [take(1), take(2), take(3)];
    const payment: PaymentInput = { id: bank.mint(from), from, to, amount: { minor: 5n } };
    expect((await bank.client.createPayment(payment)).kind).toBe('committed');
    const refused = await refusal({ ...payment, ...(what === 'receiver' ? { to: other } : change) });
    expect(refused).toMatchObject({ code: Code.ALREADY_EXISTS, reason: 'ID_CONFLICT' });
    expect(refused.field).toBe(field);
    expect(await bank.balances([from, to, other])).toEqual([OPENING_MINOR - 5n, OPENING_MINOR + 5n, OPENING_MINOR]);
  });

  test('ids belong to their caller: another operator uses the same one for another payment', async () => {
    const [from, to] = [take(1), take(2)];
    const id = bank.mint(from);
    const other = cluster.client({ token: cluster.operatorToken('somebody-else') });
    const [mine, theirs] = [await bank.pay(from, to, 5n, { id }), await bank.pay(from, to, 7n, { id }, other)];
    expect([mine.kind, theirs.kind]).toEqual(['committed', 'committed']);
    expect(mine.txn).not.toBe(theirs.txn);
    expect(await bank.balances([from, to])).toEqual([OPENING_MINOR - 12n, OPENING_MINOR + 12n]);
  });
});

describe('many legs', () => {
  test('64 legs over all buckets, all or nothing', async () => {
    const payers = Array.from({ length: 4 }, () => take(1));
    const receivers = [...(fresh[1] ?? []).slice(0, 30), ...(fresh[2] ?? []).slice(0, 30)];
    const legs = [
      ...payers.map((account) => ({ account, direction: 'debit', amount: { minor: 150n } }) as const),
      ...receivers.map((account) => ({ account, direction: 'credit', amount: { minor: 10n } }) as const),
    ];
    expect(legs).toHaveLength(LEGS);
    const before = await bank.balances(receivers);
    expect((await bank.client.createPayment({ id: bank.mint(payers[0] ?? ''), legs })).kind).toBe('committed');
    expect(await bank.balances(payers)).toEqual(payers.map(() => OPENING_MINOR - 150n));
    expect(await bank.balances(receivers)).toEqual(before.map((balance) => balance + 10n));
    // One payer of four has not enough: nobody pays, nobody receives.
    const tooMuch = legs
      .map((leg, at) => ({ ...leg, amount: { minor: at === 3 ? OPENING_MINOR : leg.direction === 'debit' ? 0n : 10n } }))
      .filter((leg) => leg.amount.minor > 0n);
    const even = [
      ...tooMuch.filter((leg) => leg.direction === 'debit'),
      ...tooMuch.filter((leg) => leg.direction === 'credit').map((leg, at) => ({ ...leg, amount: { minor: at === 0 ? OPENING_MINOR - 590n : 10n } })),
    ];
    expectAborted(await bank.client.createPayment({ id: bank.mint(payers[0] ?? ''), legs: even }), 'INSUFFICIENT_FUNDS');
    expect(await bank.balances(receivers)).toEqual(before.map((balance) => balance + 10n));
    await bank.settled([...payers, ...receivers]);
  });
});

describe('authorizations', () => {
  const authorize = async (from: string, minor: bigint, expiresInSeconds = 3_600): Promise<string> => {
    const id = bank.mint(from);
    expect((await bank.client.createPayment({ id, kind: 'authorization', from, amount: { minor }, expiresInSeconds })).kind).toBe('committed');
    return id;
  };
  const spendable = async (number: string): Promise<bigint> => {
    const view = await bank.client.getAccount(number, 'uncommitted');
    return view.balanceMinor - (view.holdsMinor ?? 0n);
  };

  test('capture of a part pays it and frees the rest; a second capture finds nothing', async () => {
    const [from, to] = [take(1), take(2)];
    const id = await authorize(from, 1_000n);
    expect(await spendable(from)).toBe(OPENING_MINOR - 1_000n);
    expectAborted(await bank.pay(from, to, OPENING_MINOR - 999n), 'INSUFFICIENT_FUNDS');
    expect((await bank.client.createPayment({ id: bank.mint(from), kind: 'capture', referenceId: id, to, amount: { minor: 600n } })).kind).toBe('committed');
    expect(await bank.balances([from, to])).toEqual([OPENING_MINOR - 600n, OPENING_MINOR + 600n]);
    await bank.settled([from, to]);
    expectAborted(
      await bank.client.createPayment({ id: bank.mint(from), kind: 'capture', referenceId: id, to, amount: { minor: 1n } }),
      'AUTHORIZATION_NOT_OPEN',
    );
  });

  test('void frees it', async () => {
    const from = take(1);
    const id = await authorize(from, 1_000n);
    expect((await bank.client.createPayment({ id: bank.mint(from), kind: 'void', referenceId: id })).kind).toBe('committed');
    expect(await spendable(from)).toBe(OPENING_MINOR);
  });

  test('one that expires frees it by itself, and is captured no more', async () => {
    const [from, to] = [take(1), take(2)];
    const id = await authorize(from, 1_000n, 1);
    await waitUntil('the reserved money is free', async () => (await spendable(from)) === OPENING_MINOR, { intervalMs: 100 });
    const late = await bank.client.createPayment({ id: bank.mint(from), kind: 'capture', referenceId: id, to, amount: { minor: 1n } });
    expect(late.kind === 'aborted' ? late.reason.name : late.kind).toMatch(/^AUTHORIZATION_(EXPIRED|NOT_OPEN)$/);
    expect(await bank.balances([from, to])).toEqual([OPENING_MINOR, OPENING_MINOR]);
  });
});

describe('refunds', () => {
  test('in parts, never more than was paid, however many at once', async () => {
    const [from, to] = [take(1), take(2)];
    const id = bank.mint(from);
    expect((await bank.pay(from, to, 1_000n, { id })).kind).toBe('committed');
    await bank.settled([from, to]);
    const refunds = await Promise.all(
      Array.from({ length: 8 }, () => bank.client.createPayment({ id: bank.mint(from), kind: 'refund', referenceId: id, amount: { minor: 300n } })),
    );
    expect(refunds.filter((refund) => refund.kind === 'committed')).toHaveLength(3);
    for (const refund of refunds) if (refund.kind !== 'committed') expectAborted(refund, 'REFUND_EXCEEDS_PAYMENT');
    expect(await bank.balances([from, to])).toEqual([OPENING_MINOR - 100n, OPENING_MINOR + 100n]);
  });
});

describe('refused before anything is locked or written', () => {
  test.each<[string, Partial<PaymentInput>]>([
    ['zero', { amount: { minor: 0n } }],
    ['negative', { amount: { minor: -1n } }],
    ['too precise', { amount: { decimal: '1.001' } }],
    ['not a number', { amount: { decimal: 'ten' } }],
    ['too large', { amount: { decimal: '99999999999999999999' } }],
    ['no id', { id: '' }],
    ['an id with a space', { id: 'a b' }],
    ['a number of no form', { to: 'no spaces please' }],
    ['an unknown currency form', { amount: { minor: 1n, currency: 'dollars' } }],
    ['a memo without end', { memo: 'x'.repeat(10_000) }],
  ])('%s: INVALID_ARGUMENT with its field', async (_, wrong) => {
    const [from = '', to = ''] = [fresh[0]?.[0], fresh[1]?.[0]];
    const refused = await refusal({ id: bank.mint(from), from, to, amount: { minor: 1n }, ...wrong });
    expect(refused.code).toBe(Code.INVALID_ARGUMENT);
    expect(refused.field).not.toBe('');
    expect(refused.reason).toMatch(/^[A-Z_]+$/);
  });

  test('to oneself', async () => {
    const [from = ''] = fresh[0] ?? [];
    expect((await refusal({ id: bank.mint(from), from, to: from, amount: { minor: 1n } })).code).toBe(Code.INVALID_ARGUMENT);
  });

  test('another currency than the account\u2019s', async () => {
    const [from, to] = [take(1), take(2)];
    expectAborted(await bank.pay(from, to, 1n, { amount: { minor: 1n, currency: 'EUR' } }), 'CURRENCY_MISMATCH');
    expect(await bank.balances([from, to])).toEqual([OPENING_MINOR, OPENING_MINOR]);
  });
});

test('closing needs an account without money and without holds', async () => {
  const [account, other] = [take(1), take(2)];
  const close = (): Promise<unknown> => bank.client.changeAccount({ id: bank.mint(account), number: account, change: 'close' });
  await expect(close()).rejects.toMatchObject({ error: { reason: 'ACCOUNT_NOT_EMPTY' } });
  await bank.pay(account, other, OPENING_MINOR);
  await bank.settled([account]);
  await close();
  expect(await bank.client.getAccount(account)).toMatchObject({ status: 'closed', balanceMinor: 0n });
});

test('the whole ledger agrees with itself', async () => {
  expect(await bank.audited()).toBeGreaterThan(100);
});
