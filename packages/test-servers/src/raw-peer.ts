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

/** Flag, length, and as much of the message as is given. */
export function frame(announcedBytes: number, content: Buffer = Buffer.alloc(announcedBytes), flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(announcedBytes, 1);
  return Buffer.concat([prefix, content]);
}
