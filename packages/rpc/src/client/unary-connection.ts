/**
 * Unary gRPC calls over one HTTP/2 connection, spoken directly: a call of a general gRPC client passes some ten layers
 * (name resolution, balancing, retries, filters, interceptors) of which a client with a list of addresses needs none, and
 * costs more than twice as much. The connection is made when a call needs one, pinged while calls are open, and made anew after
 * it was lost or the server asked for it. Does not retry: whoever calls knows whether asking again is safe.
 */
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { Exchange, messageOf, outOfTime, unavailable, type UnaryEnd } from './unary-exchange';

export interface UnaryCall {
  readonly path: string;
  /** Value of the metadata `authorization`; null shows no token. */
  readonly authorization: string | null;
  /** The request in its frame, see framed() in unary-exchange.ts. */
  readonly frame: Buffer;
  /** Wall time, ms. */
  readonly deadlineMs: number;
}

/** Answers of large batches come without waiting for window updates. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that is frozen or cut off is noticed by unanswered pings, long before a call's own deadline. */
const PING_AFTER_MS = 2_000;
const PING_TIMEOUT_MS = 2_000;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 1_000;

export class UnaryConnection {
  private session: ClientHttp2Session | null = null;
  private connected = false;
  /** Settled once the newest connection stands or has failed. */
  private dialled: Promise<void> = Promise.resolve();
  private openCalls = 0;
  private pinger: NodeJS.Timeout | null = null;
  private backoffMs = 0;
  private notBeforeMs = 0;
  private lastProblem = 'never connected';
  private closed = false;

  constructor(
    private readonly address: string,
    private readonly ca: Buffer,
  ) {}

  call(call: UnaryCall): Promise<UnaryEnd> {
    if (this.closed) return Promise.resolve(unavailable('the client is closed'));
    const session = this.ready();
    if (session === null) return Promise.resolve(unavailable(this.lastProblem));
    return session.connecting ? this.onceConnected(session, call) : this.send(session, call);
  }

  close(): void {
    this.closed = true;
    this.lastProblem = 'the client is closed';
    this.session?.destroy();
    this.forget(this.session);
  }

  /** The time that the server hears of must be what is left once it can hear: it answers shortly before that is over. */
  private async onceConnected(session: ClientHttp2Session, call: UnaryCall): Promise<UnaryEnd> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, call.deadlineMs - Date.now()));
      void this.dialled.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (session.connecting && !session.destroyed) return outOfTime;
    return session.destroyed || session.closed ? unavailable(this.lastProblem) : this.send(session, call);
  }

  private send(session: ClientHttp2Session, call: UnaryCall): Promise<UnaryEnd> {
    return new Promise((resolve) => {
      const remainingMs = Math.max(1, call.deadlineMs - Date.now());
      let stream: ClientHttp2Stream;
      try {
        stream = session.request(headersOf(call, remainingMs));
      } catch (error) {
        // The session ended between two turns of the event loop.
        resolve(unavailable(messageOf(error)));
        return;
      }
      this.opened(session);
      const exchange = new Exchange(stream, remainingMs, () => this.lastProblem, (end) => {
        this.ended(session);
        resolve(end);
      });
      exchange.start(call.frame);
    });
  }

  /** The connection, made if need be; null while it is too early to try again. */
  private ready(): ClientHttp2Session | null {
    if (this.session !== null && !this.session.closed && !this.session.destroyed) return this.session;
    if (Date.now() < this.notBeforeMs) return null;
    return this.dial();
  }

  private dial(): ClientHttp2Session {
    const session = connect(`https://${this.address}`, { ca: this.ca, settings: { initialWindowSize: WINDOW_BYTES, enablePush: false } });
    this.session = session;
    this.connected = false;
    this.openCalls = 0;
    const patience = setTimeout(() => session.destroy(new Error(`no connection to ${this.address} within ${CONNECT_TIMEOUT_MS} ms`)), CONNECT_TIMEOUT_MS);
    session.once('connect', () => {
      clearTimeout(patience);
      session.setLocalWindowSize(WINDOW_BYTES);
      if (this.session !== session) return;
      this.connected = true;
      this.backoffMs = 0;
    });
    this.dialled = new Promise((resolve) => {
      session.once('connect', resolve);
      session.once('close', resolve);
    });
    session.on('error', (error: Error) => (this.lastProblem = messageOf(error)));
    // What is open ends on this connection; new calls get a new one.
    session.on('goaway', () => this.forget(session));
    session.once('close', () => {
      clearTimeout(patience);
      this.forget(session);
    });
    return session;
  }

  private forget(session: ClientHttp2Session | null): void {
    if (this.session !== session) return;
    this.session = null;
    this.stopPinging();
    if (this.connected || this.closed) return;
    this.backoffMs = Math.min(BACKOFF_MAX_MS, Math.max(BACKOFF_MIN_MS, 2 * this.backoffMs));
    this.notBeforeMs = Date.now() + this.backoffMs;
  }

  private opened(session: ClientHttp2Session): void {
    this.openCalls += 1;
    if (this.openCalls > 1) return;
    session.ref();
    this.pinger = setInterval(() => this.ping(session), PING_AFTER_MS);
  }

  /** A connection without calls does not keep the process alive, and need not be known to live. */
  private ended(session: ClientHttp2Session): void {
    if (this.session !== session) return;
    this.openCalls -= 1;
    if (this.openCalls > 0) return;
    this.stopPinging();
    if (!session.destroyed) session.unref();
  }

  private ping(session: ClientHttp2Session): void {
    if (session.destroyed || session.connecting) return;
    const silence = setTimeout(() => session.destroy(new Error(`${this.address} does not answer pings`)), PING_TIMEOUT_MS);
    silence.unref();
    const sent = session.ping(() => clearTimeout(silence));
    if (!sent) clearTimeout(silence);
  }

  private stopPinging(): void {
    if (this.pinger !== null) clearInterval(this.pinger);
    this.pinger = null;
  }
}

function headersOf({ path, authorization }: UnaryCall, timeoutMs: number): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': `${timeoutMs}m` };
  if (authorization !== null) headers['authorization'] = authorization;
  return headers;
}
