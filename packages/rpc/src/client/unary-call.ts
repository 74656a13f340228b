/** One unary call of a client: bytes out, bytes or a failure back, once, by its deadline. */
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { status as Code } from '@grpc/grpc-js';
import { connectionLost, failureIn, notGrpc, resetBy, type CallFailure } from './call-failure';

export type UnaryReply = { readonly answer: Buffer } | { readonly failure: CallFailure };

export interface UnaryRequest {
  readonly path: string;
  readonly message: Buffer;
  /** The header; empty: none. */
  readonly authorization: string;
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
}

/** What a call's stream is on. */
export interface CallHost {
  /** Why the connection has gone; null: it has not. */
  lostBy(): string | null;
  /** The call's stream has closed. */
  callEnded(): void;
}

const PREFIX_BYTES = 5;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Eight digits of milliseconds are what the header takes. */
const MAX_TIMEOUT_MS = 99_999_999;
const NOTHING = Buffer.alloc(0);

export class UnaryCall {
  private readonly deadline: NodeJS.Timeout;
  private stream: ClientHttp2Stream | null = null;
  private received: Buffer = NOTHING;
  /** Undefined: nothing has been said yet. */
  private status: CallFailure | null | undefined = undefined;
  private isOver = false;

  /** @param done called once, never before this returns. */
  constructor(
    readonly request: UnaryRequest,
    private readonly done: (reply: UnaryReply) => void,
  ) {
    this.deadline = setTimeout(() => this.late(), Math.max(1, Math.ceil(request.deadlineMs - performance.now())));
  }

  get hasEnded(): boolean {
    return this.isOver;
  }

  headers(): Record<string, string> {
    const { path, authorization, deadlineMs } = this.request;
    const timeoutMs = Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(deadlineMs - performance.now())));
    const headers: Record<string, string> = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': `${timeoutMs}m` };
    if (authorization !== '') headers['authorization'] = authorization;
    return headers;
  }

  begin(stream: ClientHttp2Stream, host: CallHost): void {
    this.stream = stream;
    stream.on('response', (headers) => this.said(headers));
    stream.on('trailers', (headers) => {
      this.status ??= failureIn(headers);
    });
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    // Whatever breaks a stream also closes it.
    stream.on('error', () => undefined);
    stream.on('close', () => {
      host.callEnded();
      if (!this.isOver) this.closed(stream.rstCode ?? constants.NGHTTP2_NO_ERROR, host.lostBy());
    });
    const { message } = this.request;
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, PREFIX_BYTES);
    stream.end(frame);
  }

  fail(failure: CallFailure): void {
    if (this.isOver) return;
    this.end({ failure });
    this.stream?.close(constants.NGHTTP2_CANCEL);
  }

  private closed(resetCode: number, lostBy: string | null): void {
    const { status } = this;
    if (status === null) this.end(this.answer());
    else this.end({ failure: status ?? (lostBy === null ? resetBy(resetCode) : connectionLost(lostBy)) });
  }

  private said(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (headers['grpc-status'] !== undefined) this.status = failureIn(headers);
    else this.status = notGrpc(headers) ?? undefined;
  }

  private take(chunk: Buffer): void {
    if (this.isOver) return;
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    if (this.received.length > PREFIX_BYTES + MAX_ANSWER_BYTES) this.fail({ code: Code.RESOURCE_EXHAUSTED, details: `The answer has more than ${MAX_ANSWER_BYTES} bytes` });
  }

  private answer(): UnaryReply {
    const { received } = this;
    if (received.length < PREFIX_BYTES) return { failure: { code: Code.UNIMPLEMENTED, details: 'No message received' } };
    if (received[0] !== 0) return { failure: { code: Code.UNIMPLEMENTED, details: 'The answer is compressed, which was not asked for' } };
    const length = received.readUInt32BE(1);
    if (received.length !== PREFIX_BYTES + length) return { failure: { code: Code.INTERNAL, details: 'The answer is not one whole message' } };
    return { answer: received.subarray(PREFIX_BYTES) };
  }

  private late(): void {
    this.fail({ code: Code.DEADLINE_EXCEEDED, details: 'Deadline exceeded' });
  }

  private end(reply: UnaryReply): void {
    this.isOver = true;
    clearTimeout(this.deadline);
    this.done(reply);
  }
}
