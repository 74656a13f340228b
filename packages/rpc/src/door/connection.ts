/**
 * One HTTP/2 session: its calls, each let in by the headers alone, its memory, its age, and whether its peer still answers.
 */
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { status as Code, type Metadata } from '@grpc/grpc-js';
import type { Clock, Logger } from '@mas/values';
import type { CertificateNames } from '../auth/peer-role';
import { readHead } from './call-head';
import type { DoorLimits } from './door-limits';
import type { GuestBook } from './guest-book';
import { MemoryAccount } from './memory-account';
import type { Begun, CallHead, CallStatus, GuestLimits, Method, ServerStream, UnaryAnswer } from './methods';
import { ServerCall } from './server-call';
import { RESPONSE_HEADERS, trailersOf } from './trailers';

/** What the connections of a listener share. */
export interface DoorState {
  readonly limits: DoorLimits;
  readonly methods: ReadonlyMap<string, Method>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: MemoryAccount;
  readonly guests: GuestBook;
  openCalls: number;
  readonly callsOf: Map<string, number>;
  /** Ends the connection that holds most, to make room; false when that is the one that asks, or nothing would be gained. */
  relieve(asking: Connection): boolean;
}

export class Connection {
  readonly memory: MemoryAccount;
  private readonly calls = new Set<ServerCall>();
  private readonly visits = new Map<GuestLimits, number>();
  private readonly openedAtMs: number;
  private peer: CertificateNames | null | undefined;
  private lastPingMs: number;
  private pinging = false;
  private closing = false;

  /** @param onLetIn somebody on this connection has shown a token or a certificate. */
  constructor(
    private readonly session: ServerHttp2Session,
    private readonly state: DoorState,
    private readonly maxAgeMs: number,
    private readonly onLetIn: () => void,
    /** Ends the socket below: a session that is closing would wait for its peer to agree. */
    private readonly cut: () => void,
  ) {
    this.memory = new MemoryAccount(state.limits.memoryPerConnectionBytes, state.memory);
    this.openedAtMs = this.lastPingMs = state.clock.monotonicMs();
  }

  accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    // Whatever breaks a stream also closes it, and that is heard.
    stream.on('error', () => undefined);
    // Its connection has gone since it came: nobody hears an answer, and Node throws where one is given.
    if (stream.destroyed || stream.closed) return;
    const read = readHead(headers, rawHeaders, this.state.clock.monotonicMs(), () => this.certificate());
    if (read.kind === 'not-grpc') return stream.respond({ ':status': read.httpStatus }, { endStream: true });
    if (read.kind === 'refused') return refuse(stream, read.status);
    const method = this.state.methods.get(headers[':path'] ?? '');
    if (method === undefined) return refuse(stream, { code: Code.UNIMPLEMENTED, details: 'The server does not implement this method.' });
    if (this.state.openCalls >= this.state.limits.maxCalls)
      return refuse(stream, { code: Code.RESOURCE_EXHAUSTED, details: 'Too many calls are open: wait, and send the same request again.' });
    this.begin(stream, read.head, method);
  }

  /** Once a second: ends what has lasted too long. */
  sweep(nowMs: number): void {
    const { limits } = this.state;
    for (const call of [...this.calls]) call.sweep(nowMs);
    const age = nowMs - this.openedAtMs;
    if (age > this.maxAgeMs + limits.maxConnectionAgeGraceMs) this.destroy();
    else if (age > this.maxAgeMs) this.close();
    else this.keepAlive(nowMs);
  }

  /** No new calls; ends when the open ones have ended. */
  close(): void {
    if (this.closing || this.session.destroyed) return;
    this.closing = true;
    this.session.close();
  }

  /** Everything at once. What its calls held is free when this returns. */
  destroy(): void {
    this.abandonCalls();
    if (!this.session.destroyed) this.session.destroy();
    this.cut();
  }

  abandonCalls(): void {
    for (const call of [...this.calls]) call.abandon();
  }

  private begin(stream: ServerHttp2Stream, head: CallHead, method: Method): void {
    let leave: (() => void) | null = null;
    if (method.guests !== undefined) {
      leave = this.state.guests.enter(method.guests, this.visits);
      if (leave === null)
        return refuse(stream, { code: Code.RESOURCE_EXHAUSTED, details: 'Too many callers without a token use this method; try again later.' });
    }
    const start = this.letIn(head, method);
    if (!start.ok) {
      leave?.();
      return refuse(stream, start.status);
    }
    if (start.caller !== undefined) {
      leave = this.count(start.caller);
      if (leave === null)
        return refuse(stream, { code: Code.RESOURCE_EXHAUSTED, details: 'Too many calls of this caller are open: wait, and send the same request again.' });
    }
    if (method.guests === undefined) this.onLetIn();
    start.value(this.open(stream, head, method, start.answer, leave));
  }

  /** @returns what ends the call's being counted, or null where the caller has as many as one may have. */
  private count(caller: string): (() => void) | null {
    const { callsOf, limits } = this.state;
    const open = callsOf.get(caller) ?? 0;
    if (open >= limits.maxCallsPerCaller) return null;
    callsOf.set(caller, open + 1);
    return () => {
      const left = (callsOf.get(caller) ?? 1) - 1;
      if (left > 0) callsOf.set(caller, left);
      else callsOf.delete(caller);
    };
  }

  /** An exception on the way in is an error of ours that nobody outside may turn into the end of the process. */
  private letIn(head: CallHead, method: Method): Begun<(call: ServerCall) => void> {
    try {
      if (method.kind === 'stream') return method.begin(head);
      const begun = method.begin(head);
      return begun.ok ? { ...begun, value: (call) => answerOnce(call, begun.value) } : begun;
    } catch (error) {
      this.state.logger.error({ err: error }, 'a call could not be let in');
      return { ok: false, status: FAILED };
    }
  }

  private open(stream: ServerHttp2Stream, head: CallHead, method: Method, answer: Metadata | undefined, leave: (() => void) | null): ServerCall {
    const { limits, clock } = this.state;
    const terms = {
      kind: method.kind,
      deadlineMs: head.deadlineMs,
      maxMessageBytes: method.guests?.maxMessageBytes ?? limits.maxMessageBytes,
      endsAtMs: clock.monotonicMs() + (method.guests?.lifetimeMs ?? Number.POSITIVE_INFINITY),
      ...(answer === undefined ? {} : { answer }),
    };
    const call = new ServerCall(stream, terms, {
      clock,
      limits,
      memory: this.memory,
      relieve: () => this.state.relieve(this),
      onClosed: () => {
        this.calls.delete(call);
        this.state.openCalls -= 1;
        leave?.();
      },
    });
    this.calls.add(call);
    this.state.openCalls += 1;
    return call;
  }

  private certificate(): CertificateNames | undefined {
    if (this.peer === undefined) {
      const { socket } = this.session;
      this.peer = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : null;
    }
    return this.peer ?? undefined;
  }

  private keepAlive(nowMs: number): void {
    const { keepaliveTimeMs, keepaliveTimeoutMs } = this.state.limits;
    if (this.session.destroyed || this.session.closed) return;
    if (this.pinging) {
      if (nowMs - this.lastPingMs > keepaliveTimeoutMs) this.destroy();
    } else if (nowMs - this.lastPingMs > keepaliveTimeMs) {
      this.lastPingMs = nowMs;
      this.pinging = this.session.ping(() => {
        this.pinging = false;
      });
    }
  }
}

const FAILED: CallStatus = { code: Code.INTERNAL, details: 'Something failed inside the server; its log says what.' };

function answerOnce(call: ServerStream, answer: (request: Buffer, ended: () => AbortSignal) => Promise<UnaryAnswer>): void {
  let request: Buffer = Buffer.alloc(0);
  call.listen({
    message: (bytes) => {
      request = bytes;
    },
    end: () => {
      const given = (one: UnaryAnswer): void => {
        if (one.ok) call.write(one.value);
        call.end(one.ok ? undefined : one.status);
      };
      answer(request, () => call.ended()).then(given, () => given({ ok: false, status: FAILED }));
    },
    closed: () => undefined,
  });
}

/** Nothing of the body has been read: Node itself then resets the stream behind the answer. */
function refuse(stream: ServerHttp2Stream, status: CallStatus): void {
  stream.respond({ ...RESPONSE_HEADERS, ...trailersOf(status) }, { endStream: true });
}
