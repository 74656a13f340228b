/**
 * Unary calls to the first Transaction Manager that answers, out of a list. What failed for want of an answer is asked
 * again elsewhere with the very same bytes, so with the same payment id, until the deadline: ids make that safe.
 */
import { Client, credentials, Metadata, status as Code } from '@grpc/grpc-js';
import type { RequestError } from '@mas/transaction-coordinator';
import { fromStatus } from '../errors/status-details';
import { UnaryConnection } from './unary-connection';
import { framed } from './unary-exchange';

export interface ChannelOptions {
  /** host:port, tried in order, starting with the last one that answered. */
  readonly addresses: readonly string[];
  /** PEM of the cluster's certificate authority. */
  readonly ca: Buffer;
  /** The JWT, or where to get the current one. */
  readonly token: string | (() => string);
  /** For a call as a whole, repetitions included, 1 … 60,000; default 15,000. */
  readonly timeoutMs?: number;
  /** Connections per address; calls take turns. Default 1. */
  readonly connections?: number;
}

export class MasCallFailed extends Error {
  readonly kind = 'mas-call-failed';

  constructor(
    /** gRPC status code. */
    readonly code: number,
    readonly error: RequestError,
    /** How often the call was sent. */
    readonly attempts: number,
  ) {
    super(error.message);
    this.name = 'MasCallFailed';
  }
}

const DEFAULT_TIMEOUT_MS = 15_000;
const BACKOFF_MIN_MS = 25;
const BACKOFF_MAX_MS = 500;
/** Of the connections for streams. */
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
} as const;

interface Endpoint {
  readonly address: string;
  readonly connections: readonly UnaryConnection[];
  /** Made for the first stream. */
  client: Client | null;
}

export class RetryingChannel {
  private readonly endpoints: readonly Endpoint[];
  private preferred = 0;
  private turn = 0;

  constructor(private readonly options: ChannelOptions) {
    if (options.addresses.length === 0) throw new RangeError('give the address of at least one Transaction Manager');
    this.endpoints = options.addresses.map((address) => ({
      address,
      connections: Array.from({ length: options.connections ?? 1 }, () => new UnaryConnection(address, options.ca)),
      client: null,
    }));
  }

  /** @throws MasCallFailed */
  async call<Answer>(path: string, request: Uint8Array, decode: (bytes: Uint8Array) => Answer, timeoutMs = this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS): Promise<Answer> {
    const deadlineMs = Date.now() + timeoutMs;
    const frame = framed(request);
    for (let attempt = 1; ; attempt += 1) {
      const at = this.preferred;
      const end = await this.pick(at).call({ path, authorization: this.bearer(), frame, deadlineMs });
      if (end.kind === 'answer') return decode(end.bytes);
      const { code } = end;
      const error = fromStatus(code, end.message, end.details);
      const waitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (attempt - 1));
      if (!repeatable(code, error) || Date.now() + waitMs >= deadlineMs) throw new MasCallFailed(code, error, attempt);
      // Another caller may have moved on already.
      if (this.preferred === at) this.preferred = (at + 1) % this.endpoints.length;
      if (attempt >= this.endpoints.length) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  /** For streams: a connection to the Transaction Manager that calls prefer now. */
  client(): Client {
    const endpoint = this.endpoint(this.preferred);
    endpoint.client ??= new Client(endpoint.address, credentials.createSsl(this.options.ca), CHANNEL_OPTIONS);
    return endpoint.client;
  }

  authorization(): Metadata {
    const metadata = new Metadata();
    const bearer = this.bearer();
    if (bearer !== null) metadata.set('authorization', bearer);
    return metadata;
  }

  close(): void {
    for (const { connections, client } of this.endpoints) {
      for (const connection of connections) connection.close();
      client?.close();
    }
  }

  private bearer(): string | null {
    const token = typeof this.options.token === 'string' ? this.options.token : this.options.token();
    return token === '' ? null : `Bearer ${token}`;
  }

  private pick(at: number): UnaryConnection {
    const { connections } = this.endpoint(at);
    this.turn += 1;
    const connection = connections[this.turn % connections.length];
    if (connection === undefined) throw new RangeError('no connection');
    return connection;
  }

  private endpoint(at: number): Endpoint {
    const endpoint = this.endpoints[at];
    if (endpoint === undefined) throw new RangeError('no address');
    return endpoint;
  }
}

/** Nothing was answered, or the server asked to come back; every request carries an id, so asking again is safe. */
function repeatable(code: number, error: RequestError): boolean {
  return code === Code.UNAVAILABLE || (code === Code.UNKNOWN && error.reason.startsWith('GRPC_')) || (code === Code.CANCELLED && error.reason.startsWith('GRPC_')) || (code === Code.INTERNAL && error.reason.startsWith('GRPC_') && /RST_STREAM|GOAWAY|socket/i.test(error.message));
}
