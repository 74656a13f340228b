/**
 * A call over the client's own HTTP/2 connection ends exactly once and says how: answered, refused by the server, or unavailable,
 * whatever happens to the connection. What the client could not tell it must not call a refusal: it asks again on UNAVAILABLE.
 */
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { status as Code } from '@grpc/grpc-js';
import { TcpProxy } from '../testing/tcp-proxy';
import { makeTestCerts } from '../testing/test-certs';
import { UnaryConnection } from './unary-connection';
import { framed, type UnaryEnd } from './unary-exchange';

const certs = makeTestCerts();
let server: Http2SecureServer;
let proxy: TcpProxy;
let connection: UnaryConnection;
let behave: (stream: ServerHttp2Stream) => void;
const sessions = new Set<ServerHttp2Session>();
let dialled = 0;

beforeAll(async () => {
  server = createSecureServer({ key: certs.tm.key, cert: certs.tm.certificate });
  server.on('session', (session) => {
    dialled += 1;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    behave(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.open(() => (server.address() as AddressInfo).port);
});
beforeEach(() => {
  dialled = 0;
  behave = answering(Buffer.from('pong'));
  connection = new UnaryConnection(`localhost:${proxy.port}`, certs.tm.ca);
});
afterEach(() => connection.close());
afterAll(async () => {
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
  certs.remove();
});

function answering(message: Buffer, ...cuts: readonly number[]) {
  return (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    const frame = framed(message);
    let from = 0;
    for (const cut of cuts) {
      stream.write(frame.subarray(from, cut));
      from = cut;
    }
    stream.end(frame.subarray(from));
  };
}

const call = (timeoutMs = 5_000): Promise<UnaryEnd> => connection.call({ path: '/mas.v1.AccountService/GetAccount', authorization: 'Bearer x', frame: framed(Buffer.from('ping')), deadlineMs: Date.now() + timeoutMs });
const codeOf = (end: UnaryEnd): number | 'answer' => (end.kind === 'answer' ? 'answer' : end.code);

test('an answer in one piece, in several, empty, and larger than a window', async () => {
  for (const [size, ...cuts] of [[4], [4, 1, 3, 6], [0], [9_000_000]] as const) {
    const message = Buffer.alloc(size, 7);
    behave = answering(message, ...cuts);
    const end = await call();
    expect([end.kind, end.kind === 'answer' && end.bytes.equals(message)]).toEqual(['answer', true]);
  }
  expect(dialled).toBe(1);
});

test('what the server refuses comes with its code, its words and its details, with and without headers of its own', async () => {
  const trailers = { 'grpc-status': '9', 'grpc-message': 'no%20f%C3%BCnds', 'grpc-status-details-bin': Buffer.from([8, 9]).toString('base64') };
  const refused = { kind: 'failed', code: 9, message: 'no fünds', details: Buffer.from([8, 9]) };
  behave = (stream) => stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
  expect(await call()).toEqual(refused);
  behave = (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end();
  };
  expect(await call()).toEqual(refused);
});

test.each<readonly [string, (stream: ServerHttp2Stream) => void, number]>([
  ['an answer that is no message', (stream) => answering(Buffer.alloc(0))(new Proxy(stream, { get: (of, name) => (name === 'end' ? () => of.end('junk') : bound(of, name)) })), Code.INTERNAL],
  ['no status at all', (stream) => { stream.respond({ ':status': 200 }); stream.end(framed(Buffer.from('pong'))); }, Code.UNAVAILABLE],
  ['a proxy that says 502', (stream) => stream.respond({ ':status': 502 }, { endStream: true }), Code.UNAVAILABLE],
  ['a stream that is reset', (stream) => stream.close(2), Code.UNAVAILABLE],
  ['a connection that is cut', () => proxy.cut(), Code.UNAVAILABLE],
])('%s', async (_, server_, code) => {
  behave = server_;
  expect(codeOf(await call())).toBe(code);
  behave = answering(Buffer.from('pong'));
  expect(codeOf(await call())).toBe('answer');
});

test('silence ends with the deadline, and only that call', async () => {
  let first = true;
  behave = (stream) => {
    if (!first) answering(Buffer.from('pong'))(stream);
    first = false;
  };
  const silent = call(50);
  expect(codeOf(await call())).toBe('answer');
  expect(codeOf(await silent)).toBe(Code.DEADLINE_EXCEEDED);
  expect(dialled).toBe(1);
});

test('the server is told what is left of the time once it can hear, not what there was before the connection stood', async () => {
  let told = Number.NaN;
  let heardAtMs = 0;
  server.prependOnceListener('stream', (_stream, headers) => {
    told = Number.parseInt(String(headers['grpc-timeout']), 10);
    heardAtMs = Date.now();
  });
  proxy.delay(200);
  const deadlineMs = Date.now() + 5_000;
  const end = await connection.call({ path: '/x', authorization: null, frame: framed(Buffer.alloc(0)), deadlineMs });
  proxy.delay(0);
  expect(codeOf(end)).toBe('answer');
  expect(told).toBeLessThanOrEqual(4_800);
  expect(heardAtMs + told).toBeLessThan(deadlineMs + 150);
});

test('a connection that does not come about in time ends the call with its deadline', async () => {
  proxy.delay(10_000);
  const end = await call(100);
  proxy.delay(0);
  expect(codeOf(end)).toBe(Code.DEADLINE_EXCEEDED);
});

test('a server that asks for a new connection still answers on the old one', async () => {
  const held: ServerHttp2Stream[] = [];
  behave = (stream) => held.push(stream);
  const open = call();
  while (held.length === 0) await new Promise(setImmediate);
  for (const session of sessions) session.goaway(0);
  behave = answering(Buffer.from('pong'));
  // A call that crossed the request on its way was not taken, and says so.
  for (let end = await call(); dialled < 2; end = await call()) expect(['answer', Code.UNAVAILABLE]).toContain(codeOf(end));
  expect(codeOf(await call())).toBe('answer');
  for (const stream of held) answering(Buffer.from('late'))(stream);
  expect(await open).toEqual({ kind: 'answer', bytes: Buffer.from('late') });
});

test('nobody listens: unavailable at once, in words, and no call waits for the next attempt', async () => {
  proxy.refuse(true);
  const refused = await call();
  expect(codeOf(refused)).toBe(Code.UNAVAILABLE);
  const soon = await call();
  expect(soon).toMatchObject({ kind: 'failed', code: Code.UNAVAILABLE, message: expect.stringMatching(/\w/) as unknown });
  proxy.refuse(false);
  for (let end = await call(); end.kind !== 'answer'; end = await call()) await new Promise(setImmediate);
  const unbound = new UnaryConnection('localhost:1', certs.tm.ca);
  expect(await unbound.call({ path: '/x', authorization: null, frame: framed(Buffer.alloc(0)), deadlineMs: Date.now() + 5_000 })).toMatchObject({ code: Code.UNAVAILABLE, message: expect.stringContaining('ECONNREFUSED') as unknown });
  unbound.close();
});

test('closing ends what is open', async () => {
  behave = () => connection.close();
  expect(codeOf(await call())).toBe(Code.UNAVAILABLE);
  expect(await call()).toMatchObject({ message: 'the client is closed' });
});

function bound(of: ServerHttp2Stream, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name);
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(of) : value;
}
