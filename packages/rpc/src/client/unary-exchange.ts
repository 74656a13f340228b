/** One unary gRPC call on its HTTP/2 stream: the frame out, the frame and the status in, one end, whatever happens. */
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { status as Code } from '@grpc/grpc-js';

export type UnaryEnd =
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  /** `details` is grpc-status-details-bin, where the server sent it. */
  | { readonly kind: 'failed'; readonly code: number; readonly message: string; readonly details: Buffer | null };

const FRAME_HEADER_BYTES = 5;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** A message as gRPC sends it: not compressed, its length in front. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_HEADER_BYTES);
  return frame;
}

export class Exchange {
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
    this.timer = setTimeout(() => this.abandon(outOfTime), timeoutMs);
  }

  start(frame: Buffer): void {
    const { stream } = this;
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) this.abandon(unavailable(`the server answered HTTP ${String(headers[':status'])}`));
      else if (headers['grpc-status'] !== undefined) this.trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.size += chunk.length;
      if (this.size > MAX_ANSWER_BYTES) this.abandon({ kind: 'failed', code: Code.RESOURCE_EXHAUSTED, message: 'the answer is too large', details: null });
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

  private abandon(failure: UnaryEnd): void {
    this.failure ??= failure;
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

export const outOfTime: UnaryEnd = { kind: 'failed', code: Code.DEADLINE_EXCEEDED, message: 'Deadline exceeded', details: null };

export function unavailable(message: string): UnaryEnd {
  return { kind: 'failed', code: Code.UNAVAILABLE, message, details: null };
}

/** Where several addresses were tried in vain, Node's error has a code only. */
export function messageOf(error: unknown): string {
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
