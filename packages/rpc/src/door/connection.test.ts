/** A call whose connection has gone by the time it is looked at: Node throws where one answers it, and that must not end the process. */
import { connect, createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@mas/testkit/clock';
import { silentLogger } from '@mas/values';
import { Connection } from './connection';
import { PUBLIC_DOOR } from './door-limits';
import { GuestBook } from './guest-book';
import { MemoryAccount } from './memory-account';
import { everybody, type Method } from './methods';

const methods = new Map<string, Method>([
  ['/refuse', { kind: 'unary', begin: () => ({ ok: false, status: { code: 16, details: 'no' } }) }],
  ['/echo', { kind: 'unary', begin: () => everybody((request) => Promise.resolve({ ok: true, value: request })) }],
]);
let server: Http2Server;

afterEach(() => server.close());

test.each([
  ['is no gRPC', '/echo', 'text/html'],
  ['nobody serves', '/nothing', 'application/grpc'],
  ['is refused', '/refuse', 'application/grpc'],
  ['would be served', '/echo', 'application/grpc'],
])('a call that %s', async (_what, path, type) => {
  server = createServer();
  const thrown: unknown[] = [];
  let openCalls = -1;
  let session: ServerHttp2Session | null = null;
  server.on('session', (one) => (session = one));
  const looked = new Promise<void>((resolve) => {
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw?: readonly string[]) => {
      if (session === null) throw new Error('a stream has a session');
      const state = {
        limits: PUBLIC_DOOR,
        methods,
        clock: systemClock,
        logger: silentLogger,
        memory: new MemoryAccount(1_000, null),
        guests: new GuestBook(),
        openCalls: 0,
        callsOf: new Map<string, number>(),
        relieve: () => false,
      };
      const connection = new Connection(
        session,
        state,
        1_000,
        () => undefined,
        () => undefined,
      );
      session.destroy();
      try {
        connection.accept(stream, headers, raw ?? []);
      } catch (error) {
        thrown.push(error);
      }
      openCalls = state.openCalls;
      resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const client = connect(`http://localhost:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  client.request({ ':method': 'POST', ':path': path, 'content-type': type, te: 'trailers' }).on('error', () => undefined);
  await looked;
  client.destroy();
  expect({ thrown, openCalls }).toEqual({ thrown: [], openCalls: 0 });
});
