/**
 * Unary calls to the first Transaction Manager that answers, out of a list. What failed for want of an answer is asked
 * again elsewhere with the very same bytes, so with the same payment id, until the deadline: ids make that safe. What asking again
 * cannot mend ends the call: nobody there for longer than a restart takes, a wrong certificate or address, a bucket without a quorum.
 */
import { Client, credentials, Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { fromServiceError, serverName } from '@mas/rpc';
import { onAbort } from './aborts';
import { Attempts } from './attempts';
import { closedMeanwhile, MasCallFailed, notWanted, repeatable } from './call-failed';
import { pause } from './pause';
import { tracedCall } from './traced-call';

export interface ChannelOptions {
  /** host:port, tried in order, starting with the last one that answered. */
  readonly addresses: readonly string[];
  /** PEM of the cluster's certificate authority; null: one that this machine trusts. */
  readonly ca: Buffer | null;
  /** The JWT, or where to get the current one. */
  readonly token: string | (() => string);
  /** For a call as a whole, repetitions included, 1 … 60,000; default 15,000. */
  readonly timeoutMs?: number;
  /** Nobody can be reached for so long: give up. Default 3,000: a process that is restarted is back by then. */
  readonly connectPatienceMs?: number;
  /** Connections per address; calls take turns. Default 1. */
  readonly connections?: number;
}

/** How one call differs from the channel's others. */
export interface CallLead {
  /** For the call as a whole; default: the channel's. */
  readonly timeoutMs?: number;
  /** Whoever has asked wants no answer any more. */
  readonly signal?: AbortSignal;
  /** In place of the channel's token. */
  readonly token?: string;
}

export type ListenLead = Omit<CallLead, 'timeoutMs'> & { readonly timeoutMs: number | null };

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_CONNECT_PATIENCE_MS = 3_000;
const BACKOFF_MIN_MS = 25;
const BACKOFF_MAX_MS = 500;
const NOBODY = -1;
/** A server that is frozen or cut off is noticed by unanswered pings, long before a call's own deadline. */
const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.use_local_subchannel_pool': 1,
  // Statistics that nobody asks for cost a tenth of a call.
  'grpc.enable_channelz': 0,
  // What a library would send again, this channel sends again itself, and to another server.
  'grpc.enable_retries': 0,
} as const;

type Tried<Answer> = { readonly answer: Answer } | { readonly error: ServiceError };

interface Endpoint {
  readonly address: string;
  readonly clients: readonly Client[];
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

export class RetryingChannel {
  private readonly endpoints: readonly Endpoint[];
  private preferred = 0;
  /** The endpoint that gave the last answer, unless something has failed since. */
  private proven = NOBODY;
  private turn = 0;
  private closed = false;
  private readonly streams = new Set<ClientDuplexStream<Buffer, Buffer>>();
  private metadata: { readonly token: string; readonly value: Metadata } | null = null;

  constructor(private readonly options: ChannelOptions) {
    if (options.addresses.length === 0) throw new RangeError('give the address of at least one Transaction Manager');
    const connections = Array.from({ length: options.connections ?? 1 }, (_, at) => at);
    this.endpoints = options.addresses.map((address) => {
      const name = serverName(address);
      const channel = credentials.createSsl(options.ca, null, null, name.verify);
      return { address, clients: connections.map((at) => new Client(address, channel, { ...CHANNEL_OPTIONS, ...name.options, 'mas.connection': at })) };
    });
  }

  /** @throws MasCallFailed */
  async call<Answer>(path: string, request: Uint8Array, decode: (bytes: Uint8Array) => Answer, lead: CallLead = {}): Promise<Answer> {
    const deadlineMs = performance.now() + (lead.timeoutMs ?? this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    return tracedCall(
      path,
      () => this.authorization(lead.token),
      (error) => (error instanceof MasCallFailed ? error.error.reason : String(error)),
      (metadata) => this.repeated((at) => this.once(at, path, bytes, decode, deadlineMs, lead, metadata()), deadlineMs, lead),
    );
  }

  /**
   * One request, whose answers come until there are no more; where dealing with one takes time, the next comes behind it. Where a server is lost meanwhile, another one is asked, and begins anew.
   * @param lead with null for a time: it takes as long as it takes, while something comes
   * @param silenceMs nothing has come for so long: nobody works on it any more
   * @throws MasCallFailed
   */
  async listen(path: string, request: Uint8Array, onAnswer: (bytes: Buffer) => void | Promise<void>, silenceMs: number, lead: ListenLead): Promise<void> {
    const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    const deadlineMs = lead.timeoutMs === null ? Number.POSITIVE_INFINITY : performance.now() + lead.timeoutMs;
    await this.repeated((at) => this.listened(at, path, bytes, onAnswer, deadlineMs, silenceMs, lead), deadlineMs, lead);
  }

  private async repeated<Answer>(ask: (at: number) => Promise<Tried<Answer>>, deadlineMs: number, lead: ListenLead | CallLead): Promise<Answer> {
    const attempts = this.attempts();
    for (let attempt = 1; ; attempt += 1) {
      // Also between two attempts: the owner of a call that waits for its next one may close the client meanwhile.
      if (this.closed) throw closedMeanwhile(attempt - 1, attempts.mayHaveHappened);
      if (isAborted(lead)) throw notWanted(attempt - 1, attempts.mayHaveHappened);
      const at = this.preferred;
      const reply = await ask(at);
      if ('answer' in reply) {
        this.proven = at;
        return reply.answer;
      }
      const { code, error } = fromServiceError(reply.error);
      const waitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (attempt - 1));
      if (this.closed) throw closedMeanwhile(attempt, true);
      if (isAborted(lead)) throw notWanted(attempt, true);
      attempts.met(error);
      const end = repeatable(code, error) ? attempts.failed(at, this.addressOf(at), error, performance.now()) : error;
      this.proven = error.reason.startsWith('GRPC_') ? NOBODY : at;
      if (end !== null || performance.now() + waitMs >= deadlineMs) throw new MasCallFailed(code, end ?? error, attempt, attempts.mayHaveHappened);
      this.leave(at);
      if (attempt >= this.endpoints.length) await pause(waitMs, lead.signal);
    }
  }

  /** For what is asked for again by other means than `call`, by the same rules. */
  attempts(): Attempts {
    return new Attempts(this.endpoints.length, this.options.connectPatienceMs ?? DEFAULT_CONNECT_PATIENCE_MS);
  }

  /** Whom calls prefer. */
  now(): { readonly index: number; readonly address: string } {
    return { index: this.preferred, address: this.addressOf(this.preferred) };
  }

  private addressOf(at: number): string {
    return this.endpoints[at]?.address ?? '';
  }

  /** Over the connection that calls prefer now; ends with the channel. @throws MasCallFailed once it is closed */
  openStream(path: string, token?: string): ClientDuplexStream<Buffer, Buffer> {
    if (this.closed) throw closedMeanwhile(0, false);
    const stream = this.pick(this.preferred).makeBidiStreamRequest<Buffer, Buffer>(path, sameBytes, sameBytes, this.authorization(token));
    this.streams.add(stream);
    stream.on('status', () => this.streams.delete(stream));
    return stream;
  }

  /** Whoever calls prefer now has answered the last one that it was asked: what has no deadline of its own may rely on it. */
  isProven(): boolean {
    return this.proven === this.preferred;
  }

  /** Others may be better. Another caller may have moved on already. */
  leave(at = this.preferred): void {
    this.proven = NOBODY;
    if (this.preferred === at) this.preferred = (at + 1) % this.endpoints.length;
  }

  /** The one that is shown now. */
  token(given?: string): string {
    return given ?? (typeof this.options.token === 'string' ? this.options.token : this.options.token());
  }

  private authorization(given?: string): Metadata {
    const token = this.token(given);
    if (this.metadata?.token !== token) {
      const value = new Metadata();
      if (token !== '') value.set('authorization', `Bearer ${token}`);
      this.metadata = { token, value };
    }
    return this.metadata.value;
  }

  /** Calls under way fail with CLIENT_CLOSED: what they asked for may have been done. Harmless when repeated. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const stream of this.streams) stream.cancel();
    for (const endpoint of this.endpoints) for (const client of endpoint.clients) client.close();
  }

  private once<Answer>(
    at: number,
    path: string,
    bytes: Buffer,
    decode: (bytes: Uint8Array) => Answer,
    deadlineMs: number,
    { signal }: CallLead,
    metadata: Metadata,
  ): Promise<Tried<Answer>> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + deadlineMs - performance.now();
      const call = this.pick(at).makeUnaryRequest(path, sameBytes, sameBytes, bytes, metadata, { deadline }, (error, answer) => {
        unwatch();
        if (error !== null) {
          resolve({ error });
          return;
        }
        try {
          resolve({ answer: decode(answer ?? Buffer.alloc(0)) });
        } catch (cause) {
          reject(cause as Error);
        }
      });
      const unwatch = onAbort(signal, () => call.cancel());
    });
  }

  private listened(
    at: number,
    path: string,
    bytes: Buffer,
    onAnswer: (bytes: Buffer) => void | Promise<void>,
    deadlineMs: number,
    silenceMs: number,
    { signal, token }: ListenLead,
  ): Promise<Tried<void>> {
    return new Promise((resolve, reject) => {
      const options = Number.isFinite(deadlineMs) ? { deadline: Date.now() + deadlineMs - performance.now() } : {};
      const stream = this.pick(at).makeServerStreamRequest<Buffer, Buffer>(path, sameBytes, sameBytes, bytes, this.authorization(token), options);
      const cancel = (): void => stream.cancel();
      const silence = setTimeout(cancel, silenceMs);
      const ended = (): void => {
        clearTimeout(silence);
        unwatch();
      };
      const unwatch = onAbort(signal, cancel);
      stream.on('data', (answer: Buffer) => {
        silence.refresh();
        const failed = (cause: unknown): void => {
          reject(cause as Error);
          cancel();
        };
        try {
          const dealtWith = onAnswer(answer);
          if (dealtWith === undefined) return;
          stream.pause();
          dealtWith.then(() => {
            silence.refresh();
            stream.resume();
          }, failed);
        } catch (cause) {
          failed(cause);
        }
      });
      stream.on('error', (error: ServiceError) => {
        ended();
        resolve({ error });
      });
      stream.on('end', () => {
        ended();
        resolve({ answer: undefined });
      });
    });
  }

  private pick(at: number): Client {
    const clients = this.endpoints[at]?.clients ?? [];
    this.turn += 1;
    const client = clients[this.turn % clients.length];
    if (client === undefined) throw new RangeError('no connection');
    return client;
  }
}

function isAborted({ signal }: Pick<CallLead, 'signal'>): boolean {
  return signal?.aborted === true;
}
