/** The client-facing listener over real TLS: tokens, deadlines, limits, rich errors, and every method's answer as MasClient reads it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join, resolve } from 'node:path';
import { Client, credentials, Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import type { GlobalLockService, LockReport } from '@mas/global-lock';
import { accountNumber, InvariantViolation, silentLogger } from '@mas/values';
import { JwtTokenVerifier } from '../auth/jwt-token-verifier';
import { loadTokenKeys } from '../auth/token-keys';
import { TokenSigner } from '../auth/token-signer';
import { MasClient } from '../client/mas-client';
import { identity } from '../client/node-channel';
import { MasCallFailed } from '../client/retrying-channel';
import { fromServiceError } from '../errors/status-details';
import { CreatePaymentRequest, CreatePaymentsRequest, StreamPaymentsRequest } from '../generated/mas/v1/account_service';
import { readPaymentReplies, readStreamedReplies } from '../public/payment-messages';
import { committed, fakeCoordinator, TXN } from '../testing/fake-coordinator';
import { freshSecret } from '../testing/fresh-secret';
import { realClock } from '../testing/real-clock';
import { makeTestCerts } from '../testing/test-certs';
import { readWire } from '../wire/wire-reader';
import { edgeLimits } from './edge-limits';
import type { RunningServer } from './running-server';
import { startTmServer } from './start-tm-server';

const certs = makeTestCerts();
const keys = loadTokenKeys({ algorithm: 'HS256', issuer: 'mas', audience: 'mas', keys: [{ keyId: '1', material: freshSecret() }] });
if (!keys.ok) throw new Error(keys.error.message);
const signer = new TokenSigner(keys.value, realClock);
const operator = signer.operator('ops', 3600).token;
const own = signer.account(accountNumber('abc'), 3600).token;
const coordinator = fakeCoordinator();
const PAYMENT = '/mas.v1.AccountService/CreatePayment';
const minor = (value: bigint): { readonly value: { readonly $case: 'minor'; readonly value: bigint }; readonly currency: string } => ({ value: { $case: 'minor', value }, currency: '' });
const payment = (overrides: Partial<CreatePaymentRequest> = {}): CreatePaymentRequest => ({ id: 'p', kind: 0, from: 'abc', to: 'b', amount: minor(1n), legs: [], expiresInSeconds: 0, memo: '', lockHandle: '', ...overrides });
const encode = (overrides: Partial<CreatePaymentRequest> = {}): Buffer => Buffer.from(CreatePaymentRequest.encode(payment(overrides)).finish());
const report = (lockId: string): LockReport => ({ lockId, mode: 'exclusive', holders: [{ heldBy: 'operator mas|ops', token: 3, remainingMs: 12.5 }], waiting: 2, lastBreak: { by: 'operator mas|ops', atMs: 5, upToToken: 2 } });
const locks: GlobalLockService = {
  acquire: ({ lockIds, handle }) => Promise.resolve(lockIds.includes('busy') ? { kind: 'held', by: { lockId: 'busy', mode: 'exclusive', owners: ['secret-handle'], remainingMs: 12.5, token: 3 }, attempts: 10 } : { kind: 'acquired', handle: handle ?? 'h', locks: lockIds.map((lockId) => ({ lockId, token: 7 })), timeoutMs: 5000 }),
  release: ({ lockIds }) => Promise.resolve({ kind: 'lost', lockIds }),
  refresh: () => Promise.resolve({ kind: 'unavailable', reason: 'redis is silent' }),
  status: (lockId) => Promise.resolve({ lockId, mode: 'exclusive', owners: ['secret-handle'], remainingMs: 12.5, token: 3 }),
  inspect: (lockId) => Promise.resolve(report(lockId)),
  break: ({ lockId }) => Promise.resolve(lockId === 'busy' ? { kind: 'broken', was: report(lockId) } : lockId === 'old' ? { kind: 'refused', name: 'SEMANTICS_TOO_OLD', lockId } : { kind: 'not-held' }),
};

let server: RunningServer;
let raw: Client;
let client: MasClient;

beforeAll(async () => {
  const limits = edgeLimits({ maxMessageBytes: 64 * 1024, rateBurst: 2_500, ratePerSecond: 1 });
  if (!limits.ok) throw new Error(limits.error.join());
  server = await startTmServer({ address: '127.0.0.1:0', tls: certs.tm, coordinator: coordinator.service, locks, tokens: new JwtTokenVerifier(keys.value, realClock), signer, limits: limits.value, clock: realClock, logger: silentLogger });
  server.setServing(true);
  raw = new Client(`localhost:${server.port}`, credentials.createSsl(certs.tm.ca));
  client = new MasClient({ addresses: [`localhost:${server.port}`], ca: certs.tm.ca, token: operator, timeoutMs: 60_000 });
});
beforeEach(() => {
  coordinator.calls.length = 0;
  coordinator.answers.clear();
});
afterAll(async () => {
  raw.close();
  client.close();
  await server.stop(0);
  certs.remove();
});

interface Outcome { readonly error: ServiceError | null; readonly answer: Buffer | undefined }
function call(path: string, bytes: Buffer, token: string | null = operator, timeoutMs: number | null = 60_000, over: Client = raw): Promise<Outcome> {
  const metadata = new Metadata();
  if (token !== null) metadata.set('authorization', token.includes(' ') ? token : `Bearer ${token}`);
  return new Promise((resolve) => {
    over.makeUnaryRequest(path, identity, identity, bytes, metadata, timeoutMs === null ? {} : { deadline: Date.now() + timeoutMs }, (error, answer) => resolve({ error, answer }));
  });
}
const failed = async (outcome: Promise<Outcome>): Promise<object> => {
  const { error } = await outcome;
  if (error === null) return { accepted: true };
  const { code, error: details } = fromServiceError(error);
  return { code, reason: details.reason, field: details.field };
};

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
    expect(await failed(call(`/mas.v1.AccountService/${method}`, Buffer.alloc(0), own))).toMatchObject({ code: Code.PERMISSION_DENIED, reason: 'OPERATOR_REQUIRED' });
  });

  test.each(['GetClusterStatus', 'AddNode', 'Audit', 'ListUndecided', 'ResolveTransaction'])("NodeService %s is not for an account's token", async (method) => {
    expect(await failed(call(`/mas.v1.NodeService/${method}`, Buffer.alloc(0), own))).toMatchObject({ code: Code.PERMISSION_DENIED, reason: 'OPERATOR_REQUIRED' });
  });

  test("an account's token reads, lists and locks its own account only", async () => {
    const mine = new MasClient({ addresses: [`localhost:${server.port}`], ca: certs.tm.ca, token: own });
    await mine.getAccount('abc');
    await mine.listPayments({ account: 'abc' });
    await mine.acquireLock({ lockIds: ['abc'] });
    for (const foreign of [() => mine.getAccount('b'), () => mine.getAccounts(['abc', 'b']), () => mine.listPayments({ account: 'b' }), () => mine.acquireLock({ lockIds: ['abc', 'b'] }), () => mine.getLock('b')]) {
      await expect(foreign()).rejects.toMatchObject({ code: Code.PERMISSION_DENIED, error: { reason: 'NOT_AUTHORIZED' } });
    }
    mine.close();
  });
});

test('a read of one account that does not exist names the account, as its request does, and not a place in a list', async () => {
  const missing = (): Promise<never> => Promise.resolve({ ok: false, error: { kind: 'not-found', reason: 'ACCOUNT_NOT_FOUND', field: 'numbers[0]', message: 'Account nobody does not exist.', facts: { account: 'nobody' } } } as never);
  coordinator.answers.set('getAccounts', missing);
  await expect(client.getAccount('nobody')).rejects.toMatchObject({ error: { field: 'number', facts: { account: 'nobody' } } });
  coordinator.answers.set('getAccounts', missing);
  await expect(client.getAccounts(['nobody'])).rejects.toMatchObject({ error: { field: 'numbers[0]' } });
});

describe('no quorum', () => {
  const noQuorum = (): Promise<never> => Promise.resolve({ ok: false, error: { kind: 'unavailable', reason: 'NO_QUORUM', field: null, message: 'Bucket 1 has no quorum: 1 of its 3 replicas is up, 2 are needed; the payment may still commit or be abandoned.', facts: { bucket: '1' } } } as never);

  test('ends the call at its first answer', async () => {
    coordinator.answers.set('getAccounts', noQuorum);
    await expect(client.getAccount('abc')).rejects.toMatchObject({ attempts: 1, error: { reason: 'NO_QUORUM', facts: { bucket: '1' } } });
  });

  test('a payment that was unknown before stays unknown', async () => {
    let times = 0;
    coordinator.answers.set('createPayment', () => ((times += 1) === 1 ? Promise.resolve({ ok: true, value: { kind: 'unknown', txn: TXN, message: 'ask again' } }) : noQuorum()));
    expect(await client.createPayment({ id: 'unsure', from: 'a', to: 'b', amount: { minor: 1n } })).toMatchObject({ kind: 'unknown', txn: TXN });
    expect(times).toBe(2);
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
    ['a refund of a malformed txn', { kind: 5, from: '', to: '', reference: { $case: 'referenceTxn', value: { txn: 'xyz', account: 'a' } } }, 'TXN_INVALID', 'reference_txn.txn'],
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
  test("a refusal's reason, field and facts reach the client", async () => {
    coordinator.answers.set('createPayment', () => Promise.resolve({ ok: false, error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'amount', message: 'Another body.', facts: { field: 'amount' } } }));
    const error: unknown = await client.createPayment({ id: 'p', from: 'a', to: 'b', amount: { minor: 1n } }).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(MasCallFailed);
    expect(error).toMatchObject({ code: Code.ALREADY_EXISTS, error: { kind: 'already-exists', reason: 'ID_CONFLICT', field: 'amount', message: 'Another body.', facts: { field: 'amount' } } });
  });
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

  const stream = (requests: readonly Parameters<typeof StreamPaymentsRequest.encode>[0][], token: string): Promise<{ readonly sequences: readonly number[]; readonly error: ServiceError | null }> =>
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

test("MasClient's payment stream: many batches in flight, and a broken stream fails what is open", async () => {
  const streamer = new MasClient({ addresses: [`localhost:${server.port}`], ca: certs.tm.ca, token: signer.operator('batches', 3600).token });
  const stream = streamer.openPaymentStream();
  const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => stream.send([{ id: `s${i}`, from: 'a', to: 'b', amount: { minor: 1n } }])));
  expect(replies).toEqual(Array.from({ length: 40 }, () => [{ ok: true, value: committed }]));
  coordinator.answers.set('createPayments', () => Promise.reject(new Error('broken')));
  await expect(stream.send([{ id: 'x', from: 'a', to: 'b', amount: { minor: 1n } }])).rejects.toBeInstanceOf(MasCallFailed);
  await expect(stream.send([{ id: 'x', from: 'a', to: 'b', amount: { minor: 1n } }])).rejects.toBeInstanceOf(MasCallFailed);
  streamer.close();
});

describe('MasClient over several addresses', () => {
  test('goes to the next one when one does not answer, with the same id', async () => {
    const failing = new MasClient({ addresses: ['localhost:1', `localhost:${server.port}`], ca: certs.tm.ca, token: operator, timeoutMs: 60_000 });
    expect(await failing.createPayment({ id: 'over', from: 'a', to: 'b', amount: { minor: 1n } })).toEqual(committed);
    expect(coordinator.calls.map(({ args }) => (args[1] as { id: string }).id)).toEqual(['over']);
    failing.close();
  });
  test('asks again with the same id while the outcome is unknown', async () => {
    let times = 0;
    coordinator.answers.set('createPayment', () => Promise.resolve({ ok: true, value: (times += 1) < 3 ? { kind: 'unknown', txn: TXN, message: 'ask again' } : committed }));
    expect(await client.createPayment({ id: 'again', from: 'a', to: 'b', amount: { minor: 1n } })).toEqual(committed);
    expect(coordinator.calls.map(({ args }) => (args[1] as { id: string }).id)).toEqual(['again', 'again', 'again']);
  });
  test('a refusal is not repeated', async () => {
    coordinator.answers.set('createPayment', () => Promise.resolve({ ok: false, error: { kind: 'failed-precondition', reason: 'X', field: null, message: 'No.', facts: {} } }));
    await expect(client.createPayment({ id: 'no', from: 'a', to: 'b', amount: { minor: 1n } })).rejects.toMatchObject({ attempts: 1 });
  });
});

describe('every method answers what the coordinator said', () => {
  test('accounts', async () => {
    const created = await client.createAccount({ id: 'c', number: 'abc', openingBalance: { decimal: '12.50' }, minimumBalance: { decimal: '10' } });
    expect(created).toMatchObject({ created: true, account: { number: 'abc', balanceMinor: 1250n, owner: 'Ödön', leader: 1, holdsMinor: null } });
    expect(coordinator.calls[0]?.args[1]).toEqual({ id: 'c', number: 'abc', currency: 'USD', openingBalanceMinor: 1250n, minimumMinor: 1000n, owner: '' });
    expect(new JwtTokenVerifier(keys.value, realClock).verify(created.token!)).toEqual({ ok: true, value: { kind: 'account', account: 'abc' } });
    expect((await client.getAccounts(['a', 'b'], 'uncommitted')).map(({ number }) => number)).toEqual(['a', 'b']);
    expect(await client.listAccounts()).toMatchObject({ nextCursor: 'next' });
    expect(await client.changeAccount({ id: 'f', number: 'a', change: 'freeze' })).toMatchObject({ number: 'a' });
  });
  test('payments', async () => {
    expect(await client.createPayment({ id: 'p', from: 'a', to: 'b', amount: { decimal: '2.5' } })).toEqual(committed);
    expect(coordinator.calls[0]?.args[1]).toMatchObject({ kind: 'payment', legs: [{ account: 'a', direction: 'debit', amountMinor: 250n, currency: 'USD' }, { account: 'b', direction: 'credit', amountMinor: 250n, currency: 'USD' }], reference: null, amountMinor: null });
    expect(await client.getPayment({ id: 'p' })).toMatchObject({ state: 'COMMITTED', timeline: [{ step: 'received', bucket: null, detail: null }, { step: 'prepared', bucket: 2, detail: 'x' }], outcome: { untold: [{ account: 'b' }] } });
    expect(await client.listPayments({ account: 'a', state: 'ABORTED', fromMs: 5 })).toEqual({ legs: [], nextCursor: null });
    await client.createPayment({ id: 'c', kind: 'capture', to: 'b', referenceId: 'p' });
    expect(coordinator.calls.at(-1)?.args[1]).toMatchObject({ kind: 'capture', legs: [{ account: 'b', direction: 'credit', amountMinor: 0n }], reference: { kind: 'id', id: 'p' }, amountMinor: null });
  });
  test('locks; handles of others stay secret', async () => {
    expect(await client.acquireLock({ lockIds: ['a'] })).toEqual({ handle: 'h', locks: [{ lockId: 'a', token: 7 }], timeoutMs: 5000 });
    await expect(client.acquireLock({ lockIds: ['busy'] })).rejects.toMatchObject({ code: Code.ABORTED, error: { reason: 'LOCK_HELD', facts: { attempts: '10', lock_id: 'busy' } } });
    for (const mode of ['shared', 'exclusive'] as const) {
      for (const id of ['', '-a', 'a/b', 'job #7', 'x'.repeat(65), 'ä']) await expect(client.acquireLock({ lockIds: [id], mode })).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, error: { reason: 'LOCK_ID_INVALID', field: 'lock_ids[0]' } });
    }
    await expect(client.releaseLock(['a'], 'h')).rejects.toMatchObject({ error: { reason: 'LOCK_NOT_OWNED' } });
    await expect(client.refreshLock(['a'], 'h')).rejects.toMatchObject({ error: { reason: 'LOCKS_UNAVAILABLE' } });
    const rounded = { ...report('busy'), holders: [{ heldBy: 'operator mas|ops', token: 3, remainingMs: 13 }] };
    expect(await client.getLock('busy')).toEqual(rounded);
    expect(await client.breakLock('busy')).toEqual(rounded);
    await expect(client.breakLock('a')).rejects.toMatchObject({ code: Code.NOT_FOUND, error: { reason: 'LOCK_NOT_HELD' } });
    await expect(client.breakLock('old')).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, error: { reason: 'SEMANTICS_TOO_OLD' } });
  });
  test('the cluster', async () => {
    expect(await client.clusterStatus()).toMatchObject({ placement: { version: 1 }, unreachable: [3] });
    expect(await client.audit()).toMatchObject({ consistent: false, incomplete: ['one was away'], checks: [{ name: 'journals', count: 12, differences: ['one'] }], totals: [{ currency: 'USD', issuedMinor: 2n ** 64n, balancesMinor: 5n }] });
    expect(await client.undecided()).toEqual({ transactions: [], payments: [{ id: 'p', scope: 'mas|ops', txn: expect.stringMatching(/^[0-9a-f]{64}$/) as string, coordinator: 'tm-1', homeBucket: 3, ageMs: 7, home: 'It does not answer.' }], silent: [3] });
    expect(await client.resolve(TXN, 'a')).toEqual({ kind: 'unknown', txn: TXN, message: 'ask again' });
    await expect(client.addNode(4, 'localhost:1')).rejects.toMatchObject({ code: Code.UNIMPLEMENTED, error: { reason: 'ADD_NODE_UNIMPLEMENTED' } });
  });
});

describe('buf curl, by reflection alone', () => {
  const root = resolve(__dirname, '../../../..');
  /** Not synchronous: the server that it calls lives in this process. */
  const buf = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(join(root, 'node_modules/.bin/buf'), ['curl', '--protocol', 'grpc', '--cacert', join(certs.dir, 'ca.crt'), ...args], { cwd: certs.dir, encoding: 'utf8', timeout: 30_000 })).stdout;

  test('lists the services', async () => {
    expect((await buf('--list-services', `https://localhost:${server.port}`)).trim().split('\n').sort()).toEqual(['grpc.health.v1.Health', 'mas.v1.AccountService', 'mas.v1.LockService', 'mas.v1.NodeService']);
  });
  test('calls a method', async () => {
    const answer = JSON.parse(await buf('-H', `authorization: Bearer ${operator}`, '--timeout', '5s', '-d', '{"number":"abc"}', `https://localhost:${server.port}/mas.v1.AccountService/GetAccount`)) as { account: { balanceMinor: string } };
    expect(answer.account.balanceMinor).toBe('1250');
  });
});

test('health follows what the process says', async () => {
  const check = async (): Promise<string> => (await call('/grpc.health.v1.Health/Check', Buffer.alloc(0), null, 1_000)).answer?.toString('hex') ?? '';
  expect(await check()).toBe('0801');
  server.setServing(false);
  expect(await check()).toBe('0802');
  server.setServing(true);
});
