/**
 * One call on its HTTP/2 stream, from the moment its method has let it in. What it keeps is on its connection's account; what
 * does not move is ended by `sweep`: a message that stays half, an answer that nobody takes, a stream without a word.
 */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { status as Code, type Metadata } from '@grpc/grpc-js';
import type { Clock, Timer } from '@mas/values';
import type { DoorLimits } from './door-limits';
import type { MemoryAccount } from './memory-account';
import { MessageReader, PREFIX_BYTES, type ReadProblem } from './message-reader';
import type { CallStatus, ServerStream, StreamListener } from './methods';
import { OK, RESPONSE_HEADERS, trailersOf } from './trailers';

const MAX_TIMER_MS = 2 ** 31 - 1;
/** For a caller to end its half of a call that has been answered. */
const LINGER_MS = 2_000;

export interface CallPorts {
  readonly clock: Clock;
  readonly limits: DoorLimits;
  readonly memory: MemoryAccount;
  /** Tries to make room in the account of all. */
  relieve(): boolean;
  onClosed(): void;
}

export interface CallTerms {
  readonly kind: 'unary' | 'stream';
  readonly maxMessageBytes: number;
  /** On the monotonic clock, or Infinity. */
  readonly deadlineMs: number;
  /** What the headers of the answer say besides. */
  readonly answer?: Metadata;
  /** Monotonic; Infinity for who has shown a token or a certificate. */
  readonly endsAtMs: number;
}

export class ServerCall implements ServerStream {
  private readonly reader: MessageReader;
  private readonly deadline: Timer | null;
  private listener: StreamListener | null = null;
  private endSignal: AbortController | null = null;
  /** Of a chunk whose first messages made the listener pause. */
  private rest: Buffer | null = null;
  private paused = false;
  private headersSent = false;
  private messages = 0;
  private heldBytes = 0;
  private unwrittenBytes = 0;
  private finishedAtMs: number | null = null;
  private closed = false;
  private movedAtMs: number;
  private waitingSinceMs: number;
  private takenAtMs: number;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly terms: CallTerms,
    private readonly ports: CallPorts,
  ) {
    const { clock } = ports;
    this.reader = new MessageReader({ maxMessageBytes: terms.maxMessageBytes, take: (bytes) => this.take(bytes), give: (bytes) => this.give(bytes) });
    this.movedAtMs = this.waitingSinceMs = this.takenAtMs = clock.monotonicMs();
    const leftMs = terms.deadlineMs - clock.monotonicMs();
    this.deadline =
      leftMs > MAX_TIMER_MS ? null : clock.schedule(Math.max(0, leftMs), () => this.end({ code: Code.DEADLINE_EXCEEDED, details: 'Deadline exceeded' }));
    stream.once('close', () => this.onClose());
  }

  get isPaused(): boolean {
    return this.paused;
  }

  listen(listener: StreamListener): void {
    this.listener = listener;
    this.stream.on('data', (chunk: Buffer) => this.consume(chunk));
    this.stream.on('end', () => this.onEnd());
  }

  pause(): void {
    this.paused = true;
    this.stream.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.waitingSinceMs = this.ports.clock.monotonicMs();
    const { rest } = this;
    this.rest = null;
    if (rest !== null) this.consume(rest);
    if (!this.isPaused) this.stream.resume();
  }

  sendHeaders(): void {
    if (this.headersSent || this.isOver()) return;
    this.headersSent = true;
    this.stream.respond({ ...RESPONSE_HEADERS, ...this.terms.answer?.toHttp2Headers() }, { waitForTrailers: true });
  }

  write(message: Buffer, written?: () => void): void {
    if (this.isOver()) return;
    const size = PREFIX_BYTES + message.length;
    if (!this.take(size)) {
      this.end({ code: Code.UNAVAILABLE, details: 'Too many answers wait for being taken: take them, and ask again with the same id.' });
      return;
    }
    this.sendHeaders();
    if (this.unwrittenBytes === 0) this.takenAtMs = this.ports.clock.monotonicMs();
    this.unwrittenBytes += size;
    const frame = Buffer.allocUnsafe(size);
    frame.writeUInt8(0, 0);
    frame.writeUInt32BE(message.length, 1);
    message.copy(frame, PREFIX_BYTES);
    this.stream.write(frame, (error) => {
      this.unwrittenBytes -= size;
      this.give(size);
      this.movedAtMs = this.takenAtMs = this.ports.clock.monotonicMs();
      if ((error === null || error === undefined) && !this.closed) written?.();
    });
  }

  end(status: CallStatus = OK): void {
    if (this.isOver()) return;
    this.finishedAtMs = this.ports.clock.monotonicMs();
    this.deadline?.cancel();
    this.endSignal?.abort();
    this.rest = null;
    this.reader.discard();
    if (this.headersSent) {
      this.stream.once('wantTrailers', () => this.stream.sendTrailers(trailersOf(status)));
      this.stream.end();
    } else {
      this.stream.respond({ ...RESPONSE_HEADERS, ...trailersOf(status) }, { endStream: true });
    }
    // What still comes is thrown away, so that the caller is not held up.
    if (this.listener !== null) this.stream.resume();
  }

  ended(): AbortSignal {
    this.endSignal ??= new AbortController();
    if (this.isOver()) this.endSignal.abort();
    return this.endSignal.signal;
  }

  /** Ends what does not move. */
  sweep(nowMs: number): void {
    const { limits } = this.ports;
    if (this.closed) return;
    const isUnread = this.unwrittenBytes > 0 && (nowMs - this.takenAtMs > limits.unreadAnswerMs || nowMs > this.terms.endsAtMs);
    if (isUnread) this.stream.close(constants.NGHTTP2_CANCEL);
    else if (this.finishedAtMs !== null) {
      if (this.unwrittenBytes === 0 && nowMs - this.finishedAtMs > LINGER_MS) this.stream.close(constants.NGHTTP2_NO_ERROR);
    } else if (nowMs > this.terms.endsAtMs) this.end({ code: Code.UNAVAILABLE, details: 'Calls without a token end after this time; call again.' });
    else if (this.isWaiting() && nowMs - this.waitingSinceMs > limits.messageTimeoutMs)
      this.end({ code: Code.DEADLINE_EXCEEDED, details: `A message did not arrive whole within ${limits.messageTimeoutMs} ms.` });
    // A call with one answer may take as long as its deadline allows.
    else if (this.terms.kind === 'stream' && nowMs - this.movedAtMs > limits.idleStreamMs)
      this.end({ code: Code.UNAVAILABLE, details: `Nothing was said for ${limits.idleStreamMs} ms; open another stream.` });
  }

  /** The connection is being destroyed: what the call holds is free at once. */
  abandon(): void {
    this.onClose();
  }

  private isOver(): boolean {
    return this.finishedAtMs !== null || this.closed || this.stream.destroyed || this.stream.closed;
  }

  /** For the rest of a message, or for the one message of a unary call. */
  private isWaiting(): boolean {
    return !this.paused && (this.reader.isWithin || (this.terms.kind === 'unary' && this.messages === 0));
  }

  private consume(chunk: Buffer): void {
    this.movedAtMs = this.ports.clock.monotonicMs();
    for (let at = 0; at < chunk.length && !this.isOver(); ) {
      if (this.paused) {
        this.rest = chunk.subarray(at);
        return;
      }
      if (!this.reader.isWithin) this.waitingSinceMs = this.movedAtMs;
      const step = this.reader.read(chunk, at);
      if (step.kind === 'more') return;
      if (step.kind === 'problem') return this.end(statusOf(step.problem, this.terms.maxMessageBytes));
      at = step.used;
      this.deliver(step.bytes, step.heldBytes);
    }
  }

  private deliver(bytes: Buffer, heldBytes: number): void {
    this.messages += 1;
    if (this.messages > 1 && this.terms.kind === 'unary') return this.end({ code: Code.UNIMPLEMENTED, details: 'The method takes one message.' });
    let toGive = heldBytes;
    this.listener?.message(bytes, () => {
      this.give(toGive);
      toGive = 0;
    });
  }

  private onEnd(): void {
    if (this.isOver()) return;
    if (this.reader.isWithin) this.end({ code: Code.INVALID_ARGUMENT, details: 'The call ended within a message.' });
    else if (this.messages === 0 && this.terms.kind === 'unary') this.end({ code: Code.UNIMPLEMENTED, details: 'The method takes one message; none came.' });
    else this.listener?.end();
  }

  private onClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.deadline?.cancel();
    this.rest = null;
    this.endSignal?.abort();
    this.ports.memory.give(this.heldBytes);
    this.heldBytes = 0;
    this.ports.onClosed();
    this.listener?.closed();
  }

  private take(bytes: number): boolean {
    let full = this.ports.memory.take(bytes);
    if (full === 'whole' && this.ports.relieve()) full = this.ports.memory.take(bytes);
    if (full !== null) return false;
    this.heldBytes += bytes;
    return true;
  }

  /** After the end of the call everything has been given back already. */
  private give(bytes: number): void {
    if (this.closed) return;
    this.heldBytes -= bytes;
    this.ports.memory.give(bytes);
  }
}

function statusOf(problem: ReadProblem, maxMessageBytes: number): CallStatus {
  switch (problem) {
    case 'too-large':
      return { code: Code.RESOURCE_EXHAUSTED, details: `A message has at most ${maxMessageBytes} bytes.` };
    case 'compressed':
      return { code: Code.UNIMPLEMENTED, details: 'Messages are taken uncompressed only.' };
    case 'no-room':
      return { code: Code.RESOURCE_EXHAUSTED, details: 'Too much is being sent at once: wait, and send the same request again.' };
  }
}
