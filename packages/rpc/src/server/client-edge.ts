/**
 * What every call of a client passes before it reaches the coordinator: its token, its deadline, its subject's rate,
 * the form of its request; and how answers and failures go back. Nothing is locked, logged or written before that.
 */
import { type handleUnaryCall, type Metadata, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Subject } from '@mas/ledger';
import type { TokenVerifier } from '@mas/resource-manager';
import type { Caller, Reply, RequestError } from '@mas/transaction-coordinator';
import type { Clock, Logger } from '@mas/values';
import { accepted, invalid, permissionDenied, refused, unauthenticated } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { WireWriter, type WriteMessage } from '../wire/wire-writer';
import type { EdgeLimits } from './edge-limits';
import { RateLimiter } from './rate-limiter';

const BEARER = 'Bearer ';

export interface EdgePorts {
  readonly tokens: TokenVerifier;
  readonly limits: EdgeLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The part of a server-side call that admission needs. */
export interface IncomingCall {
  readonly metadata: Metadata;
  getDeadline(): Date | number;
}

export type UnaryCall = Pick<ServerUnaryCall<Buffer, Buffer>, 'metadata' | 'getDeadline' | 'cancelled' | 'once'>;

export interface UnaryMethod<Request, Answer> {
  decode(bytes: Buffer): Request;
  /** `call`: what waits long asks for its end by `endOf`. */
  run(caller: Caller, request: Request, call: UnaryCall): Promise<Reply<Answer>>;
  readonly write: WriteMessage<Answer>;
  /** What the call counts against its subject's rate; default 1. */
  cost?(request: Request): number;
  /** For calls that go through a whole ledger; default: the edge's. */
  readonly maxDeadlineMs?: number;
}

export class ClientEdge {
  private readonly rates: RateLimiter;
  private readonly writer = new WireWriter();

  constructor(readonly ports: EdgePorts) {
    const { ratePerSecond, rateBurst, maxRatedSubjects } = ports.limits;
    this.rates = new RateLimiter(ratePerSecond, rateBurst, maxRatedSubjects);
  }

  unary<Request, Answer>(method: UnaryMethod<Request, Answer>): handleUnaryCall<Buffer, Buffer> {
    return (call, callback) => {
      void this.answer(call, call.request, method, callback);
    };
  }

  /** The caller behind a call, or why it is refused. */
  admit(call: IncomingCall, maxDeadlineMs = this.ports.limits.maxDeadlineMs): Reply<Caller> {
    const subject = this.authenticate(call.metadata);
    if (!subject.ok) return subject;
    const deadlineMs = this.deadline(call, maxDeadlineMs);
    if (!deadlineMs.ok) return deadlineMs;
    return accepted({ ...subject.value, deadlineMs: deadlineMs.value });
  }

  authenticate(metadata: Metadata): Reply<{ readonly subject: Subject; readonly token: string }> {
    const [header] = metadata.get('authorization');
    if (typeof header !== 'string') return unauthenticated('TOKEN_MISSING', 'Show a token in the metadata "authorization: Bearer …".');
    if (!header.startsWith(BEARER)) return unauthenticated('TOKEN_INVALID', 'The metadata "authorization" is not of the form "Bearer …".');
    const token = header.slice(BEARER.length);
    const subject = this.ports.tokens.verify(token);
    return subject.ok ? accepted({ subject: subject.value, token }) : unauthenticated('TOKEN_INVALID', `${sentence(subject.error.reason)} Sign a new one or ask the operator for it.`);
  }

  /** Counts against the rate of the subject; refuses what is too much. */
  charge(subject: Subject, cost: number): Reply<null> {
    if (this.rates.take(subjectName(subject), cost, this.ports.clock.monotonicMs())) return accepted(null);
    return refused('resource-exhausted', 'RATE_LIMITED', `More than ${this.ports.limits.ratePerSecond} requests a second; wait and send the same request again.`);
  }

  encode<Value>(value: Value, write: WriteMessage<Value>): Buffer {
    this.writer.discard();
    write(this.writer, value);
    return this.writer.finish();
  }

  /** Bytes that the generated decoder cannot read are the caller's error. */
  decode<Request>(bytes: Buffer, decode: (bytes: Buffer) => Request): Reply<Request> {
    try {
      return accepted(decode(bytes));
    } catch {
      return refused('invalid', 'REQUEST_MALFORMED', 'The request is not a message of its type; check the version of the proto files.');
    }
  }

  /** What the caller hears of an exception: never its text. It fails this call alone: a coordinator keeps nothing that buckets do not check again. */
  surprise(error: unknown): RequestError {
    const kind = kindOf(error);
    if (kind === 'lock-store-unavailable' || kind === 'dao-unavailable') return refused('unavailable', 'STORE_UNAVAILABLE', 'A store does not answer; send the same request again.').error;
    this.ports.logger.error({ err: error }, 'a call failed unexpectedly');
    return refused('internal', 'INTERNAL', 'Something failed inside the server; its log says what. Send the same request again with the same id.').error;
  }

  private async answer<Request, Answer>(call: UnaryCall, bytes: Buffer, method: UnaryMethod<Request, Answer>, callback: sendUnaryData<Buffer>): Promise<void> {
    try {
      const reply = await this.run(call, bytes, method);
      if (reply.ok) callback(null, this.encode(reply.value, method.write));
      else callback(toStatus(reply.error));
    } catch (error) {
      callback(toStatus(this.surprise(error)));
    }
  }

  private async run<Request, Answer>(call: UnaryCall, bytes: Buffer, method: UnaryMethod<Request, Answer>): Promise<Reply<Answer>> {
    const caller = this.admit(call, method.maxDeadlineMs);
    if (!caller.ok) return caller;
    const request = this.decode(bytes, (each) => method.decode(each));
    if (!request.ok) return request;
    const charged = this.charge(caller.value.subject, method.cost?.(request.value) ?? 1);
    if (!charged.ok) return charged;
    return method.run(caller.value, request.value, call);
  }

  /** The deadline on the monotonic clock. grpc has turned the caller's time-out into wall time. */
  private deadline(call: IncomingCall, maxDeadlineMs: number): Reply<number> {
    const given = Number(call.getDeadline());
    if (!Number.isFinite(given)) return invalid('DEADLINE_MISSING', 'grpc-timeout', `Set a deadline; at most ${maxDeadlineMs} ms are used of it.`);
    const { clock } = this.ports;
    const leftMs = given - clock.wallMs();
    if (leftMs <= 0) return refused('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived; nothing was done.');
    return accepted(clock.monotonicMs() + Math.min(maxDeadlineMs, leftMs));
  }
}

/** Says when nobody will hear the answer any more: the client has cancelled or is gone, or the deadline has passed. */
export function endOf(call: UnaryCall): AbortSignal {
  const end = new AbortController();
  if (call.cancelled) end.abort();
  else call.once('cancelled', () => end.abort());
  return end.signal;
}

export function requireOperator(subject: Subject): Reply<null> {
  return subject.kind === 'operator' ? accepted(null) : permissionDenied('OPERATOR_REQUIRED', "This needs an operator's token.");
}

/** An account's token reaches its own account only. */
export function requireOwn(subject: Subject, account: string): Reply<null> {
  if (subject.kind !== 'account' || subject.account === account) return accepted(null);
  return permissionDenied('NOT_AUTHORIZED', `The token of account ${subject.account} does not reach ${account}; use its own token or an operator's.`, { account });
}

function subjectName(subject: Subject): string {
  switch (subject.kind) {
    case 'account':
      return subject.account;
    case 'operator':
      return subject.name;
    case 'system':
      return 'system';
  }
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}

function kindOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'kind' in error ? error.kind : undefined;
}
