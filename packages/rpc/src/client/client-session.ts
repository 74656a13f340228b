/**
 * One HTTP/2 connection of a client: dialled, whole once its server has spoken, watched by pings while calls are open, and left for a
 * new one when the server says that it goes. A server that is frozen or cut off is noticed long before a call's own deadline.
 */
import { connect as overSocket, type ClientHttp2Session } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { TLS_MIN_VERSION, TLS_SUITES } from '../auth/tls-suites';
import { connectionLost } from './call-failure';
import type { ServerName } from './server-name';
import type { CallHost, UnaryCall } from './unary-call';

const DIAL_TIMEOUT_MS = 5_000;
const KEEPALIVE_MS = 2_000;
const KEEPALIVE_TIMEOUT_MS = 2_000;
/** Ids of streams are used once; they end at twice this. */
const MOST_CALLS = 500_000_000;
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const NOT_OPEN = 'the connection was closed';

export interface SessionPorts {
  /** It takes calls from now on. */
  readonly onReady: () => void;
  /** It takes no more calls. Called once; `wasReady`: some may have been carried out. */
  readonly onGone: (reason: string, wasReady: boolean) => void;
  /** Everything that was under way on it has ended. */
  readonly onClosed: () => void;
}

export class ClientSession implements CallHost {
  private readonly socket: TLSSocket;
  /** Null until TLS has agreed. */
  private session: ClientHttp2Session | null = null;
  private readonly dialing: NodeJS.Timeout;
  private watching: NodeJS.Timeout | null = null;
  private wasReady = false;
  private isGone = false;
  private problem: string | null = null;
  private open = 0;
  private begun = 0;
  private heardMs = 0;

  constructor(
    private readonly address: string,
    ca: Buffer,
    name: ServerName,
    private readonly ports: SessionPorts,
  ) {
    // Not by http2.connect: it keeps some of TLS's refusals to itself.
    const socket = connectTls({ ...endOf(address), ca, ...name.tls, ALPNProtocols: ['h2'], minVersion: TLS_MIN_VERSION, ciphers: TLS_SUITES });
    this.socket = socket;
    this.dialing = setTimeout(() => this.break('no connection in time'), DIAL_TIMEOUT_MS);
    socket.setNoDelay(true);
    socket.once('secureConnect', () => this.agreed());
    // A socket under a session does not always close by itself.
    socket.on('error', (error) => this.break(textOf(error)));
    socket.once('close', () => this.closed());
  }

  get takesCalls(): boolean {
    return this.wasReady && !this.isGone && this.session !== null && !this.session.closed && !this.session.destroyed;
  }

  /** Or has been. */
  get isReady(): boolean {
    return this.wasReady;
  }

  begin(call: UnaryCall): void {
    const { session } = this;
    if (session === null) return call.fail(connectionLost(NOT_OPEN));
    call.begin(session.request(call.headers()), this);
    this.open += 1;
    this.begun += 1;
    if (this.open === 1) this.busy();
    if (this.begun >= MOST_CALLS) {
      this.gone('its ids are used up');
      session.close();
    }
  }

  lostBy(): string | null {
    return this.session === null || this.session.destroyed ? (this.problem ?? NOT_OPEN) : null;
  }

  callEnded(): void {
    this.open -= 1;
    this.heardMs = performance.now();
    if (this.open === 0) this.socket.unref();
  }

  /** With everything that is under way. */
  break(reason: string): void {
    this.problem ??= reason;
    this.session?.destroy();
    this.socket.destroy();
  }

  private agreed(): void {
    if (this.socket.alpnProtocol !== 'h2') return this.break('the server does not speak HTTP/2');
    const session = overSocket(`https://${this.address}`, {
      createConnection: () => this.socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      // Of its own server, which has to be trusted with answers.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
    });
    this.session = session;
    session.once('remoteSettings', () => this.ready(session));
    session.on('goaway', () => this.gone('the server goes away'));
    session.on('error', (error) => {
      this.problem ??= textOf(error);
    });
    session.once('close', () => this.socket.destroy());
  }

  private ready(session: ClientHttp2Session): void {
    if (session.destroyed) return;
    this.wasReady = true;
    this.heardMs = performance.now();
    clearTimeout(this.dialing);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.socket.unref();
    this.ports.onReady();
  }

  private closed(): void {
    clearTimeout(this.dialing);
    if (this.watching !== null) clearInterval(this.watching);
    this.problem ??= NOT_OPEN;
    this.session?.destroy();
    this.gone(this.problem);
    this.ports.onClosed();
  }

  private gone(reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.ports.onGone(reason, this.wasReady);
  }

  /** A process whose calls have all ended is not kept from ending. */
  private busy(): void {
    this.socket.ref();
    if (this.watching !== null) return;
    if (performance.now() - this.heardMs > KEEPALIVE_MS) this.ping();
    this.watching = setInterval(() => this.watch(), KEEPALIVE_MS);
    this.watching.unref();
  }

  private watch(): void {
    if (this.open > 0) return this.ping();
    if (this.watching !== null) clearInterval(this.watching);
    this.watching = null;
  }

  private ping(): void {
    let isAnswered = false;
    // Once the socket has been read: after a stall of this process the answer may wait in it.
    const silence = setTimeout(() => setImmediate(() => isAnswered || this.break('the server does not answer pings')), KEEPALIVE_TIMEOUT_MS);
    silence.unref();
    const answered = (): void => {
      isAnswered = true;
      clearTimeout(silence);
    };
    if (this.session === null || this.session.destroyed || !this.session.ping(answered)) answered();
  }
}

function endOf(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** Of an attempt at several addresses only the parts say something. */
function textOf(error: Error): string {
  const parts = error instanceof AggregateError ? (error.errors as readonly Error[]).map(({ message }) => message) : [];
  return parts.length > 0 ? parts.join('; ') : error.message;
}
