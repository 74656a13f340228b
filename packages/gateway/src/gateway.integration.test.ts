/** The gateway over real TLS before a real listener of a Transaction Manager: what goes through, what is refused by name, and what a caller can cost. */
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { MasClient, readsInTime, RetryingChannel } from '@mas/client';
import type { RunningServer } from '@mas/rpc';
import { goAwayAndCall } from '@mas/test-servers';
import { silentLogger } from '@mas/values';
import { PAID, tellOfPayment } from '../../client/src/statement/testing/told-payment';
import { committed, TXN } from '../../rpc/src/testing/fake-coordinator';
import { TmListener } from '../../rpc/src/testing/tm-listener';
import { startGateway, type RunningGateway } from './gateway';
import { LIMITS } from './limits';
import { STATEMENT_SCHEMAS } from './statement-document';

const listener = new TmListener();
const { certs, coordinator, operator, own } = listener;
let server: RunningServer;
let channel: RetryingChannel;
let gateway: RunningGateway;

beforeAll(async () => {
  const started = await listener.start();
  started.raw.close();
  server = started.server;
  const options = { addresses: [started.address], ca: certs.tm.ca, token: '', timeoutMs: 15_000 };
  channel = new RetryingChannel(options);
  const client = new MasClient(options, channel);
  const { ca: _, ...tls } = certs.tm;
  gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    tls,
    upstream: { call: (path, request, lead) => channel.call(path, request, (bytes) => bytes, lead), reads: (lead) => readsInTime(client.with(lead)) },
    version: '1',
    corsOrigins: ['https://shop.example'],
    logger: silentLogger,
  });
});
beforeEach(() => listener.forget());
afterAll(async () => {
  await gateway.stop(0);
  channel.close();
  await server.stop(0);
  certs.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

type Headers = Readonly<Record<string, string>>;

function ask(method: string, path: string, body: string | null = null, headers: Headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        host: 'localhost',
        port: gateway.port,
        ca: certs.tm.ca,
        method,
        path,
        headers: { authorization: `Bearer ${operator}`, ...(body === null ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text === '' ? '{}' : text) as Answer['body'] }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}

const PAYMENT = JSON.stringify({ id: 'p1', from: 'a', to: 'b', amount: { decimal: '2.50' } });
const pay = (body = PAYMENT, headers: Headers = {}): Promise<Answer> => ask('POST', '/v1/payments', body, headers);

test('a payment is made; 64-bit numbers are strings, enums their names', async () => {
  const { status, body, headers } = await pay();
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/json; charset=utf-8', 'no-store']);
  expect(body).toMatchObject({
    payment: { state: 'PAYMENT_STATE_COMMITTED', txn: TXN, atMs: '5', balances: [{ account: 'a', balanceMinor: '-7' }] },
  });
  expect(coordinator.calls).toMatchObject([
    { method: 'createPayment', args: [{}, { id: 'p1', legs: [{ account: 'a', amountMinor: 250n, direction: 'debit' }, { account: 'b' }] }] },
  ]);
});

test('the header Idempotency-Key is the id', async () => {
  const body = JSON.stringify({ from: 'a', to: 'b', amount: { minor: 250 } });
  expect((await pay(body, { 'idempotency-key': 'k1' })).status).toBe(200);
  expect(coordinator.calls).toMatchObject([{ args: [{}, { id: 'k1' }] }]);
  expect((await pay(PAYMENT, { 'idempotency-key': 'p1' })).status).toBe(200);
  expect((await pay(PAYMENT, { 'idempotency-key': 'p2' })).body).toMatchObject({ status: 400, reason: 'FIELD_TWICE', field: 'id' });
});

test('whoever goes away with an error, and asks in the same packet, ends his connection and no process', async () => {
  await goAwayAndCall(gateway.port, certs.tm.ca);
  expect((await ask('GET', '/v1/accounts/abc')).status).toBe(200);
});

test('an aborted payment is a problem with its reason and the payment', async () => {
  coordinator.answers.set('createPayment', () =>
    Promise.resolve({
      ok: true,
      value: {
        kind: 'aborted',
        txn: TXN,
        atMs: 5,
        body: (committed as { body: unknown }).body,
        reason: { name: 'INSUFFICIENT_FUNDS', account: 'a', facts: { missing: '1' } },
      },
    } as never),
  );
  const { status, headers, body } = await pay();
  expect([status, headers['content-type']]).toEqual([422, 'application/problem+json; charset=utf-8']);
  expect(body).toMatchObject({
    type: 'urn:mas:reason:INSUFFICIENT_FUNDS',
    reason: 'INSUFFICIENT_FUNDS',
    facts: { account: 'a', missing: '1' },
    answer: { payment: { state: 'PAYMENT_STATE_ABORTED', txn: TXN } },
  });
});

test('an outcome that is not known is asked for again with the same id', async () => {
  let asked = 0;
  coordinator.answers.set('createPayment', () => {
    asked += 1;
    return Promise.resolve({ ok: true, value: asked === 1 ? { kind: 'unknown', txn: TXN, message: 'not known' } : committed } as never);
  });
  expect((await pay()).body).toMatchObject({ payment: { state: 'PAYMENT_STATE_COMMITTED' } });
  expect(coordinator.calls).toMatchObject([{ args: [{}, { id: 'p1' }] }, { args: [{}, { id: 'p1' }] }]);
});

test('one that stays unknown says so, and that it may have happened', async () => {
  coordinator.answers.set('createPayment', () => Promise.resolve({ ok: true, value: { kind: 'unknown', txn: TXN, message: 'not known' } } as never));
  expect(await pay(PAYMENT, { prefer: 'wait=1' })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: { reason: 'OUTCOME_UNKNOWN', mayHaveHappened: true, answer: { payment: { state: 'PAYMENT_STATE_UNKNOWN' } } },
  });
});

test('a refusal of the Transaction Manager keeps its reason and names the field', async () => {
  expect((await pay(JSON.stringify({ id: 'p1', from: 'a', to: 'a', amount: { minor: 1 } }))).body).toMatchObject({
    status: 400,
    field: expect.any(String) as string,
  });
  coordinator.answers.set('getAccounts', () =>
    Promise.resolve({
      ok: false,
      error: { kind: 'not-found', reason: 'ACCOUNT_NOT_FOUND', field: 'numbers[0]', message: 'Account x does not exist.', facts: { account: 'x' } },
    } as never),
  );
  expect((await ask('GET', '/v1/accounts/x')).body).toMatchObject({ status: 404, reason: 'ACCOUNT_NOT_FOUND', facts: { account: 'x' } });
});

test('reads, by path and query; a list says where it goes on', async () => {
  expect((await ask('GET', '/v1/accounts/abc%3Ad?level=READ_LEVEL_CACHED')).body).toMatchObject({ account: { number: 'abc:d', balanceMinor: '1250' } });
  expect((await ask('GET', '/v1/accounts:batchGet?numbers=a&numbers=b&atUs=1700000000000001')).body).toMatchObject({
    accounts: [{ number: 'a' }, { number: 'b' }],
  });
  const { headers, body } = await ask('GET', '/v1/accounts?pageSize=1');
  expect(body).toMatchObject({ nextPageToken: expect.any(String) as string });
  expect(headers['link']).toBe(`</v1/accounts?pageSize=1&pageToken=${encodeURIComponent(String(body['nextPageToken']))}>; rel="next"`);
});

test('a statement: amounts and moments as texts, with the fields of its schema', async () => {
  const { commitUs, momentUs } = tellOfPayment(coordinator);
  const { status, body, headers } = await ask('GET', '/v1/accounts/a1/statement');
  expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
  const statement = body['statement'] as Record<string, unknown> & { movements: readonly Record<string, unknown>[] };
  expect(statement).toMatchObject({ account: 'a1', currency: 'USD', openingMinor: '0', closingUs: String(momentUs), closingMinor: '9750' });
  expect(statement.movements).toMatchObject([
    { kind: 'opened', amountMinor: '10000', balanceMinor: '10000' },
    { kind: 'payment', commitUs: String(commitUs), txn: PAID.txn, amountMinor: '-250', balanceMinor: '9750', counterparties: ['a2'] },
  ]);
  const fieldsOf = (schema: string): readonly string[] => Object.keys(STATEMENT_SCHEMAS[schema]?.['properties'] as object).sort();
  expect(Object.keys({ ...statement, openingUs: '' }).sort()).toEqual(fieldsOf('Statement'));
  expect(Object.keys(statement.movements[1] ?? {}).sort()).toEqual(fieldsOf('StatementLine'));
});

test('statements that are made at the same time have a bound', async () => {
  tellOfPayment(coordinator);
  const told = coordinator.answers.get('getAccounts');
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let isFull: () => void = () => undefined;
  const full = new Promise<void>((resolve) => (isFull = resolve));
  let asked = 0;
  coordinator.answers.set('getAccounts', async () => {
    asked += 1;
    if (asked === LIMITS.statements) isFull();
    await answered;
    return told?.() as never;
  });
  const all = Array.from({ length: LIMITS.statements }, () => ask('GET', '/v1/accounts/a1/statement', null, { prefer: 'wait=60' }));
  await full;
  expect((await ask('GET', '/v1/accounts/a1/statement')).body).toMatchObject({ status: 503, reason: 'GATEWAY_BUSY' });
  answer();
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200));
  expect((await ask('GET', '/v1/accounts/a1/statement')).status).toBe(200);
});

test('an account’s own token has its statement, and no other', async () => {
  tellOfPayment(coordinator);
  expect((await ask('GET', '/v1/accounts/abc/statement', null, { authorization: `Bearer ${own}` })).status).toBe(200);
  expect((await ask('GET', '/v1/accounts/a1/statement', null, { authorization: `Bearer ${own}` })).status).toBe(403);
  expect((await ask('GET', '/v1/accounts/a1/statement', null, { authorization: '' })).status).toBe(401);
});

test('the token is the caller’s own', async () => {
  expect(await ask('GET', '/v1/accounts', null, { authorization: '' })).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="mas"' } });
  expect(await ask('GET', '/v1/accounts', null, { authorization: 'Basic YTpi' })).toMatchObject({ status: 401, body: { reason: 'TOKEN_MALFORMED' } });
  expect((await ask('GET', '/v1/accounts', null, { authorization: `Bearer ${own}` })).status).toBe(403);
  expect((await ask('GET', '/v1/accounts/abc', null, { authorization: `Bearer ${own}` })).status).toBe(200);
  expect((await ask('GET', '/v1/accounts/other', null, { authorization: `Bearer ${own}` })).status).toBe(403);
});

test.each<[string, () => Promise<Answer>, number, string]>([
  ['no route', () => ask('GET', '/v2/accounts'), 404, 'NO_SUCH_ROUTE'],
  ['another verb', () => ask('DELETE', '/v1/accounts/a'), 404, 'NO_SUCH_ROUTE'],
  ['text', () => pay('hello', { 'content-type': 'text/plain' }), 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ['a form', () => pay('id=1', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ['half an object', () => pay('{"id":'), 400, 'JSON_MALFORMED'],
  ['a key twice', () => pay('{"id":"a","id":"b"}'), 400, 'JSON_KEY_TWICE'],
  ['depth', () => pay(`{"id":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 400, 'JSON_TOO_DEEP'],
  ['a large body', () => pay(`{"memo":"${'x'.repeat(LIMITS.bodyBytes)}"}`), 413, 'BODY_TOO_LARGE'],
  ['a float', () => pay('{"id":"a","from":"a","to":"b","amount":{"minor":1.5}}'), 400, 'FIELD_INVALID'],
  ['a float as decimal', () => pay('{"id":"a","from":"a","to":"b","amount":{"decimal":1.5}}'), 400, 'FIELD_INVALID'],
  ['a number beyond 53 bits', () => pay('{"id":"a","amount":{"minor":9007199254740993}}'), 400, 'JSON_NUMBER_TOO_LARGE'],
  ['a number beyond 64 bits', () => pay('{"id":"a","amount":{"minor":"9223372036854775808"}}'), 400, 'FIELD_INVALID'],
  ['both forms of an amount', () => pay('{"id":"a","amount":{"minor":"1","decimal":"1"}}'), 400, 'FIELD_INVALID'],
  ['a field that is none', () => pay('{"id":"a","colour":"red"}'), 400, 'FIELD_INVALID'],
  ['a field of the prototype', () => pay('{"__proto__":{"id":"a"}}'), 400, 'FIELD_INVALID'],
  ['a query that is none', () => ask('GET', '/v1/accounts/a?colour=red'), 400, 'QUERY_UNKNOWN'],
  ['a query twice', () => ask('GET', '/v1/accounts/a?level=READ_LEVEL_CACHED&level=READ_LEVEL_CACHED'), 400, 'QUERY_INVALID'],
  ['a query with a body’s', () => ask('POST', '/v1/payments?id=x', PAYMENT), 400, 'QUERY_UNKNOWN'],
  ['a word for a number', () => ask('GET', '/v1/accounts?pageSize=many'), 400, 'FIELD_INVALID'],
  ['path and body that differ', () => ask('POST', '/v1/accounts/a/changes', '{"id":"1","number":"b","change":"ACCOUNT_CHANGE_FREEZE"}'), 400, 'FIELD_TWICE'],
  ['no moment', () => ask('GET', '/v1/accounts/a/statement?fromUs=May'), 400, 'FIELD_INVALID'],
  ['a moment twice', () => ask('GET', '/v1/accounts/a/statement?toUs=7&toUs=8'), 400, 'QUERY_INVALID'],
  ['a period that ends before it begins', () => ask('GET', '/v1/accounts/a/statement?fromUs=9&toUs=8'), 400, 'PERIOD_INVALID'],
  ['a statement in a colour', () => ask('GET', '/v1/accounts/a/statement?colour=red'), 400, 'QUERY_UNKNOWN'],
  ['a key for a statement', () => ask('GET', '/v1/accounts/a/statement', null, { 'idempotency-key': 'k' }), 400, 'IDEMPOTENCY_KEY_UNUSED'],
  ['a wait without end', () => ask('GET', '/v1/accounts/a', null, { prefer: 'wait=61' }), 400, 'WAIT_OUT_OF_RANGE'],
  ['a key where there is none', () => ask('GET', '/v1/accounts/a', null, { 'idempotency-key': 'k' }), 400, 'IDEMPOTENCY_KEY_UNUSED'],
])('%s is refused before anything is asked', async (_, sent, status, reason) => {
  expect(await sent()).toMatchObject({
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    body: { status, reason, type: `urn:mas:reason:${reason}` },
  });
  expect(coordinator.calls).toEqual([]);
});

test('the document of the routes', async () => {
  expect(await ask('GET', '/v1/openapi.json', null, { authorization: '' })).toMatchObject({ status: 200, body: { openapi: '3.1.0' } });
});

test('pages of the named origins may call, others not', async () => {
  const preflight = { 'access-control-request-method': 'POST', authorization: '' };
  const named = await ask('OPTIONS', '/v1/payments', null, { ...preflight, origin: 'https://shop.example' });
  expect(named.headers['access-control-allow-origin']).toBe('https://shop.example');
  const other = await ask('OPTIONS', '/v1/payments', null, { ...preflight, origin: 'https://evil.example' });
  expect(other.headers['access-control-allow-origin']).toBeUndefined();
});

test('HTTP/2 as well', async () => {
  const session = connectHttp2(`https://localhost:${gateway.port}`, { ca: certs.tm.ca });
  const answer = await new Promise<string>((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':path': '/v1/accounts/abc', authorization: `Bearer ${operator}` });
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    stream.on('end', () => resolve(text)).on('error', reject);
  });
  session.close();
  expect(JSON.parse(answer)).toMatchObject({ account: { number: 'abc' } });
});

test('a caller that goes away gives its call up', async () => {
  let isAsked: () => void;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  coordinator.answers.set('getAccounts', () => {
    isAsked();
    return new Promise(() => undefined);
  });
  const sent = httpsRequest({
    host: 'localhost',
    port: gateway.port,
    ca: certs.tm.ca,
    path: '/v1/accounts/a',
    headers: { authorization: `Bearer ${operator}` },
  });
  sent.on('error', () => undefined);
  sent.end();
  await asked;
  sent.destroy();
  listener.forget();
  expect((await ask('GET', '/v1/accounts/b')).status).toBe(200);
});

test('a head that never ends is not waited for, while others are answered', async () => {
  const socket = connectTls({ host: 'localhost', port: gateway.port, ca: certs.tm.ca, ALPNProtocols: ['http/1.1'] });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write('GET /v1/accounts HTTP/1.1\r\nHost: localhost\r\n');
  const trickle = setInterval(() => socket.write('X-More: 1\r\n'), 500);
  expect((await ask('GET', '/v1/accounts/b')).status).toBe(200);
  await closed;
  clearInterval(trickle);
});
