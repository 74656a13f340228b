/**
 * Unary gRPC calls over one HTTP/2 connection, spoken directly: a call of a general gRPC client passes some ten layers
 * (name resolution, balancing, retries, filters, interceptors) of which a client with a list of addresses needs none, and
 * costs more than twice as much. The connection is made when a call needs one, pinged while calls are open, and made anew after
 * it was lost or the server asked for it. Does not retry: whoever calls knows whether asking again is safe.
 */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { status as Code } from '@grpc/grpc-js';

export type UnaryEnd =
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  /** `details` is grpc-status-details-bin, where the server sent it. */
  | { readonly kind: 'failed'; readonly code: number; readonly message: string; readonly details: Buffer | null };

export interface UnaryCall {
  readonly path: string;
  /** Value of the metadata `authorization`; null shows no token. */
  readonly authorization: string | null;
  /** The request in its frame, see framed(). */
  readonly frame: Buffer;
  /** Wall time, ms. */
  readonly deadlineMs: number;
}

const FRAME_HEADER_BYTES = 5;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Answers of large batches come without waiting for window updates. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that is frozen or cut off is noticed by unanswered pings, long before a call's own deadline. */
const PING_AFTER_MS = 2_000;
const PING_TIMEOUT_MS = 2_000;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 1_000;

/** A message as gRPC sends it: not compressed, its length in front. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_HEADER_BYTES);
  return frame;
}

export class UnaryConnection {
  private session: ClientHttp2Session | null = null;
  private connected = false;
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

  close(): void {
    this.closed = true;
    this.lastProblem = 'the client is closed';
    this.session?.destroy();
    this.forget(this.session);
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

/** One call on its stream: what has come so far, and its one end. */
class Exchange {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private trailers: IncomingHttpHeaders | null = null;
  private failure: UnaryEnd | null = null;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly stream: ClientHttp2Stream,
    timeoutMs: number,
    private readonly connectionProblem: () => string,
    private readonly done: (end: UnaryEnd) => void,
  ) {
    this.timer = setTimeout(() => this.abandon(Code.DEADLINE_EXCEEDED, 'Deadline exceeded'), timeoutMs);
  }

  start(frame: Buffer): void {
    const { stream } = this;
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) this.abandon(Code.UNAVAILABLE, `the server answered HTTP ${String(headers[':status'])}`);
      else if (headers['grpc-status'] !== undefined) this.trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.size += chunk.length;
      if (this.size > MAX_ANSWER_BYTES) this.abandon(Code.RESOURCE_EXHAUSTED, 'the answer is too large');
    });
    stream.on('trailers', (headers) => (this.trailers = headers));
    // What happened to the connection is said by the session; the stream's own end follows with 'close'.
    stream.on('error', (error: Error) => (this.failure ??= unavailable(messageOf(error))));
    stream.on('close', () => {
      clearTimeout(this.timer);
      this.done(this.end());
    });
    stream.end(frame);
  }

  private abandon(code: number, message: string): void {
    this.failure ??= { kind: 'failed', code, message, details: null };
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  private end(): UnaryEnd {
    const { trailers } = this;
    const status = Number(trailers?.['grpc-status'] ?? Number.NaN);
    if (trailers === null || Number.isNaN(status)) return this.failure ?? unavailable(`the connection ended: ${this.connectionProblem()}`);
    if (status === Code.OK) return this.answer();
    const details = trailers['grpc-status-details-bin'];
    return { kind: 'failed', code: status, message: decodedText(String(trailers['grpc-message'] ?? '')), details: typeof details === 'string' ? Buffer.from(details, 'base64') : null };
  }

  private answer(): UnaryEnd {
    const [first] = this.chunks;
    const bytes = this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks, this.size);
    if (bytes.length < FRAME_HEADER_BYTES || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - FRAME_HEADER_BYTES) {
      return this.failure ?? { kind: 'failed', code: Code.INTERNAL, message: 'the answer is not one message', details: null };
    }
    return { kind: 'answer', bytes: bytes.subarray(FRAME_HEADER_BYTES) };
  }
}

function headersOf({ path, authorization }: UnaryCall, timeoutMs: number): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': `${timeoutMs}m` };
  if (authorization !== null) headers['authorization'] = authorization;
  return headers;
}

function unavailable(message: string): UnaryEnd {
  return { kind: 'failed', code: Code.UNAVAILABLE, message, details: null };
}

/** Where several addresses were tried in vain, Node's error has a code only. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}

/** Percent-encoded UTF-8; what is not stays as it is. */
function decodedText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
