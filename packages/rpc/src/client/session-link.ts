/**
 * One Session stream to one Resource Manager. Requests of one turn of the event loop leave in one frame; replies come
 * back by correlation id, in any order. The link knows at every moment which requests have been handed to the
 * connection: when it breaks, those are `unknown`, the others are certainly not proposed. A broken link is thrown away, with its
 * connection if that has not come up in time. So is one on which requests end without an answer while nothing at all comes back: after
 * packets were swallowed TCP tries again later and later, a new connection is up as soon as the network is.
 */
import type { ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js';
import type { NotSent, ParticipantReply } from '@mas/two-phase-commit';
import type { Clock, Timer } from '@mas/values';
import type { Envelope } from '../codec/participant-request-messages';
import type { SessionCodec } from '../codec/session-codec';

/** Frames are cut here; a single larger request travels alone. */
const MAX_FRAME_BYTES = 1024 * 1024;
/** What may wait for the connection, in bytes; more is refused. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Requests have had no answer, and nothing else has come, for so long. Whoever lives answers a question (who-leads) well before. */
const SILENT_MS = 1_000;

export interface SessionLinkPorts {
  /** Who has answered, before anything is sent to it. Null: the one that is meant; else why not. */
  readonly judge: (answered: Metadata) => string | null;
  readonly onFailed: (error: ServiceError) => void;
  readonly onBroken: (reason: string, noConnection: boolean) => void;
}

interface Pending {
  readonly resolve: (reply: ParticipantReply | NotSent) => void;
  readonly timer: Timer;
  /** Encoded, until it has been handed to the connection. */
  bytes: Buffer | null;
  /** When it was, by the monotonic clock. */
  writtenMs: number;
}

export class SessionLink {
  private readonly pending = new Map<number, Pending>();
  private queue: number[] = [];
  private waitingBytes = 0;
  private lastCorrelationId = 0;
  private ready = false;
  private flushing = false;
  private broken: string | null = null;
  /** When the first request was written that has ended without an answer since anything was heard. */
  private silentSinceMs: number | null = null;
  private heardMs = 0;
  private readonly dialing: Timer;

  constructor(
    private readonly stream: ClientDuplexStream<Buffer, Buffer>,
    private readonly codec: SessionCodec,
    private readonly clock: Clock,
    private readonly ports: SessionLinkPorts,
    dialTimeoutMs: number,
  ) {
    this.dialing = clock.schedule(dialTimeoutMs, () => this.break('no connection in time', true));
    // The server sends its metadata at once: only then is it certain that what is written reaches it.
    stream.on('metadata', (answered: Metadata) => {
      this.dialing.cancel();
      const refusal = ports.judge(answered);
      if (refusal !== null) return this.break(refusal);
      this.ready = true;
      this.scheduleFlush();
    });
    stream.on('data', (frame: Buffer) => this.receive(frame));
    stream.on('error', (error: ServiceError) => {
      if (this.broken === null) ports.onFailed(error);
      this.break(error.message);
    });
    stream.on('end', () => this.break('the server ended the session'));
  }

  get isBroken(): boolean {
    return this.broken !== null;
  }

  /** Who is meant has answered, and nothing has gone wrong since. */
  get isReady(): boolean {
    return this.ready && this.broken === null;
  }

  send(envelope: Envelope, timeoutMs: number): Promise<ParticipantReply | NotSent> {
    if (this.broken !== null) return Promise.resolve({ kind: 'not-sent', reason: this.broken });
    if (this.waitingBytes > MAX_WAITING_BYTES) return Promise.resolve({ kind: 'not-sent', reason: 'too much waits for the connection' });
    this.lastCorrelationId += 1;
    const correlationId = this.lastCorrelationId;
    const bytes = this.codec.encodeCorrelatedRequest({ correlationId, ...envelope });
    this.waitingBytes += bytes.length;
    return new Promise((resolve) => {
      const timer = this.clock.schedule(timeoutMs, () => this.timedOut(correlationId));
      this.pending.set(correlationId, { resolve, timer, bytes, writtenMs: 0 });
      this.queue.push(correlationId);
      this.scheduleFlush();
    });
  }

  close(): void {
    this.break('the client is closing');
  }

  private scheduleFlush(): void {
    if (this.flushing || !this.ready || this.queue.length === 0 || this.broken !== null) return;
    this.flushing = true;
    this.clock.defer(() => {
      this.flushing = false;
      if (this.broken === null) this.flush();
    });
  }

  private flush(): void {
    const queue = this.queue;
    this.queue = [];
    let frame: Buffer[] = [];
    let size = 0;
    for (const correlationId of queue) {
      const pending = this.pending.get(correlationId);
      const bytes = pending?.bytes;
      if (pending === undefined || bytes === undefined || bytes === null) continue;
      if (size > 0 && size + bytes.length > MAX_FRAME_BYTES) {
        this.write(frame, size);
        frame = [];
        size = 0;
      }
      pending.bytes = null;
      pending.writtenMs = this.clock.monotonicMs();
      frame.push(bytes);
      size += bytes.length;
    }
    if (size > 0) this.write(frame, size);
  }

  private write(parts: readonly Buffer[], size: number): void {
    const [only] = parts;
    const frame = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, size);
    this.stream.write(frame, () => {
      this.waitingBytes -= size;
    });
  }

  private receive(frame: Buffer): void {
    this.silentSinceMs = null;
    this.heardMs = this.clock.monotonicMs();
    try {
      for (const { correlationId, reply } of this.codec.decodeReplies(frame)) this.settle(correlationId, reply);
    } catch (error) {
      this.break(`a reply could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A reply for a request that has timed out finds nobody. */
  private settle(correlationId: number, reply: ParticipantReply | NotSent): void {
    const pending = this.pending.get(correlationId);
    if (pending === undefined) return;
    this.pending.delete(correlationId);
    pending.timer.cancel();
    if (pending.bytes !== null) this.waitingBytes -= pending.bytes.length;
    pending.resolve(reply);
  }

  /** Once the socket has been read: after a stall of this process the reply may wait in it. */
  private timedOut(correlationId: number): void {
    this.clock.defer(() => {
      const pending = this.pending.get(correlationId);
      if (pending === undefined) return;
      this.settle(correlationId, this.lost(pending, 'no reply in time'));
      if (pending.bytes !== null || this.heardMs > pending.writtenMs) return;
      this.silentSinceMs ??= pending.writtenMs;
      if (this.clock.monotonicMs() - this.silentSinceMs >= SILENT_MS) this.break('nothing has come back for a second', true);
    });
  }

  private lost(pending: Pending | undefined, reason: string): ParticipantReply | NotSent {
    return pending?.bytes === null ? { kind: 'unknown', reason } : { kind: 'not-sent', reason: `${reason}; the request was not sent` };
  }

  private break(reason: string, noConnection = false): void {
    if (this.broken !== null) return;
    this.broken = reason;
    this.dialing.cancel();
    for (const [correlationId, pending] of [...this.pending]) this.settle(correlationId, this.lost(pending, reason));
    this.stream.cancel();
    this.ports.onBroken(reason, noConnection);
  }
}
