/**
 * A peer with no manners, on bare HTTP/2 over TLS: sends what it likes, reads what it likes, ends nothing. For what gRPC's own
 * clients would never do.
 */
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream, type Settings } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX_BYTES = 5;
const COMPRESSED = 1;
/** What it sends may wait on its side, as much of it as it likes. */
const OWN_MEMORY_MIB = 10_000;

export interface OpenCall {
  readonly stream: ClientHttp2Stream;
  /** `grpc-status`, once it has come. */
  status(): string | undefined;
  isClosed(): boolean;
  readonly path: string;
}

export class Stranger {
  private readonly calls: OpenCall[] = [];

  private localPort = 0;

  private constructor(
    private readonly session: ClientHttp2Session,
    private readonly serverPort: number,
  ) {
    session.on('connect', () => {
      this.localPort = session.socket?.localPort ?? 0;
    });
  }

  /** `settings`: `{ initialWindowSize: 0 }` is one that takes no answer. */
  static open(certs: string, address: string, settings: Settings = {}): Stranger {
    const session = connectHttp2(`https://${address}`, { ca: readFileSync(join(certs, 'ca.crt')), settings, maxSessionMemory: OWN_MEMORY_MIB });
    session.on('error', () => undefined);
    return new Stranger(session, Number(address.slice(address.lastIndexOf(':') + 1)));
  }

  call(path: string, headers: Readonly<Record<string, string | string[]>> = {}): OpenCall {
    const stream = this.session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '60S', ...headers });
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
    const call = { stream, path, status: () => status, isClosed: () => closed };
    this.calls.push(call);
    return call;
  }

  isClosed(): boolean {
    return this.session.destroyed;
  }

  /** By what this side has heard; or by the server's socket, because this side may sit on unsent bytes and hear nothing. */
  allClosed(): boolean {
    return this.session.destroyed || this.calls.every((call) => call.isClosed()) || !isHeld(this.serverPort, this.localPort);
  }

  /** What is still open, to look at when a test failed. */
  openCalls(): readonly string[] {
    return this.session.destroyed ? [] : this.calls.filter((call) => !call.isClosed()).map(({ path, status, stream }) => `${path}: status ${status() ?? 'none'}, ${stream.writableLength} bytes not sent`);
  }

  hangUp(): void {
    this.session.destroy();
  }
}

const ESTABLISHED = '01';

/** Whether the machine has the server's end of this connection, as the kernel's table says. */
function isHeld(serverPort: number, peerPort: number): boolean {
  const end = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    readFileSync(table, 'utf8').split('\n').some((line) => {
      const [, local = '', remote = '', state] = line.trim().split(/\s+/);
      return state === ESTABLISHED && local.endsWith(end(serverPort)) && remote.endsWith(end(peerPort));
    }),
  );
}

/** A message whose length says `announced`, of which `sent` bytes are there. */
export function message(announced: number, sent = announced): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + sent);
  bytes.writeUInt32BE(announced, 1);
  return bytes;
}

export function compressed(content: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(COMPRESSED, 0);
  prefix.writeUInt32BE(content.length, 1);
  return Buffer.concat([prefix, content]);
}

/** A connection that says nothing at all. */
export function silence(address: string): Socket {
  const at = address.lastIndexOf(':');
  const socket = connectTcp({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  socket.on('error', () => undefined);
  return socket;
}
