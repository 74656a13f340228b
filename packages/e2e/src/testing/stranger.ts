/**
 * A peer with no manners (raw-peer.ts), with what the end of its connection looks like from the machine's side.
 */
import type { ClientHttp2Session, Settings } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hangUp, rawCall, rawSession, type RawCall } from '@mas/test-servers';

interface OpenCall extends RawCall {
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
    return new Stranger(rawSession(address, readFileSync(join(certs, 'ca.crt')), settings), Number(address.slice(address.lastIndexOf(':') + 1)));
  }

  call(path: string, headers: Readonly<Record<string, string | string[]>> = {}): RawCall {
    const call = { ...rawCall(this.session, path, { 'grpc-timeout': '60S', ...headers }), path };
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
    return this.session.destroyed
      ? []
      : this.calls
          .filter((call) => !call.isClosed())
          .map(({ path, status, stream }) => `${path}: status ${status() ?? 'none'}, ${stream.writableLength} bytes not sent`);
  }

  hangUp(): void {
    hangUp(this.session);
  }
}

const ESTABLISHED = '01';

/** Whether the machine has the server's end of this connection, as the kernel's table says. */
function isHeld(serverPort: number, peerPort: number): boolean {
  const end = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .some((line) => {
        const [, local = '', remote = '', state] = line.trim().split(/\s+/);
        return state === ESTABLISHED && local.endsWith(end(serverPort)) && remote.endsWith(end(peerPort));
      }),
  );
}

/** A connection that says nothing at all. */
export function silence(address: string): Socket {
  const at = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  socket.on('error', () => undefined);
  return socket;
}
