/** The client-facing listener over real TLS: who may call, deadlines, limits, rich errors, batches. What MasClient makes of its answers is the client package's to test. */
import { Client, credentials, Metadata, status as Code, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { MasClient } from '@mas/client';
import { InvariantViolation } from '@mas/values';
import { identity } from '../client/node-channel';
import { fromServiceError } from '../errors/status-details';
import { CreatePaymentRequest, CreatePaymentsRequest, StreamPaymentsRequest } from '../generated/mas/v1/account_service';
import { readPaymentReplies, readStreamedReplies } from '../public/payment-messages';
import { eventually } from '../testing/eventually';
import { committed } from '../testing/fake-coordinator';
import { failed, PAYMENT, rawCallOver, TmListener, type Outcome } from '../testing/tm-listener';
import { readWire } from '../wire/wire-reader';
import type { RunningServer } from './running-server';

const minor = (value: bigint): { readonly value: { readonly $case: 'minor'; readonly value: bigint }; readonly currency: string } => ({
  value: { $case: 'minor', value },
  currency: '',
});
const payment = (overrides: Partial<CreatePaymentRequest> = {}): CreatePaymentRequest => ({
  id: 'p',
  kind: 0,
  from: 'abc',
  to: 'b',
  amount: minor(1n),
  legs: [],
  expiresInSeconds: 0,
  memo: '',
  lockHandle: '',
  ...overrides,
});
const encode = (overrides: Partial<CreatePaymentRequest> = {}): Buffer => Buffer.from(CreatePaymentRequest.encode(payment(overrides)).finish());

const listener = new TmListener();
const { certs, coordinator, operator, own, signer } = listener;
let server: RunningServer;
let raw: Client;

beforeAll(async () => {
  ({ server, raw } = await listener.start());
});
beforeEach(() => listener.forget());
afterAll(async () => {
  raw.close();
  await server.stop(0);
  certs.remove();
});

function call(path: string, bytes: Buffer, token: string | null = operator, timeoutMs?: number | null, over: Client = raw): Promise<Outcome> {
  return rawCallOver(over, path, bytes, token, timeoutMs);
}

describe('who may call', () => {
  test.each([
    ['no token', null, 'TOKEN_MISSING'],
    ['another scheme', 'Basic abc', 'TOKEN_INVALID'],
    ['a forged token', `${operator.slice(0, -2)}xx`, 'TOKEN_INVALID'],
    ['a token whose payload is no JSON', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.aGVsbG8.x', 'TOKEN_INVALID'],
    ['a token whose header is null', 'bnVsbA.e30.x', 'TOKEN_INVALID'],
  ])('%s', async (_what, token, reason) => {
    expect(await failed(call(PAYMENT, encode(), token))).toEqual({ code: Code.UNAUTHENTICATED, reason, field: null });
    expect(coordinator.calls).toEqual([]);
  });

  test("a node's certificate is no token", async () => {
    const node = new Client(`localhost:${server.port}`, credentials.createSsl(certs.tm.ca, certs.rm(1).key, certs.rm(1).certificate));
    expect(await failed(call(PAYMENT, encode(), null, 5_000, node))).toMatchObject({ code: Code.UNAUTHENTICATED });
    node.close();
  });

  test.each(['CreateAccount', 'ListAccounts', 'ChangeAccount'])("%s is not for an account's token", async (method) => {
    expect(await failed(call(`/mas.v1.AccountService/${method}`, Buffer.alloc(0), own))).toMatchObject({
      code: Code.PERMISSION_DENIED,
      reason: 'OPERATOR_REQUIRED',
    });
  });

  test.each(['GetClusterStatus', 'AddNode', 'Audit', 'ListUndecided', 'ResolveTransaction'])("NodeService %s is not for an account's token", async (method) => {
    expect(await failed(call(`/mas.v1.NodeService/${method}`, Buffer.alloc(0), own))).toMatchObject({
      code: Code.PERMISSION_DENIED,
      reason: 'OPERATOR_REQUIRED',
    });
  });

  test("an account's token reads, lists and locks its own account only", async () => {
    const mine = new MasClient({ addresses: [`localhost:${server.port}`], ca: certs.tm.ca, token: own });
    await mine.getAccount('abc');
    await mine.listPayments({ account: 'abc' });
    await mine.acquireLock({ lockIds: ['abc'] });
    for (const foreign of [
      () => mine.getAccount('b'),
      () => mine.getAccounts(['abc', 'b']),
      () => mine.listPayments({ account: 'b' }),
      () => mine.acquireLock({ lockIds: ['abc', 'b'] }),
      () => mine.getLock('b'),
    ]) {
      await expect(foreign()).rejects.toMatchObject({ code: Code.PERMISSION_DENIED, error: { reason: 'NOT_AUTHORIZED' } });
    }
    mine.close();
  });
});

describe('deadlines', () => {
  test('are required', async () => {
    expect(await failed(call(PAYMENT, encode(), operator, null))).toEqual({ code: Code.INVALID_ARGUMENT, reason: 'DEADLINE_MISSING', field: 'grpc-timeout' });
  });
  test('are capped', async () => {
    const askedMs = performance.now();
    await call(PAYMENT, encode(), operator, 3_600_000);
    const { deadlineMs } = coordinator.calls[0]!.args[0] as { deadlineMs: number };
    expect(deadlineMs).toBeLessThanOrEqual(performance.now() + 60_000);
    expect(deadlineMs).toBeGreaterThanOrEqual(askedMs + 60_000);
  });
});

describe('what is wrong in a payment is named, and nothing is touched', () => {
  const leg = (account: string, direction: number, amount = minor(1n)): CreatePaymentRequest['legs'][number] => ({ account, direction, amount });
  const usd = (decimal: string, currency = ''): CreatePaymentRequest['amount'] => ({ value: { $case: 'decimal', value: decimal }, currency });
  test.each<[string, Partial<CreatePaymentRequest>, string, string]>([
    ['no id', { id: '' }, 'PAYMENT_ID_INVALID', 'id'],
    ['an id with a space', { id: 'a b' }, 'PAYMENT_ID_INVALID', 'id'],
    ['an unknown kind', { kind: 99 as never }, 'KIND_INVALID', 'kind'],
    ['no sender', { from: '' }, 'ACCOUNT_NUMBER_INVALID', 'from'],
    ['a receiver that is no number', { to: 'a/b' }, 'ACCOUNT_NUMBER_INVALID', 'to'],
    ['itself as receiver', { to: 'abc' }, 'ACCOUNT_REPEATED', 'to'],
    ['no amount', { amount: undefined }, 'AMOUNT_MISSING', 'amount'],
    ['zero', { amount: minor(0n) }, 'AMOUNT_NOT_POSITIVE', 'amount'],
    ['a negative amount', { amount: usd('-1') }, 'AMOUNT_NOT_POSITIVE', 'amount'],
    ['too precise', { amount: usd('0.001') }, 'AMOUNT_TOO_PRECISE', 'amount'],
    ['too precise for yen', { amount: usd('0.1', 'JPY') }, 'AMOUNT_TOO_PRECISE', 'amount'],
    ['too large', { amount: usd('92233720368547758.08') }, 'AMOUNT_TOO_LARGE', 'amount'],
    ['no decimal', { amount: usd('1e3') }, 'AMOUNT_NOT_A_DECIMAL', 'amount'],
    ['no currency', { amount: usd('1', 'usd') }, 'CURRENCY_INVALID', 'amount.currency'],
    ['a memo beyond its length', { memo: 'x'.repeat(257) }, 'MEMO_TOO_LONG', 'memo'],
    ['both forms', { legs: [leg('abc', 1)] }, 'LEGS_AND_SIMPLE_FORM', 'legs'],
    ['65 legs', { from: '', to: '', legs: Array.from({ length: 65 }, (_, i) => leg(`a${i}`, 1)) }, 'TOO_MANY_LEGS', 'legs'],
    ['an account twice', { from: '', to: '', legs: [leg('a', 1), leg('b', 2), leg('a', 2)] }, 'ACCOUNT_REPEATED', 'legs[2].account'],
    ['no direction', { from: '', to: '', legs: [leg('a', 0)] }, 'DIRECTION_INVALID', 'legs[0].direction'],
    ['a zero leg', { from: '', to: '', legs: [leg('a', 1), leg('b', 2, minor(0n))] }, 'AMOUNT_NOT_POSITIVE', 'legs[1].amount'],
    ['an authorization without expiry', { kind: 2, to: '' }, 'EXPIRY_MISSING', 'expires_in_seconds'],
    ['an authorization that pays somebody', { kind: 2, expiresInSeconds: 60 }, 'EFFECT_NOT_ALLOWED', 'to'],
    ['a payment that expires', { expiresInSeconds: 60 }, 'EXPIRY_NOT_ALLOWED', 'expires_in_seconds'],
    ['a capture of nothing', { kind: 3, from: '' }, 'REFERENCE_MISSING', 'reference'],
    ['a payment with a reference', { reference: { $case: 'referenceId', value: 'x' } }, 'REFERENCE_NOT_ALLOWED', 'reference'],
    [
      'a refund of a malformed txn',
      { kind: 5, from: '', to: '', reference: { $case: 'referenceTxn', value: { txn: 'xyz', account: 'a' } } },
      'TXN_INVALID',
      'reference_txn.txn',
    ],
  ])('%s', async (_what, overrides, reason, field) => {
    expect(await failed(call(PAYMENT, encode(overrides)))).toEqual({ code: Code.INVALID_ARGUMENT, reason, field });
    expect(coordinator.calls).toEqual([]);
  });

  test('bytes that are no message', async () => {
    expect(await failed(call(PAYMENT, Buffer.from([0x0a, 0xff])))).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: 'REQUEST_MALFORMED' });
  });
  test('a message beyond the limit', async () => {
    expect(await failed(call(PAYMENT, Buffer.alloc(65 * 1024)))).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(coordinator.calls).toEqual([]);
  });
});

describe('failures inside', () => {
  test.each([
    ['a broken invariant', () => Promise.reject(new InvariantViolation('a sum is bounded', {}))],
    ['an answer that cannot be encoded', () => Promise.resolve({ ok: true as const, value: { kind: 'committed', txn: 5n } as never })],
  ])('%s fails the call that met it, and the next one is answered', async (_what, answer) => {
    coordinator.answers.set('createPayment', answer);
    expect((await call(PAYMENT, encode())).error?.code).toBe(Code.INTERNAL);
    coordinator.answers.clear();
    expect(await failed(call(PAYMENT, encode()))).toEqual({ accepted: true });
  });
  test('an exception shows nothing of itself', async () => {
    coordinator.answers.set('createPayment', () => Promise.reject(new Error('SELECT * FROM secrets')));
    const { error } = await call(PAYMENT, encode());
    expect(error?.code).toBe(Code.INTERNAL);
    expect(JSON.stringify(error)).not.toContain('SELECT');
  });
});

test('the rate of one subject does not touch another', async () => {
  const eager = signer.operator('eager', 60).token;
  const many = Buffer.from(CreatePaymentsRequest.encode({ payments: Array.from({ length: 1_000 }, (_, i) => payment({ id: `p${i}` })) }).finish());
  expect(await failed(call('/mas.v1.AccountService/CreatePayments', many, eager))).toEqual({ accepted: true });
  expect(await failed(call('/mas.v1.AccountService/CreatePayments', many, eager))).toEqual({ accepted: true });
  expect(await failed(call('/mas.v1.AccountService/CreatePayments', many, eager))).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, reason: 'RATE_LIMITED' });
  expect(await failed(call(PAYMENT, encode()))).toEqual({ accepted: true });
});

describe('batches', () => {
  const batch = [payment({ id: 'one' }), payment({ id: 'two', amount: minor(0n) }), payment({ id: 'three' })];

  test('a malformed payment is refused in its place, the others go on', async () => {
    const { answer } = await call('/mas.v1.AccountService/CreatePayments', Buffer.from(CreatePaymentsRequest.encode({ payments: batch }).finish()));
    const replies = readWire(answer!, readPaymentReplies, 'tolerant');
    expect(replies[0]).toEqual({ ok: true, value: committed });
    expect(replies[1]).toMatchObject({ ok: false, error: { kind: 'invalid', reason: 'AMOUNT_NOT_POSITIVE', field: 'payments[1].amount' } });
    expect(replies[2]).toEqual({ ok: true, value: committed });
    expect((coordinator.calls[0]?.args[1] as { id: string }[]).map(({ id }) => id)).toEqual(['one', 'three']);
  });

  const stream = (
    requests: readonly Parameters<typeof StreamPaymentsRequest.encode>[0][],
    token: string,
  ): Promise<{ readonly sequences: readonly number[]; readonly error: ServiceError | null }> =>
    new Promise((resolve) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      const sequences: number[] = [];
      const open = raw.makeBidiStreamRequest<Buffer, Buffer>('/mas.v1.AccountService/StreamPayments', identity, identity, metadata);
      open.on('data', (bytes: Buffer) => sequences.push(readWire(bytes, readStreamedReplies, 'tolerant').sequence));
      open.on('error', (error: ServiceError) => resolve({ sequences, error }));
      open.on('end', () => resolve({ sequences, error: null }));
      for (const request of requests) open.write(Buffer.from(StreamPaymentsRequest.encode(request).finish()));
      open.end();
    });

  test('a stream answers every batch under its sequence, more of them than it works on at once', async () => {
    const requests = Array.from({ length: 50 }, (_, i) => ({ sequence: BigInt(i + 1), payments: batch, timeoutMs: 60_000 }));
    const { sequences, error } = await stream(requests, signer.operator('streamer', 3600).token);
    expect(error).toBeNull();
    expect([...sequences].sort((a, b) => a - b)).toEqual(requests.map((_, i) => i + 1));
  });
  test('a batch without a time-out, or a stream without a valid token, ends it', async () => {
    expect(fromServiceError((await stream([{ sequence: 1n, payments: batch, timeoutMs: 0 }], operator)).error!).error.reason).toBe('DEADLINE_MISSING');
    expect((await stream([{ sequence: 1n, payments: batch, timeoutMs: 1 }], 'x')).error?.code).toBe(Code.UNAUTHENTICATED);
  });
});

describe('an audit', () => {
  function audit(requests: readonly Buffer[]): { readonly open: ClientDuplexStream<Buffer, Buffer>; readonly error: Promise<ServiceError | null> } {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${operator}`);
    const open = raw.makeBidiStreamRequest<Buffer, Buffer>('/mas.v1.NodeService/Audit', identity, identity, metadata);
    open.resume();
    const error = new Promise<ServiceError | null>((resolve) => {
      open.on('error', resolve);
      open.on('end', () => resolve(null));
    });
    for (const request of requests) open.write(request);
    return { open, error };
  }
  const watched = (): { readonly deadlineMs: number; readonly signal: AbortSignal } | undefined => {
    const [caller, watch] = (coordinator.calls[0]?.args ?? []) as [{ readonly deadlineMs: number }, { readonly signal: AbortSignal }];
    return coordinator.calls.length === 0 ? undefined : { deadlineMs: caller.deadlineMs, signal: watch.signal };
  };

  test('needs no deadline, and a caller that is gone ends it', async () => {
    coordinator.answers.set('audit', () => new Promise(() => undefined));
    const { open, error } = audit([Buffer.alloc(0)]);
    await eventually('the audit has begun', () => watched() !== undefined);
    expect(watched()).toMatchObject({ deadlineMs: Number.POSITIVE_INFINITY, signal: { aborted: false } });
    open.cancel();
    await eventually('the audit hears that nobody waits', () => watched()?.signal.aborted === true);
    expect((await error)?.code).toBe(Code.CANCELLED);
  });

  test('takes one request', async () => {
    coordinator.answers.set('audit', () => new Promise(() => undefined));
    const twice = audit([Buffer.alloc(0), Buffer.alloc(0)]);
    expect((await twice.error)?.code).toBe(Code.INVALID_ARGUMENT);
    const none = audit([]);
    none.open.end();
    expect((await none.error)?.code).toBe(Code.INVALID_ARGUMENT);
  });

  test('that fails says why', async () => {
    coordinator.answers.set('audit', () => Promise.reject(new Error('secret')));
    const { error } = audit([Buffer.alloc(0)]);
    expect(fromServiceError((await error)!).error.reason).toBe('INTERNAL');
  });
});
