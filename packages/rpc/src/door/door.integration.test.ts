/** The door over real TLS with small limits: what is refused by the headers alone, what does not move is ended, what is kept is bounded. */
import type { ClientHttp2Session, Settings } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { status as Code } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { silentLogger, type LogFacts, type Logger } from '@mas/values';
import { END_HEADERS, frame, FRAME, frameOf, goAwayAndCall, hangUp, HEADER_BLOCK, rawCall, rawSession, sendPacket, type RawCall } from '@mas/test-servers';
import { systemClock } from '@mas/testkit/clock';
import { eventually } from '../testing/eventually';
import { makeTestCerts } from '../testing/test-certs';
import { Door } from './door';
import { PUBLIC_DOOR, type DoorLimits } from './door-limits';
import { everybody, type Method, type ServerStream } from './methods';

const MIB = 1024 * 1024;
const PATIENCE_MS = 30_000;
const certs = makeTestCerts();
afterAll(() => certs.remove());

let bodies: number;
let closed: number;
let lines: { readonly facts: LogFacts; readonly message: string }[];
let door: Door;
let port: number;
const sessions: ClientHttp2Session[] = [];
const held: ServerStream[] = [];

const stream = (open: (one: ServerStream) => void): Method => ({ kind: 'stream', begin: () => everybody(open) });
const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['/refuse', { kind: 'unary', begin: () => ({ ok: false, status: { code: Code.UNAUTHENTICATED, details: 'no' } }) }],
  [
    '/throw',
    {
      kind: 'unary',
      begin: () => {
        throw new Error('SELECT * FROM secrets');
      },
    },
  ],
  ['/echo', { kind: 'unary', begin: () => everybody((request) => Promise.resolve({ ok: true, value: request })) }],
  ['/never', { kind: 'unary', begin: () => everybody(() => new Promise(() => undefined)) }],
  [
    '/hold',
    stream((one) => {
      held.push(one);
      one.listen({
        message: () => {
          bodies += 1;
        },
        end: () => one.end(),
        closed: () => {
          closed += 1;
        },
      });
    }),
  ],
  [
    '/flood',
    stream((one) => {
      one.listen({
        message: () => {
          for (let at = 0; at < 8; at += 1) one.write(Buffer.alloc(MIB));
        },
        end: () => one.end(),
        closed: () => {
          closed += 1;
        },
      });
    }),
  ],
  [
    '/of',
    {
      kind: 'stream',
      begin: (head) => ({
        ok: true,
        caller: head.header('caller') ?? '',
        value: (one) => one.listen({ message: () => undefined, end: () => one.end(), closed: () => undefined }),
      }),
    },
  ],
  [
    '/guest',
    {
      ...stream((one) => one.listen({ message: () => undefined, end: () => one.end(), closed: () => undefined })),
      guests: { maxOpen: 3, maxOpenPerConnection: 2, maxMessageBytes: 100, lifetimeMs: 300 },
    },
  ],
]);

async function open(limits: Partial<DoorLimits> = {}, asksForCertificates = false): Promise<void> {
  const logger: Logger = {
    ...silentLogger,
    warn: (facts, message) => lines.push({ facts, message }),
    error: (facts, message) => lines.push({ facts, message }),
  };
  ({ door, port } = await Door.open({
    host: 'localhost',
    port: 0,
    tls: certs.tm,
    asksForCertificates,
    methods,
    limits: { ...PUBLIC_DOOR, ...limits },
    clock: systemClock,
    logger,
  }));
}
const session = (settings: Settings = {}): ClientHttp2Session => {
  const one = rawSession(`localhost:${port}`, certs.tm.ca, settings);
  sessions.push(one);
  return one;
};
const ended = (calls: readonly RawCall[], what = 'the calls are ended'): Promise<void> =>
  eventually(
    what,
    () => calls.every((call) => call.isClosed()),
    () => calls.map((call) => call.status()),
    PATIENCE_MS,
  );

beforeEach(() => {
  bodies = 0;
  closed = 0;
  lines = [];
  held.length = 0;
});
afterEach(async () => {
  for (const one of sessions.splice(0)) hangUp(one);
  await door.stop(0);
});

describe('by the headers alone', () => {
  beforeEach(() => open());

  test.each([
    ['a method that refuses', '/refuse', {}, Code.UNAUTHENTICATED],
    ['a method that nobody has', '/nothing', {}, Code.UNIMPLEMENTED],
    ['compression', '/echo', { 'grpc-encoding': 'gzip' }, Code.UNIMPLEMENTED],
    ['a time-out that is none', '/echo', { 'grpc-timeout': 'soon' }, Code.INVALID_ARGUMENT],
    ['an exception on the way in', '/throw', {}, Code.INTERNAL],
  ])('%s: the stream is ended though its message is not', async (_what, path, headers, code) => {
    const call = rawCall(session(), path, headers);
    call.stream.write(frame(4 * MIB, Buffer.alloc(MIB)));
    await ended([call]);
    expect(call.status()).toBe(String(code));
  });

  test('what is not gRPC hears so in HTTP', async () => {
    let status: unknown;
    const call = rawCall(session(), '/echo', { 'content-type': 'text/html' });
    call.stream.on('response', (headers) => (status = headers[':status']));
    await ended([call]);
    expect(status).toBe(415);
  });
});

test('whoever goes away with an error, and calls in the same packet, ends his connection and no process', async () => {
  await open();
  await goAwayAndCall(port, certs.tm.ca);
  const call = rawCall(session(), '/echo');
  call.stream.end(frame(1));
  await ended([call]);
  expect(call.status()).toBe('0');
});

/** The path /hold, as gRPC sends it. */
const HOLD_HEADERS = Buffer.concat([
  Buffer.from([0x83, 0x87, 0x44, 0x05]),
  Buffer.from('/hold'),
  Buffer.from([0x41, 0x03]),
  Buffer.from('abc'),
  Buffer.from([0x5f, 0x10]),
  Buffer.from('application/grpc'),
]);
const anyStream = fc.nat(9).map((at) => 2 * at + 1);
const anyFrame = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(HOLD_HEADERS, HEADER_BLOCK), fc.nat(1), anyStream)
      .map(([block, end, at]) => frameOf(FRAME.HEADERS, END_HEADERS | end, at, block)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.oneof(fc.constant(frame(3)), fc.uint8Array({ maxLength: 30 })), fc.nat(1), anyStream)
      .map(([bytes, end, at]) => frameOf(FRAME.DATA, end, at, bytes)),
  },
  { weight: 2, arbitrary: fc.tuple(fc.nat(13), anyStream).map(([code, at]) => frameOf(FRAME.RST_STREAM, 0, at, Buffer.from([0, 0, 0, code]))) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(9), fc.nat(13)).map(([at, code]) => frameOf(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, at, 0, 0, 0, code]))) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(7), fc.nat(65_535)).map(([key, to]) => frameOf(FRAME.SETTINGS, 0, 0, Buffer.from([0, key, 0, 0, to >> 8, to & 255]))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.boolean(), anyStream, fc.nat(255)).map(([all, at, by]) => frameOf(FRAME.WINDOW_UPDATE, 0, all ? 0 : at, Buffer.from([0, 0, 0, by]))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(15), fc.nat(255), fc.nat(12), fc.uint8Array({ maxLength: 40 }))
      .map(([type, flags, at, bytes]) => frameOf(type, flags, at, bytes)),
  },
);

test('whatever frames come in one packet, the next caller is served', async () => {
  await open();
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 15 }), (frames) => sendPacket(port, certs.tm.ca, frames)),
    { numRuns: 300 },
  );
  const call = rawCall(session(), '/echo');
  call.stream.end(frame(1));
  await ended([call]);
  expect(call.status()).toBe('0');
});

describe('what does not move is ended', () => {
  test('half a message, no message, and a connection goes on serving others', async () => {
    await open({ messageTimeoutMs: 2_000 });
    const one = session();
    const half = rawCall(one, '/echo');
    half.stream.write(frame(1_000, Buffer.alloc(10)));
    const halfStream = rawCall(one, '/hold');
    halfStream.stream.write(frame(1_000, Buffer.alloc(10)));
    const silent = rawCall(one, '/echo');
    await ended([half, halfStream, silent]);
    expect([half, halfStream, silent].map((call) => call.status())).toEqual(['4', '4', '4']);
    const whole = rawCall(one, '/echo');
    whole.stream.end(frame(3));
    await ended([whole]);
    expect(whole.status()).toBe('0');
  });

  test('a stream without a word', async () => {
    await open({ idleStreamMs: 300 });
    const call = rawCall(session(), '/hold');
    await ended([call]);
    expect([call.status(), closed]).toEqual([String(Code.UNAVAILABLE), 1]);
  });

  test('an answer that nobody takes', async () => {
    await open({ unreadAnswerMs: 300 });
    const call = rawCall(session({ initialWindowSize: 0 }), '/flood');
    call.stream.write(frame(1));
    await eventually(
      'the server has let go of it',
      () => closed === 1,
      () => closed,
      PATIENCE_MS,
    );
    await ended([call]);
  });

  test('a call past its deadline, though its handler never answers', async () => {
    await open();
    const call = rawCall(session(), '/never', { 'grpc-timeout': '100m' });
    call.stream.end(frame(1));
    await ended([call]);
    expect(call.status()).toBe(String(Code.DEADLINE_EXCEEDED));
  });

  test('a connection on which nobody is let in', async () => {
    await open({ strangerTimeoutMs: 2_000 });
    const stranger = session();
    const known = session();
    const call = rawCall(known, '/echo');
    call.stream.end(frame(1));
    rawCall(stranger, '/refuse');
    await eventually(
      'the stranger is sent away',
      () => stranger.destroyed,
      () => '',
      PATIENCE_MS,
    );
    expect([known.destroyed, call.status()]).toEqual([false, '0']);
  });

  test('a handshake that does not go on', async () => {
    await open({ handshakeTimeoutMs: 300 });
    let over = false;
    connectTcp({ host: 'localhost', port })
      .on('close', () => (over = true))
      .on('error', () => undefined);
    await eventually(
      'the socket is closed',
      () => over,
      () => '',
      PATIENCE_MS,
    );
  });
});

describe('what is kept is bounded', () => {
  test('in one connection: what is too much is refused, the rest goes on', async () => {
    await open({ memoryPerConnectionBytes: 2 * MIB });
    const calls = Array.from({ length: 4 }, () => rawCall(session(), '/echo'));
    const one = session();
    const greedy = Array.from({ length: 5 }, () => rawCall(one, '/hold'));
    for (const call of greedy) call.stream.write(frame(MIB, Buffer.alloc(MIB - 1)));
    await eventually(
      'some are refused',
      () => greedy.some((call) => call.status() === String(Code.RESOURCE_EXHAUSTED)),
      () => greedy.map((call) => call.status()),
      PATIENCE_MS,
    );
    for (const call of calls) call.stream.end(frame(1_000));
    await ended(calls);
    expect(calls.map((call) => call.status())).toEqual(['0', '0', '0', '0']);
  });

  test('in all: the connection that holds most makes room for one that asks for little', async () => {
    await open({ memoryPerConnectionBytes: 3 * MIB, memoryBytes: 4 * MIB });
    const [greedy, greedier, modest] = [session(), session(), session()];
    for (const [one, count] of [
      [greedier, 2],
      [greedy, 1],
    ] as const) {
      for (let at = 0; at < count; at += 1) rawCall(one, '/hold').stream.write(Buffer.concat([frame(MIB), frame(3 * MIB, Buffer.alloc(300_000))]));
    }
    await eventually(
      'they hold it',
      () => bodies === 3,
      () => bodies,
      PATIENCE_MS,
    );
    const call = rawCall(modest, '/echo');
    call.stream.end(frame(MIB));
    await ended([call]);
    expect(call.status()).toBe('0');
    await eventually(
      'the greediest was hung up on',
      () => greedier.destroyed,
      () => '',
      PATIENCE_MS,
    );
    expect([greedy.destroyed, lines.map((line) => line.message)]).toEqual([false, [expect.stringContaining('the connection that holds most is closed')]]);
  });

  test('nothing more is read of a stream that has been paused', async () => {
    await open();
    const call = rawCall(session(), '/hold');
    call.stream.write(frame(1));
    await eventually(
      'it is open',
      () => bodies === 1,
      () => bodies,
      PATIENCE_MS,
    );
    held[0]!.pause();
    call.stream.write(Buffer.concat(Array.from({ length: 1_000 }, () => frame(100))));
    const other = rawCall(session(), '/echo');
    other.stream.end(frame(1));
    await ended([other]);
    expect(bodies).toBe(1);
    held[0]!.resume();
    await eventually(
      'the rest is read',
      () => bodies === 1_001,
      () => bodies,
      PATIENCE_MS,
    );
  });

  test('a unary call takes one message', async () => {
    await open();
    const call = rawCall(session(), '/never');
    call.stream.write(Buffer.alloc(5_000));
    await ended([call]);
    expect(call.status()).toBe(String(Code.UNIMPLEMENTED));
  });

  test('guests: few at once, few of one connection, small messages, and not for long', async () => {
    await open();
    const first = session();
    const calls = [first, first, first, session(), session()].map((one) => rawCall(one, '/guest'));
    await eventually(
      'two find no place',
      () => calls.filter((call) => call.status() === String(Code.RESOURCE_EXHAUSTED)).length === 2,
      () => calls.map((call) => call.status()),
      PATIENCE_MS,
    );
    await ended(calls);
    const large = rawCall(first, '/guest');
    large.stream.write(frame(101));
    await ended([large]);
    expect(large.status()).toBe(String(Code.RESOURCE_EXHAUSTED));
  });

  test('calls in all', async () => {
    await open({ maxCalls: 2 });
    const calls = [session(), session(), session()].map((one) => rawCall(one, '/hold'));
    await eventually(
      'one is refused',
      () => calls.some((call) => call.status() === String(Code.RESOURCE_EXHAUSTED)),
      () => calls.map((call) => call.status()),
      PATIENCE_MS,
    );
  });
});

test('one caller does not take the places of all others', async () => {
  await open({ maxCalls: 4, maxCallsPerCaller: 2 });
  const one = session();
  const calls = Array.from({ length: 5 }, () => rawCall(one, '/of', { caller: 'greedy' }));
  await eventually(
    'what is too much is refused',
    () => calls.filter((call) => call.status() === String(Code.RESOURCE_EXHAUSTED)).length === 3,
    () => calls.map((call) => call.status()),
    PATIENCE_MS,
  );
  const other = rawCall(session(), '/of', { caller: 'modest' });
  other.stream.end(frame(1));
  await ended([other]);
  expect(other.status()).toBe('0');
  for (const call of calls) call.stream.end();
  await ended(calls);
  const again = rawCall(one, '/of', { caller: 'greedy' });
  again.stream.end();
  await ended([again]);
  expect(again.status()).toBe('0');
});

test('connections: the oldest stranger goes, those who were let in stay, and the log has one line', async () => {
  await open({ maxConnections: 3 });
  const known = session();
  const first = rawCall(known, '/echo');
  first.stream.end(frame(1));
  await ended([first]);
  const strangers = [session(), session(), session(), session()];
  await eventually(
    'two had to go',
    () => strangers.filter((one) => one.destroyed).length === 2,
    () => strangers.map((one) => one.destroyed),
    PATIENCE_MS,
  );
  const again = rawCall(known, '/echo');
  again.stream.end(frame(1));
  await ended([again]);
  expect([again.status(), lines.map((line) => line.message)]).toEqual(['0', [expect.stringContaining('too many connections')]]);
});

test('it stops in the time it was given, whatever is held open', async () => {
  await open();
  const unread = rawCall(session({ initialWindowSize: 0 }), '/flood');
  unread.stream.write(frame(1));
  const waiting = rawCall(session(), '/hold');
  waiting.stream.write(frame(1_000, Buffer.alloc(1)));
  connectTcp({ host: 'localhost', port }).on('error', () => undefined);
  await eventually(
    'it is open',
    () => held.length === 1,
    () => held.length,
    PATIENCE_MS,
  );
  await door.stop(100);
  await ended([unread, waiting]);
  expect(closed).toBe(2);
});
