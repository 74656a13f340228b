/** Unary calls of a client over Node's HTTP/2, against servers that answer oddly, say nothing, go, and come back. */
import { createSecureServer, type Http2SecureServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { status as Code } from '@grpc/grpc-js';
import { TcpProxy } from '../testing/tcp-proxy';
import { makeTestCerts } from '../testing/test-certs';
import { serverName } from './server-name';
import { UnaryCall, type UnaryReply } from './unary-call';
import { UnaryConnection } from './unary-connection';

const certs = makeTestCerts();
afterAll(() => certs.remove());

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
const TIMEOUT_MS = 30_000;

class TestServer {
  readonly sessions: ServerHttp2Session[] = [];
  answer: Answer = echo;

  private constructor(private readonly server: Http2SecureServer) {
    server.on('session', (session) => {
      session.on('error', () => undefined);
      this.sessions.push(session);
    });
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => undefined);
      this.answer(stream, headers);
    });
  }

  static async open(): Promise<TestServer> {
    const server = createSecureServer({ cert: certs.tm.certificate, key: certs.tm.key });
    const one = new TestServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return one;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const session of this.sessions) session.destroy();
  }
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function echo(stream: ServerHttp2Stream): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => answered(stream, Buffer.concat(chunks)));
}

function answered(stream: ServerHttp2Stream, frames: Buffer, trailers: Record<string, string> = { 'grpc-status': '0' }): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(frames);
}

let server: TestServer;
let connection: UnaryConnection;
const connectionTo = (port: number): UnaryConnection => new UnaryConnection(`localhost:${port}`, certs.tm.ca, serverName(`localhost:${port}`));

beforeEach(async () => {
  server = await TestServer.open();
  connection = connectionTo(server.port);
});
afterEach(() => {
  connection.close();
  server.close();
});

function call(message: Buffer = Buffer.from('ping'), timeoutMs = TIMEOUT_MS, over = connection): Promise<UnaryReply> {
  return new Promise((resolve) => over.call(new UnaryCall({ path: '/a/b', message, authorization: 'Bearer x', deadlineMs: performance.now() + timeoutMs }, resolve)));
}

const failure = (code: number, details: RegExp): unknown => ({ failure: expect.objectContaining({ code, details: expect.stringMatching(details) as unknown }) as unknown });

test('many at once on one connection, each its own answer, also one of many frames', async () => {
  const messages = Array.from({ length: 300 }, (_, at) => Buffer.from(`message ${at}`));
  const large = Buffer.alloc(5_000_000, 'large');
  const replies = await Promise.all([...messages, large].map((message) => call(message)));
  expect(replies.map((reply) => ('answer' in reply ? reply.answer.compare([...messages, large][replies.indexOf(reply)]!) : reply))).toEqual(replies.map(() => 0));
  expect(server.sessions).toHaveLength(1);
});

test('what the server hears of a call', async () => {
  const heard: IncomingHttpHeaders[] = [];
  server.answer = (stream, headers) => {
    heard.push(headers);
    echo(stream);
  };
  await call(Buffer.alloc(0), 1_500);
  expect(heard[0]).toMatchObject({ ':method': 'POST', ':path': '/a/b', authorization: 'Bearer x', 'content-type': 'application/grpc', te: 'trailers' });
  expect(Number(/^(\d+)m$/.exec(String(heard[0]?.['grpc-timeout']))?.[1])).toBeLessThanOrEqual(1_500);
});

test.each<[string, Answer, number, RegExp]>([
  ['a status in trailers', (stream) => answered(stream, framed(Buffer.from('x')), { 'grpc-status': '9', 'grpc-message': 'No%2C n%C3%B6' }), Code.FAILED_PRECONDITION, /^No, nö$/],
  ['a status in headers alone', (stream) => stream.respond({ ...GRPC, 'grpc-status': '8', 'grpc-message': 'Later' }, { endStream: true }), Code.RESOURCE_EXHAUSTED, /^Later$/],
  ['a status that nobody knows', (stream) => stream.respond({ ...GRPC, 'grpc-status': '77' }, { endStream: true }), Code.UNKNOWN, /^$/],
  ['no message', (stream) => answered(stream, Buffer.alloc(0)), Code.UNIMPLEMENTED, /No message/],
  ['half a message', (stream) => answered(stream, framed(Buffer.alloc(9)).subarray(0, 10)), Code.INTERNAL, /not one whole message/],
  ['two messages', (stream) => answered(stream, Buffer.concat([framed(Buffer.alloc(9)), framed(Buffer.alloc(9))])), Code.INTERNAL, /not one whole message/],
  ['a compressed message', (stream) => answered(stream, Buffer.from([1, 0, 0, 0, 1, 7])), Code.UNIMPLEMENTED, /compressed/],
  ['no trailers', (stream) => (stream.respond(GRPC), stream.end(framed(Buffer.alloc(1)))), Code.INTERNAL, /RST_STREAM/],
  ['a page', (stream) => (stream.respond({ ':status': 200, 'content-type': 'text/html' }), stream.end('<html>')), Code.UNKNOWN, /text\/html/],
  ["a balancer's 503", (stream) => stream.respond({ ':status': 503 }, { endStream: true }), Code.UNAVAILABLE, /HTTP status 503/],
  ['a reset: not begun', (stream) => stream.close(7), Code.UNAVAILABLE, /code 7/],
  ['a reset: given up', (stream) => stream.close(8), Code.CANCELLED, /code 8/],
])('%s is told as gRPC has it, and the connection is good for the next call', async (_what, answer, code, details) => {
  server.answer = answer;
  expect(await call()).toEqual(failure(code, details));
  server.answer = echo;
  expect(await call()).toEqual({ answer: Buffer.from('ping') });
  expect(server.sessions).toHaveLength(1);
});

test('a deadline ends the call here and there', async () => {
  const closed = new Promise<number | undefined>((resolve) => {
    server.answer = (stream) => void stream.on('close', () => resolve(stream.rstCode));
  });
  expect(await call(Buffer.alloc(1), 60)).toEqual(failure(Code.DEADLINE_EXCEEDED, /Deadline/));
  expect(await closed).toBe(8);
});

test('a server that goes: what is under way is answered, what comes then has a new connection', async () => {
  let release: () => void = () => undefined;
  server.answer = (stream) => {
    release = () => echo(stream);
    server.sessions[0]?.goaway(0);
  };
  const first = call(Buffer.from('first'));
  while (server.sessions.length === 0 || release.name === '') await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const answerFirst = release;
  server.answer = echo;
  expect(await call(Buffer.from('second'))).toEqual({ answer: Buffer.from('second') });
  expect(server.sessions).toHaveLength(2);
  answerFirst();
  expect(await first).toEqual({ answer: Buffer.from('first') });
});

test('a connection that breaks: its calls may have been carried out, and the next one has a new connection', async () => {
  const proxy = await TcpProxy.open(() => server.port);
  const through = connectionTo(proxy.port);
  server.answer = () => proxy.cut();
  expect(await call(Buffer.from('x'), TIMEOUT_MS, through)).toEqual(failure(Code.UNAVAILABLE, /^Connection dropped: /));
  server.answer = echo;
  expect(await call(Buffer.from('y'), TIMEOUT_MS, through)).toEqual({ answer: Buffer.from('y') });
  through.close();
  await proxy.close();
});

test('a server that is frozen is left after two pings without an answer, however long the call might take', async () => {
  const proxy = await TcpProxy.open(() => server.port);
  const through = connectionTo(proxy.port);
  expect(await call(Buffer.from('x'), TIMEOUT_MS, through)).toEqual({ answer: Buffer.from('x') });
  proxy.mute();
  const begunMs = performance.now();
  expect(await call(Buffer.from('x'), TIMEOUT_MS, through)).toEqual(failure(Code.UNAVAILABLE, /does not answer pings/));
  expect(performance.now() - begunMs).toBeLessThan(15_000);
  expect(await call(Buffer.from('y'), TIMEOUT_MS, through)).toEqual({ answer: Buffer.from('y') });
  through.close();
  await proxy.close();
});

test('nobody there: no dial is faster than the pause between two, and whoever comes back is found', async () => {
  const { port } = server;
  server.close();
  expect(await call()).toEqual(failure(Code.UNAVAILABLE, /^No connection established\. Last error: .*ECONNREFUSED/));
  expect(await call()).toEqual(failure(Code.UNAVAILABLE, /^No connection established\. /));
  expect(await call(Buffer.alloc(1), TIMEOUT_MS, connectionTo(port))).toEqual(failure(Code.UNAVAILABLE, /^No connection established\. /));
  const nowhere = new UnaryConnection('nowhere.invalid:1', certs.tm.ca, serverName('nowhere.invalid:1'));
  expect(await call(Buffer.alloc(1), TIMEOUT_MS, nowhere)).toEqual(failure(Code.UNAVAILABLE, /^Name resolution failed: /));
});

test('closed: what is under way and what waits for a connection ends at once', async () => {
  server.answer = () => connection.close();
  expect(await call()).toEqual(failure(Code.UNAVAILABLE, /the client was closed/));
  expect(await call()).toEqual(failure(Code.CANCELLED, /the client was closed/));
  const other = connectionTo(server.port);
  const waiting = call(Buffer.alloc(1), TIMEOUT_MS, other);
  other.close();
  expect(await waiting).toEqual(failure(Code.CANCELLED, /the client was closed/));
});
