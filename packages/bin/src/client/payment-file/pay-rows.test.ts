/** What payRows does with a cluster's answers: asks again under the same id, stops where nothing comes of it, loses no row. */
import { MasCallFailed, type PaymentInput } from '@mas/client';
import type { PaymentResult, Reply, RequestError } from '@mas/transaction-coordinator';
import { txnId } from '@mas/values';
import type { PaymentRow } from './payment-file';
import { BATCH, payRows } from './pay-rows';
import type { PaymentOutcome } from './results-file';

const TXN = txnId('a'.repeat(64));
const COMMITTED = { ok: true, value: { kind: 'committed', txn: TXN, atMs: 0, balances: [] } } as unknown as Reply<PaymentResult>;
const UNKNOWN: Reply<PaymentResult> = { ok: true, value: { kind: 'unknown', txn: TXN, message: 'not yet' } };
const refusal = (kind: RequestError['kind'], reason: string): RequestError => ({ kind, reason, field: null, message: 'so it is', facts: {} });

function rowsOf(count: number): readonly PaymentRow[] {
  return Array.from({ length: count }, (_, at) => ({ line: at + 2, id: `id-${at}`, from: 'a', to: 'b', amount: '1', currency: 'USD', memo: '' }));
}

async function paid(count: number, reply: (payment: PaymentInput, times: number) => Reply<PaymentResult>, patienceMs = 1_000) {
  const asked = new Map<string, number>();
  const states = new Map<number, PaymentOutcome>();
  const createPayments = (payments: readonly PaymentInput[]): Promise<readonly Reply<PaymentResult>[]> => {
    expect(payments.length).toBeLessThanOrEqual(BATCH);
    for (const { id } of payments) asked.set(id, (asked.get(id) ?? 0) + 1);
    return Promise.resolve(payments.map((payment) => reply(payment, asked.get(payment.id) ?? 0)));
  };
  const answered = (outcomes: readonly PaymentOutcome[]): void => outcomes.forEach((outcome) => states.set(outcome.row.line, outcome));
  const stoppedBy = await payRows({ createPayments }, rowsOf(count), { patienceMs, answered });
  return { asked, states, stoppedBy };
}

test('each row once, in batches, whatever their number', async () => {
  for (const count of [1, BATCH, BATCH + 1, 5 * BATCH + 7]) {
    const { asked, states, stoppedBy } = await paid(count, () => COMMITTED);
    expect([asked.size, states.size, stoppedBy]).toEqual([count, count, null]);
    expect([...asked.values()].every((times) => times === 1)).toBe(true);
  }
});

test('only what was not answered is asked for again; what is refused for good is not', async () => {
  const { asked, states, stoppedBy } = await paid(
    4,
    ({ id }, times) => {
      if (id === 'id-1' && times < 3) return times === 1 ? UNKNOWN : { ok: false, error: refusal('unavailable', 'NO_QUORUM') };
      return id === 'id-2' ? { ok: false, error: refusal('invalid', 'MEMO_TOO_LONG') } : COMMITTED;
    },
    60_000,
  );
  expect([...asked.values()]).toEqual([1, 3, 1, 1]);
  expect([...states.values()].map(({ row, state }) => [row.line, state]).sort()).toEqual([
    [2, 'COMMITTED'],
    [3, 'COMMITTED'],
    [4, 'REFUSED'],
    [5, 'COMMITTED'],
  ]);
  expect(stoppedBy).toBeNull();
});

test('what stays unknown is said to be, and no further batch is begun', async () => {
  const { asked, states, stoppedBy } = await paid(20 * BATCH, () => UNKNOWN, 0);
  expect(stoppedBy).toEqual({ kind: 'mas-call-failed', error: expect.objectContaining({ reason: 'OUTCOME_UNKNOWN' }) as unknown });
  expect(asked.size).toBeLessThan(20 * BATCH);
  expect(states.size).toBe(asked.size);
  expect([...states.values()].every(({ state }) => state === 'UNKNOWN')).toBe(true);
});

test('a batch that fails as a whole is unknown; the error is told', async () => {
  const failure = new MasCallFailed(16, refusal('unauthenticated', 'TOKEN_EXPIRED'), 1);
  const states: PaymentOutcome[] = [];
  const stoppedBy = await payRows({ createPayments: () => Promise.reject(failure) }, rowsOf(3), {
    patienceMs: 1_000,
    answered: (some) => states.push(...some),
  });
  expect(stoppedBy).toBe(failure);
  expect(states.map(({ state, reason }) => `${state} ${reason}`)).toEqual(Array.from({ length: 3 }, () => 'UNKNOWN TOKEN_EXPIRED'));
});
