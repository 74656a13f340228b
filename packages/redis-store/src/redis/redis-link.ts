/**
 * One connection to Redis with a bound on silence: every exchange is answered or rejected in time. While Redis owes an
 * answer that is overdue, further exchanges are rejected at once instead of waiting as long and piling up; the overdue
 * answer ends that, and a connection that stays silent is replaced.
 * It also knows Redis's run id: a connection never outlives the process at its other end, so it is asked once for each.
 */
import Redis, { type ChainableCommander, type RedisOptions } from 'ioredis';
import { afterListening, invariant, type Clock, type Logger, type Timer } from '@mas/values';

export interface RedisLinkOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redis?: Pick<RedisOptions, 'username' | 'password' | 'tls' | 'db'>;
}

/** Why an exchange did not happen or has no known outcome. */
export class RedisSilent extends Error {
  readonly kind = 'redis-silent';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'RedisSilent';
  }
}

const CONNECT_TIMEOUT_MS = 2_000;
/** How long to wait for the other end to close as well. */
const DISCONNECT_TIMEOUT_MS = 100;
const RECONNECT_FIRST_MS = 20;
const RECONNECT_MAX_MS = 500;
/** A connection that answers nothing for this long is given up; a half-open one would stay silent for many minutes. */
const REPLACE_AFTER_MS = 2_000;

export class RedisLink {
  readonly client: Redis;
  private currentRunId: string | undefined;
  private silent = false;
  private giveUp: Timer | undefined;
  private handshake: Timer | undefined;
  private closed = false;
  private lastError: string | null = null;

  constructor(private readonly options: RedisLinkOptions) {
    this.client = new Redis({
      ...options.redis,
      host: options.host,
      port: options.port,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
    });
    this.client.on('connect', () => this.watchHandshake());
    this.client.on('ready', () => this.learnRunId());
    this.client.on('close', () => this.forget());
    // Without a listener ioredis prints; the exchanges that fail say so themselves.
    this.client.on('error', (error: unknown) => {
      this.lastError = reasonOf(error);
      options.logger.debug({ err: error }, 'Redis connection');
    });
  }

  get clock(): Clock {
    return this.options.clock;
  }

  /** undefined: not connected. */
  get runId(): string | undefined {
    return this.currentRunId;
  }

  /**
   * Begins to connect and resolves once connected, or after `timeoutMs` anyway: Redis may come later, and then `onReady` is
   * called. Null when connected, else why not.
   */
  async connect(timeoutMs: number, onReady: () => void = () => undefined): Promise<string | null> {
    // What fails is told by the error listener; connecting goes on.
    this.client.connect().catch(() => undefined);
    const connected = await new Promise<boolean>((resolve) => {
      const timer = this.clock.schedule(timeoutMs, () => resolve(false));
      this.client.once('mas:ready', () => {
        timer.cancel();
        resolve(true);
      });
    });
    if (connected) return null;
    this.client.once('mas:ready', onReady);
    return this.lastError ?? 'no answer';
  }

  /** @throws RedisSilent when there is no answer within `boundMs`; what was sent may still take effect. */
  exchange<Value>(boundMs: number, send: (client: Redis) => Promise<Value>): Promise<Value> {
    if (this.closed || this.currentRunId === undefined) return Promise.reject(new RedisSilent('Redis is not connected'));
    if (this.silent) return Promise.reject(new RedisSilent('Redis does not answer'));
    return this.bounded(boundMs, send);
  }

  /** Several commands in one write. The first error fails the exchange. */
  async pipeline(boundMs: number, fill: (commands: ChainableCommander) => void): Promise<readonly unknown[]> {
    const results = await this.exchange(boundMs, (client) => {
      const commands = client.pipeline();
      fill(commands);
      return commands.exec();
    });
    return (results ?? []).map(([error, value]) => {
      if (error !== null) throw new RedisSilent(`Redis refused a command: ${error.message}`, { cause: error });
      return value;
    });
  }

  /** A script that was registered with defineScript. */
  script(boundMs: number, name: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.exchange(boundMs, (client) => {
      // defineCommand adds the method at run time.
      const method: unknown = Reflect.get(client, name);
      invariant(typeof method === 'function', 'a script is defined before it is called', { name });
      return Reflect.apply(method, client, [keys.length, ...keys, ...args]) as Promise<unknown>;
    });
  }

  defineScript(name: string, lua: string): void {
    this.client.defineCommand(name, { lua });
  }

  close(): void {
    this.closed = true;
    this.giveUp?.cancel();
    this.handshake?.cancel();
    this.client.disconnect();
  }

  private bounded<Value>(boundMs: number, send: (client: Redis) => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      let answered = false;
      const overdue = (): void => {
        if (answered) return;
        this.fellSilent();
        reject(new RedisSilent(`Redis has not answered within ${boundMs} ms`));
      };
      // Stalls of our own are no silence of Redis.
      const timer = afterListening(this.clock, boundMs, overdue);
      const settle = (): void => {
        answered = true;
        timer.cancel();
      };
      send(this.client).then(
        (value) => {
          settle();
          this.heard();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          // A refusal is an answer as well.
          if (error instanceof Error && error.name === 'ReplyError') this.heard();
          reject(new RedisSilent(`Redis failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error }));
        },
      );
    });
  }

  private heard(): void {
    if (!this.silent) return;
    this.silent = false;
    this.giveUp?.cancel();
    this.options.logger.info({}, 'Redis answers again');
  }

  private fellSilent(): void {
    if (this.silent || this.closed || this.currentRunId === undefined) return;
    this.silent = true;
    this.options.logger.warn({}, 'Redis does not answer; going on without it');
    this.watchSilence();
  }

  /** The overdue answer itself ends the silence; this only gives up a connection on which it never comes. */
  private watchSilence(): void {
    this.giveUp = this.clock.schedule(REPLACE_AFTER_MS, () => {
      if (this.silent && !this.closed) this.client.disconnect(true);
    });
  }

  /** A server that accepts a connection and then says nothing would be waited for without end. */
  private watchHandshake(): void {
    this.handshake?.cancel();
    this.handshake = this.clock.schedule(REPLACE_AFTER_MS, () => {
      if (this.currentRunId === undefined && !this.closed) this.client.disconnect(true);
    });
  }

  private learnRunId(): void {
    this.client.info('server').then(
      (text) => {
        this.handshake?.cancel();
        this.currentRunId = /run_id:(\S+)/.exec(text)?.[1] ?? 'unknown';
        this.client.emit('mas:ready');
      },
      (error: unknown) => this.options.logger.debug({ err: error }, 'Redis connection'),
    );
  }

  private forget(): void {
    this.currentRunId = undefined;
    this.silent = false;
    this.giveUp?.cancel();
    this.handshake?.cancel();
  }
}

/** A host with several addresses fails with an error for each, and a message of its own that is empty. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}
