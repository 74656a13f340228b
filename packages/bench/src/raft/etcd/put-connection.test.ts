/**
 * The lean gRPC client against Node's own HTTP/2 server, which decodes what it sends: the yardstick must neither count a put that was
 * refused nor stall where a stock client would not.
 */
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PutConnection } from './put-connection';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const RESPONSE = Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x00]);
const WINDOW_BYTES = 65_535;
let server: Http2Server | undefined;
let connection: PutConnection | undefined;

afterEach(() => {
  connection?.close();
  server?.close();
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
    await connectTo((stream) => stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '8', 'grpc-message': 'mvcc: database space exceeded' }, { endStream: true }));
    expect(await put(Buffer.from('refused'))).toBe(false);
  });

  it('does not take a reset stream for a success', async () => {
    await connectTo((stream) => stream.close(2));
    expect(await put(Buffer.from('reset'))).toBe(false);
  });

  it('answers all callers when the connection is lost, and those who come later', async () => {
    await connectTo((stream) => stream.session?.destroy());
    expect(await Promise.all(Array.from({ length: 10 }, () => put(Buffer.from('lost'))))).toEqual(Array(10).fill(false));
    expect(connection?.failed).toBeDefined();
    expect(await put(Buffer.from('later'))).toBe(false);
  });

  it('keeps to the window of the connection, and uses all the room it is given', async () => {
    await connectTo(confirm);
    const calls = Array.from({ length: 1000 }, () => put(Buffer.alloc(200, 1)));
    expect(1000 * 200).toBeGreaterThan(2 * WINDOW_BYTES);
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
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  connection = await PutConnection.open(address.port);
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
