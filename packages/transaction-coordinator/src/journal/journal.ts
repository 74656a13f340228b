/**
 * The coordinator's entries in Redis, gathered: one round trip for all payments that begin, one for all that end.
 * Redis is an index. When it is silent for its bounded time the payments go on without it, and for a quiet period
 * nobody waits for it again, except a probe. The same when it answers and refuses, because its memory is full. It is said once:
 * when that begins, and when it is over.
 */
import { afterListening, delay, type Clock, type Logger } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import { Gatherer } from '../transport/gatherer';
import type { AttemptId, TransactionEntry, TxnCoordinatorDAO } from '../txn-coordinator-dao';

const BEGIN_CAP = 4_000;
const BEGINS_IN_FLIGHT = 2;
const RECORD_CAP = 4_000;
/** After a silence, nobody waits for Redis for so long. */
const QUIET_MS = 500;
const RECORD_RETRY_MS = 250;
/** A Redis that comes and goes is told of no more often. */
const SAID_AGAIN_MS = 60_000;

/** `repeated`: of an attempt at what others have decided or begun. */
interface Ending {
  readonly entry: TransactionEntry;
  readonly repeated: boolean;
}

/** Payments that begin together: so many, which is asked before they leave, and which they are, once they do. */
export interface Beginning {
  readonly size: number;
  /** From here on nobody joins them. */
  entries(): readonly TransactionEntry[];
  addLockIds(to: Set<string>): void;
  /** `written` false: without Redis. `exclusivelyLocked` may hold more than their lock ids. */
  done(written: boolean, exclusivelyLocked: ReadonlySet<string>): void;
}

const NONE: ReadonlySet<string> = new Set();

export class Journal {
  private readonly beginnings: Gatherer<Beginning>;
  private readonly endings: Gatherer<Ending>;
  private readonly forgettings: Gatherer<AttemptId>;
  private quietUntilMs = -Infinity;
  /** Redis has not taken an entry since it was said that it does not. */
  private isWithout = false;
  private isSilent = false;
  private lastSaidMs = -Infinity;

  constructor(
    private readonly dao: TxnCoordinatorDAO,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly counters: CoordinatorCounters,
    private readonly config: CoordinatorConfig,
  ) {
    this.beginnings = new Gatherer(
      clock,
      BEGIN_CAP,
      BEGINS_IN_FLIGHT,
      (batch) => this.sendBeginnings(batch),
      ({ size }) => size,
    );
    this.endings = new Gatherer(
      clock,
      RECORD_CAP,
      1,
      (batch) => this.sendEndings(batch),
      () => 1,
      config.idleGatherMs,
    );
    this.forgettings = new Gatherer(clock, RECORD_CAP, 1, (batch) => this.dao.forget(batch).catch(() => undefined));
  }

  get idle(): boolean {
    return this.beginnings.idle && this.endings.idle && this.forgettings.idle;
  }

  /** What waits for Redis, entries of payments that begin and that have ended. */
  get queued(): number {
    return this.beginnings.length + this.endings.length + this.forgettings.length;
  }

  /** Redis takes entries, as far as was seen last. */
  get isHeard(): boolean {
    return !this.isSilent;
  }

  /** Nobody waits for Redis just now. */
  get isQuiet(): boolean {
    return this.clock.monotonicMs() < this.quietUntilMs;
  }

  /** Writes the PENDING entry and looks which of `lockIds` an exclusive lock holds; `written` false: without Redis. */
  begin(entry: TransactionEntry, lockIds: readonly string[], done: (written: boolean, exclusivelyLocked: readonly string[]) => void): void {
    this.beginAll({
      size: 1,
      entries: () => [entry],
      addLockIds: (to) => {
        for (const lockId of lockIds) to.add(lockId);
      },
      done: (written, locked) => done(written, locked.size === 0 ? [] : lockIds.filter((lockId) => locked.has(lockId))),
    });
  }

  /** The same for payments that begin together. */
  beginAll(beginning: Beginning): void {
    if (!this.isQuiet) {
      this.beginnings.add(beginning);
      return;
    }
    this.clock.defer(() => {
      this.counters.redisSilences += beginning.size;
      beginning.done(false, NONE);
    });
  }

  record(entry: TransactionEntry, repeated: boolean): void {
    if (this.endings.length >= this.config.maxRecordsQueued) {
      this.counters.recordsDropped += 1;
      return;
    }
    this.endings.add({ entry, repeated });
  }

  /** The payment was refused without a record of it anywhere; what is lost of this, recovery asks the home about. */
  forget(attempt: AttemptId): void {
    if (this.forgettings.length < this.config.maxRecordsQueued) this.forgettings.add(attempt);
    else this.counters.recordsDropped += 1;
  }

  private sendBeginnings(batch: readonly Beginning[]): Promise<void> {
    const entries = batch.flatMap((beginning) => beginning.entries());
    return new Promise((release) => {
      let finished = false;
      const finish = (locked: ReadonlySet<string> | null, reason: string): void => {
        if (finished) return;
        finished = true;
        silence.cancel();
        release();
        if (locked === null) this.silent(entries.length, reason);
        else this.heard();
        for (const beginning of batch) beginning.done(locked !== null, locked ?? NONE);
      };
      const silence = afterListening(this.clock, this.config.redisSilenceMs, () => finish(null, 'no reply in time'));
      const lockIds = new Set<string>();
      for (const beginning of batch) beginning.addLockIds(lockIds);
      const startedMs = this.clock.monotonicMs();
      this.dao.begin(entries, [...lockIds]).then(
        (reply) => {
          this.counters.redisBegins.add(this.clock.monotonicMs() - startedMs);
          finish(new Set(reply.exclusivelyLocked), '');
        },
        (error: unknown) => finish(null, String(error)),
      );
    });
  }

  private silent(payments: number, reason: string): void {
    this.counters.redisSilences += payments;
    this.isSilent = true;
    const nowMs = this.clock.monotonicMs();
    this.quietUntilMs = nowMs + QUIET_MS;
    if (this.isWithout || nowMs < this.lastSaidMs + SAID_AGAIN_MS) return;
    this.isWithout = true;
    this.lastSaidMs = nowMs;
    this.logger.warn({ reason, payments }, 'Redis is silent or takes nothing; payments go on without it');
  }

  private heard(): void {
    if (this.isWithout) this.logger.info({}, 'Redis takes entries of payments again');
    this.isWithout = false;
    this.isSilent = false;
  }

  private async sendEndings(batch: readonly Ending[]): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    const repeated = batch.filter((ending) => ending.repeated).map((ending) => ending.entry);
    try {
      await this.dao.record(
        repeated.length === 0 ? batch.map((ending) => ending.entry) : batch.filter((ending) => !ending.repeated).map((ending) => ending.entry),
      );
      if (repeated.length > 0) await this.dao.recordRepeated(repeated);
      this.counters.redisRecords.add(this.clock.monotonicMs() - startedMs);
    } catch {
      // Kept for another try while there is room; what is lost here is found at the payments' homes.
      const room = this.config.maxRecordsQueued - this.endings.length;
      const kept = batch.slice(0, Math.max(0, room));
      this.counters.recordsDropped += batch.length - kept.length;
      await delay(this.clock, RECORD_RETRY_MS);
      for (const ending of kept) this.endings.add(ending);
    }
  }
}
