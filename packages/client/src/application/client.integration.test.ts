/** What an application sees: values and errors, and which is which; batches by themselves; nothing thrown. */
import type { RunningServer } from '@mas/rpc';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { accountNumber } from '@mas/values';
import { committed, TXN } from '../../../rpc/src/testing/fake-coordinator';
import { TmListener } from '../../../rpc/src/testing/tm-listener';
import { Client } from './client';
import { PAID, tellOfPayment } from '../statement/testing/told-payment';
import type { PaymentRequest } from './types';

const listener = new TmListener();
const { certs, coordinator, signer, operator } = listener;
let server: RunningServer;
let client: Client;

beforeAll(async () => {
  const started = await listener.start();
  started.raw.close();
  server = started.server;
  client = new Client({ addresses: [started.address], ca: certs.tm.ca, token: operator, timeoutMs: 20_000 });
});
beforeEach(() => listener.forget());
afterAll(async () => {
  client.close();
  await server.stop(0);
  certs.remove();
});

const payment = (more: Partial<PaymentRequest> = {}): PaymentRequest => ({ id: 'p', from: 'a', to: 'b', amountMinor: 250n, ...more });
const answer = (value: PaymentResult): void => void coordinator.answers.set('createPayment', () => Promise.resolve({ ok: true, value }));

test('a committed payment is a value of plain data', async () => {
  expect(await client.pay(payment())).toEqual({
    ok: true,
    value: {
      id: 'p',
      txn: TXN,
      atMs: 5,
      kind: 'payment',
      legs: [
        { account: 'a', effect: 'debit', amountMinor: 250n, currency: 'USD' },
        { account: 'b', effect: 'credit', amountMinor: 250n, currency: 'USD' },
      ],
      memo: 'm',
      balances: [{ account: 'a', balanceMinor: -7n }],
    },
  });
});

test('an aborted one is an error that did not happen; an unknown one may have', async () => {
  const { body } = committed as Extract<PaymentResult, { kind: 'committed' }>;
  answer({ kind: 'aborted', txn: TXN, atMs: 5, body, reason: { name: 'INSUFFICIENT_FUNDS', account: accountNumber('a'), facts: { available: '1.00' } } });
  expect(await client.pay(payment())).toEqual({
    ok: false,
    error: {
      kind: 'aborted',
      reason: 'INSUFFICIENT_FUNDS',
      message: 'the payment was aborted: INSUFFICIENT_FUNDS, account a, available 1.00',
      field: null,
      facts: { account: 'a', available: '1.00', txn: TXN },
      mayHaveHappened: false,
    },
  });
  answer({ kind: 'unknown', txn: TXN, message: 'ask again' });
  expect(await client.pay(payment(), { timeoutMs: 2_000 })).toMatchObject({ ok: false, error: { reason: 'OUTCOME_UNKNOWN', mayHaveHappened: true } });
});

test('a refusal keeps its words', async () => {
  const error = { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'amount', message: 'Another body.', facts: { field: 'amount' } } as const;
  coordinator.answers.set('createPayment', () => Promise.resolve({ ok: false, error }));
  expect(await client.pay(payment())).toEqual({ ok: false, error: { ...error, mayHaveHappened: false } });
});

test.each<readonly [string, PaymentRequest, RegExp]>([
  ['a float', payment({ amountMinor: 2.5 as unknown as bigint }), /bigint/],
  ['more than 64 bits', payment({ amountMinor: 2n ** 64n }), /./],
  ['no list where one belongs', payment({ legs: 5 as unknown as [] }), /./],
])('%s is refused before anything is sent', async (_, request, message) => {
  expect(await client.pay(request)).toMatchObject({
    ok: false,
    error: { kind: 'invalid', message: expect.stringMatching(message) as string, mayHaveHappened: false },
  });
  expect(coordinator.calls).toEqual([]);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a call that may take %d ms is refused', async (timeoutMs) => {
  expect(await client.pay(payment(), { timeoutMs })).toMatchObject({ ok: false, error: { kind: 'invalid', reason: 'TIMEOUT_INVALID' } });
  expect(await client.account('a', { timeoutMs })).toMatchObject({ ok: false, error: { kind: 'invalid', reason: 'TIMEOUT_INVALID' } });
  expect(() => new Client({ addresses: ['localhost:1'], token: '', timeoutMs })).toThrow(RangeError);
});

test('payments of the same time share a batch; those with another token have their own', async () => {
  await client.account('a');
  listener.forget();
  const other = client.as(signer.operator('other', 3600).token);
  const paid = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? client : other).pay(payment({ id: `p${at}` }))));
  expect(paid.every(({ ok }) => ok)).toBe(true);
  const sent = coordinator.calls.map(({ args }) => [(args[0] as { subject: { name: string } }).subject.name, (args[1] as unknown[]).length]);
  expect(sent.sort()).toEqual([
    ['mas|ops', 25],
    ['mas|other', 25],
  ]);
});

test('accounts, lists and locks', async () => {
  expect(await client.createAccount({ id: 'c', number: 'abc', openingBalanceMinor: 1250n })).toMatchObject({
    ok: true,
    value: { created: true, account: { number: 'abc' } },
  });
  expect(coordinator.calls[0]?.args[1]).toMatchObject({ openingBalanceMinor: 1250n, currency: 'USD', minimumMinor: null });
  expect(await client.account('a')).toMatchObject({ ok: true, value: { number: 'a', balanceMinor: 1250n } });
  expect(await client.accounts(['a', 'b'])).toMatchObject({ ok: true, value: [{ number: 'a' }, { number: 'b' }] });
  expect(await client.payment({ id: 'p' })).toMatchObject({ ok: true, value: { id: 'p', state: 'COMMITTED', commitUs: 5_007, legs: [], kind: null } });
  for await (const none of client.movements('a')) throw new Error(`a movement: ${JSON.stringify(none)}`);
  const held = await client.lock({ lockIds: ['a'] });
  expect(held).toEqual({ ok: true, value: { handle: 'h', locks: [{ lockId: 'a', token: 7 }], holdMs: 5000 } });
  expect(await client.lock({ lockIds: ['busy'] })).toMatchObject({ ok: false, error: { kind: 'aborted', reason: 'LOCK_HELD' } });
});

test('a statement is one value, or an error', async () => {
  const { commitUs, momentUs } = tellOfPayment(coordinator);
  const opened = { commitUs: null, kind: 'opened', payment: '', txn: '', amountMinor: 10_000n, balanceMinor: 10_000n, counterparties: [], memo: '' };
  const paid = { commitUs, kind: 'payment', txn: PAID.txn, amountMinor: -250n, balanceMinor: 9_750n, counterparties: ['a2'], memo: '' };
  const ends = { openingUs: null, openingMinor: 0n, closingUs: momentUs, closingMinor: 9_750n };
  expect(await client.statement('a1')).toMatchObject({ ok: true, value: { account: 'a1', currency: 'USD', ...ends, movements: [opened, paid] } });
  expect(await client.statement('a1', { toUs: 0 })).toMatchObject({ ok: false, error: { kind: 'invalid', reason: 'PERIOD_INVALID', field: 'toUs' } });
  expect(await client.statement('a1', {}, { signal: AbortSignal.abort() })).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
  coordinator.answers.set('listPayments', () => new Promise(() => undefined));
  expect(await client.statement('a1', {}, { timeoutMs: 200 })).toMatchObject({ ok: false, error: { kind: 'deadline-exceeded' } });
});

test('one that does not add up is none', async () => {
  // The balance is said to be the same before and after a payment.
  const { openedUs, commitUs } = tellOfPayment(coordinator, 9_000n);
  let asked = 0;
  const told = coordinator.answers.get('getAccounts');
  coordinator.answers.set('getAccounts', async () => {
    const reply = (await told?.()) as { ok: true; value: readonly object[] };
    asked += 1;
    return { ok: true, value: reply.value.map((account) => (asked === 1 ? account : { ...account, momentUs: openedUs })) };
  });
  expect(await client.statement('a1', { fromUs: commitUs })).toMatchObject({
    ok: false,
    error: {
      kind: 'internal',
      reason: 'STATEMENT_DOES_NOT_ADD_UP',
      facts: { account: 'a1', computedMinor: '8750', closingMinor: '9000' },
      mayHaveHappened: false,
    },
  });
});

test('given up, and closed: cancelled, before and after it was sent', async () => {
  expect(await client.account('a', { signal: AbortSignal.abort() })).toMatchObject({ ok: false, error: { kind: 'cancelled', mayHaveHappened: false } });
  const closed = client.as(operator);
  const own = new Client({ addresses: ['localhost:1'], ca: certs.tm.ca.toString(), token: operator });
  own.close();
  expect(await own.pay(payment())).toMatchObject({ ok: false, error: { kind: 'cancelled', reason: 'CLIENT_CLOSED', mayHaveHappened: false } });
  expect(await closed.account('a')).toMatchObject({ ok: true });
});
