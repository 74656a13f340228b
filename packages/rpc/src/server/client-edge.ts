/**
 * What every call of a client passes before it reaches the coordinator: its token, its deadline, its subject's rate,
 * the form of its request; and how answers and failures go back. Nothing is locked, logged or written before that.
 */
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Subject } from '@mas/ledger';
import type { TokenVerifier } from '@mas/resource-manager';
import type { Caller, Reply, RequestError } from '@mas/transaction-coordinator';
import type { Clock, Logger } from '@mas/values';
import type { CallHead, UnaryAnswer, UnaryMethod } from '../door/methods';
import { accepted, invalid, permissionDenied, refused, unauthenticated } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { decodeStrictly } from '../validate/strict-text';
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

export interface ClientMethod<Request, Answer> {
  decode(reader: BinaryReader): Request;
  /** `ended`: nobody will hear the answer any more, because the client has cancelled or is gone, or the deadline has passed. */
  run(caller: Caller, request: Request, ended: () => AbortSignal): Promise<Reply<Answer>>;
  readonly write: WriteMessage<Answer>;
  /** What the call counts against its subject's rate; default 1. */
  cost?(request: Request): number;
}

export class ClientEdge {
  private readonly rates: RateLimiter;
  private readonly writer = new WireWriter();

  constructor(readonly ports: EdgePorts) {
    const { ratePerSecond, rateBurst, maxRatedSubjects } = ports.limits;
    this.rates = new RateLimiter(ratePerSecond, rateBurst, maxRatedSubjects);
  }

  unary<Request, Answer>(method: ClientMethod<Request, Answer>): UnaryMethod {
    return {
      kind: 'unary',
      begin: (head) => {
        const caller = this.admit(head);
        return caller.ok
          ? { ok: true, caller: subjectName(caller.value.subject), value: (request, ended) => this.answer(caller.value, request, method, ended) }
          : { ok: false, status: toStatus(caller.error) };
      },
    };
  }

  /** The caller behind a call, or why it is refused: from the headers alone. */
  admit(head: CallHead): Reply<Caller> {
    const subject = this.authenticate(head);
    if (!subject.ok) return subject;
    const deadlineMs = this.deadline(head);
    if (!deadlineMs.ok) return deadlineMs;
    const traceparent = head.header('traceparent');
    return accepted({ ...subject.value, deadlineMs: deadlineMs.value, ...(traceparent === undefined ? {} : { traceparent }) });
  }

  authenticate(head: CallHead): Reply<{ readonly subject: Subject; readonly token: string }> {
    const header = head.header('authorization');
    if (header === undefined) return unauthenticated('TOKEN_MISSING', 'Show a token in the metadata "authorization: Bearer …".');
    if (head.isRepeated('authorization')) return unauthenticated('TOKEN_INVALID', 'The metadata "authorization" came more than once; show one token.');
    if (!header.startsWith(BEARER)) return unauthenticated('TOKEN_INVALID', 'The metadata "authorization" is not of the form "Bearer …".');
    const token = header.slice(BEARER.length);
    const subject = this.ports.tokens.verify(token);
    return subject.ok
      ? accepted({ subject: subject.value, token })
      : unauthenticated('TOKEN_INVALID', `${sentence(subject.error.reason)} Sign a new one or ask the operator for it.`);
  }

  /** Counts against the rate of the subject; refuses what is too much. */
  charge(subject: Subject, cost: number): Reply<null> {
    if (this.rates.take(subjectName(subject), cost, this.ports.clock.monotonicMs())) return accepted(null);
    return refused(
      'resource-exhausted',
      'RATE_LIMITED',
      `More than ${this.ports.limits.ratePerSecond} requests a second; wait and send the same request again.`,
    );
  }

  encode<Value>(value: Value, write: WriteMessage<Value>): Buffer {
    this.writer.discard();
    write(this.writer, value);
    return this.writer.finish();
  }

  /** Bytes that the generated decoder cannot read are the caller's error. */
  decode<Request>(bytes: Buffer, decode: (reader: BinaryReader) => Request): Reply<Request> {
    try {
      return decodeStrictly(bytes, decode);
    } catch {
      return refused('invalid', 'REQUEST_MALFORMED', 'The request is not a message of its type; check the version of the proto files.');
    }
  }

  /** What the caller hears of an exception: never its text. It fails this call alone: a coordinator keeps nothing that buckets do not check again. */
  surprise(error: unknown): RequestError {
    const kind = kindOf(error);
    if (kind === 'lock-store-unavailable' || kind === 'dao-unavailable')
      return refused('unavailable', 'STORE_UNAVAILABLE', 'A store does not answer; send the same request again.').error;
    this.ports.logger.error({ err: error }, 'a call failed unexpectedly');
    return refused('internal', 'INTERNAL', 'Something failed inside the server; its log says what. Send the same request again with the same id.').error;
  }

  private async answer<Request, Answer>(caller: Caller, bytes: Buffer, method: ClientMethod<Request, Answer>, ended: () => AbortSignal): Promise<UnaryAnswer> {
    try {
      const reply = await this.run(caller, bytes, method, ended);
      return reply.ok ? { ok: true, value: this.encode(reply.value, method.write) } : { ok: false, status: toStatus(reply.error) };
    } catch (error) {
      return { ok: false, status: toStatus(this.surprise(error)) };
    }
  }

  private async run<Request, Answer>(caller: Caller, bytes: Buffer, method: ClientMethod<Request, Answer>, ended: () => AbortSignal): Promise<Reply<Answer>> {
    const request = this.decode(bytes, (each) => method.decode(each));
    if (!request.ok) return request;
    const charged = this.charge(caller.subject, method.cost?.(request.value) ?? 1);
    if (!charged.ok) return charged;
    return method.run(caller, request.value, ended);
  }

  /** The deadline on the monotonic clock. */
  private deadline({ deadlineMs: given }: CallHead): Reply<number> {
    const { maxDeadlineMs } = this.ports.limits;
    if (!Number.isFinite(given)) return invalid('DEADLINE_MISSING', 'grpc-timeout', `Set a deadline; at most ${maxDeadlineMs} ms are used of it.`);
    const { clock } = this.ports;
    const leftMs = given - clock.monotonicMs();
    if (leftMs <= 0) return refused('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived; this attempt did nothing.');
    return accepted(clock.monotonicMs() + Math.min(maxDeadlineMs, leftMs));
  }
}

export function requireOperator(subject: Subject): Reply<null> {
  return subject.kind === 'operator' ? accepted(null) : permissionDenied('OPERATOR_REQUIRED', "This needs an operator's token.");
}

/** An account's token reaches its own account only. */
export function requireOwn(subject: Subject, account: string): Reply<null> {
  if (subject.kind !== 'account' || subject.account === account) return accepted(null);
  return permissionDenied('NOT_AUTHORIZED', `The token of account ${subject.account} does not reach ${account}; use its own token or an operator's.`, {
    account,
  });
}

export function subjectName(subject: Subject): string {
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
