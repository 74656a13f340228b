/**
 * The lean gRPC client against Node's own HTTP/2 server, which decodes what it sends: the yardstick must neither count a put that was
 * refused nor stall where a stock client would not.
 */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@mas/test-servers';
import { CONNECTION_WINDOW_BYTES as WINDOW_BYTES, DATA, dataBytes, FRAME_HEADER_BYTES, windowUpdate } from './http2-frames';
import { PutConnection } from './put-connection';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const RESPONSE = Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x00]);
const PREFACE_TEXT_BYTES = 24;
let server: Server | undefined;
let silent: Server | undefined;
let connection: PutConnection | undefined;

afterEach(() => {
  connection?.close();
  server?.close();
  silent?.close();
});

describe('a connection that only puts', () => {
  it('sends what a gRPC server understands, by spelled-out and by indexed headers', async () => {
    const seen: Seen[] = [];
    await connectTo((stream, call) => {
      seen.push(call);
      confirm(stream);
    });
    expect(await put(Buffer.from('first'))).toBe(true);
    expect(await put(Buffer.from('second'))).toBe(true);
    expect(seen.map((one) => one.body.subarray(5).toString())).toEqual(['first', 'second']);
    for (const one of seen) {
      expect(one.headers).toMatchObject({ ':method': 'POST', ':path': '/etcdserverpb.KV/Put', 'content-type': 'application/grpc', te: 'trailers' });
      expect(one.body.readUInt32BE(1)).toBe(one.body.length - 5);
    }
  });

  it('does not take a refusal for a success', async () => {
    await connectTo((stream) =>
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '8', 'grpc-message': 'mvcc: database space exceeded' },
        { endStream: true },
      ),
    );
    expect(await put(Buffer.from('refused'))).toBe(false);
  });

  it('does not take a reset stream for a success', async () => {
    await connectTo((stream) => stream.close(2));
    expect(await put(Buffer.from('reset'))).toBe(false);
  });

  it('answers all callers when the connection is lost, and those who come later', async () => {
    // Behind the packet that is being read: within it, Node 22.23.3 aborts the process (rpc's ended-behind-packet.ts).
    await connectTo((stream) => setImmediate(() => stream.session?.destroy()));
    expect(await Promise.all(Array.from({ length: 10 }, () => put(Buffer.from('lost'))))).toEqual(Array(10).fill(false));
    expect(connection?.failed).toBeDefined();
    expect(await put(Buffer.from('later'))).toBe(false);
  });

  it('sends no more than the window of the connection, and goes on once it is told of more room', async () => {
    let received: Buffer = Buffer.alloc(0);
    let accepted: Socket | undefined;
    silent = createTcpServer((socket) => {
      accepted = socket;
      socket.on('error', () => undefined);
      socket.on('data', (part: Buffer) => {
        received = Buffer.concat([received, part]);
      });
    });
    await listen(silent);
    connection = await PutConnection.open(portOf(silent));
    const request = Buffer.alloc(1000, 1);
    const calls = Array.from({ length: 100 }, () => put(request));
    const fitting = Math.floor(WINDOW_BYTES / dataBytes(request));
    await waitUntil('the window is used up', () => dataFrames(received) >= fitting);
    accepted?.write(windowUpdate(5 * dataBytes(request)));
    await waitUntil('the room is used', () => dataFrames(received) >= fitting + 5);
    // One that the server would have to treat as an error would have come along.
    expect(dataFrames(received)).toBe(fitting + 5);
    connection.close();
    expect(await Promise.all(calls)).toEqual(Array(100).fill(false));
  });

  it('gets more calls through than fit into the window at once', async () => {
    await connectTo(confirm);
    const calls = Array.from({ length: 1000 }, () => put(Buffer.alloc(200, 1)));
    expect(await Promise.all(calls)).toEqual(Array(1000).fill(true));
  });
});

async function connectTo(answer: (stream: ServerHttp2Stream, call: Seen) => void): Promise<void> {
  const started = createServer();
  server = started;
  started.on('stream', (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => answer(stream, { headers, body: Buffer.concat(parts) }));
  });
  await listen(started);
  connection = await PutConnection.open(portOf(started));
}

function listen(started: Server): Promise<void> {
  return new Promise((resolve) => started.listen(0, '127.0.0.1', resolve));
}

function portOf(started: Server): number {
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** How many complete DATA frames are behind the preface. */
function dataFrames(received: Buffer): number {
  let count = 0;
  let at = PREFACE_TEXT_BYTES;
  while (received.length - at >= FRAME_HEADER_BYTES) {
    const end = at + FRAME_HEADER_BYTES + received.readUIntBE(at, 3);
    if (end <= received.length && received[at + 3] === DATA) count += 1;
    at = end;
  }
  return count;
}

function put(request: Buffer): Promise<boolean> {
  if (connection === undefined) throw new Error('not connected');
  return connection.put(request);
}

function confirm(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(RESPONSE);
}
