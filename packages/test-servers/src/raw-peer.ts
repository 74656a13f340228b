/** A peer on bare HTTP/2 over TLS, for what gRPC's own clients never send: sends what it likes, reads what it likes, ends nothing. */
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders, type Settings } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Node counts it in MiB. What this side sends may wait here, as much of it as it likes. */
const OWN_MEMORY_MIB = 10_000;

const sockets = new WeakMap<ClientHttp2Session, TLSSocket>();

export interface RawCall {
  readonly stream: ClientHttp2Stream;
  /** Of the headers or the trailers, whichever had it. */
  status(): string | undefined;
  isClosed(): boolean;
}

/** @param address host:port. @param settings `{ initialWindowSize: 0 }` is one that takes no answer. */
export function rawSession(address: string, ca: Buffer, settings: Settings = {}): ClientHttp2Session {
  const { hostname: host, port } = new URL(`https://${address}`);
  const socket = connectTls({ host, port: Number(port), ca, servername: host, ALPNProtocols: ['h2'] });
  const session = connect(`https://${address}`, { settings, maxSessionMemory: OWN_MEMORY_MIB, createConnection: () => socket });
  session.on('error', () => undefined);
  sockets.set(session, socket);
  return session;
}

/** At once. A session that is destroyed waits until the other side has taken what was written, and this side has read what the other one said last. */
export function hangUp(session: ClientHttp2Session): void {
  session.destroy();
  sockets.get(session)?.destroy();
}

export function rawCall(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): RawCall {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
  let status: string | undefined;
  let closed = false;
  const hear = (received: Readonly<Record<string, unknown>>): void => {
    const said = received['grpc-status'];
    if (typeof said === 'string') status = said;
  };
  stream.resume();
  stream.on('response', hear);
  stream.on('trailers', hear);
  stream.on('error', () => undefined);
  stream.on('close', () => {
    closed = true;
  });
  return { stream, status: () => status, isClosed: () => closed };
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
export const [END_STREAM, END_HEADERS] = [1, 4];

/** Of HTTP/2, RFC 9113, section 4.1. */
export function frameOf(type: number, flags: number, stream: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

/** A connection that sends these frames in one packet, and ends. @returns once it is gone */
export function sendPacket(port: number, ca: Buffer, frames: readonly Buffer[]): Promise<void> {
  const socket = connectTls({ host: 'localhost', port, ca, ALPNProtocols: ['h2'] }, () => {
    socket.end(Buffer.concat([Buffer.from(PREFACE), frameOf(FRAME.SETTINGS, 0, 0, Buffer.alloc(0)), ...frames]));
  });
  socket.resume();
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

/** POST, https, /, and the authority abc, by HPACK's table. */
export const HEADER_BLOCK = Buffer.from([0x83, 0x87, 0x84, 0x41, 0x03, 0x61, 0x62, 0x63]);
const INTERNAL_ERROR = 2;

/** Says in one packet that it goes away because of an error, and goes on with calls. */
export function goAwayAndCall(port: number, ca: Buffer): Promise<void> {
  const goAway = frameOf(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, INTERNAL_ERROR]));
  const call = (stream: number): readonly Buffer[] => [
    frameOf(FRAME.HEADERS, END_HEADERS, stream, HEADER_BLOCK),
    frameOf(FRAME.DATA, END_STREAM, stream, Buffer.from('more')),
  ];
  return sendPacket(port, ca, [goAway, ...call(1), ...call(3), ...call(5)]);
}

/** Flag, length, and as much of the message as is given. */
export function frame(announcedBytes: number, content: Buffer = Buffer.alloc(announcedBytes), flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(announcedBytes, 1);
  return Buffer.concat([prefix, content]);
}
