/**
 * Writes what changed in memory to SQL, off the latency path. One checkpoint at a time; the next takes everything
 * that changed meanwhile, each row once and as an absolute value. A checkpoint that failed is written again
 * unchanged, because its effect may be unknown: the store recognises the one it already has.
 */
import { delay, invariant, within, type Clock, type Logger, type Timer } from '@mas/values';
import { StoreUnavailable, type BucketStore, type CheckpointBatch, type Position } from '../applied-store';
import type { ResourceManagerConfig } from '../config';
import type { Failpoints } from '../failpoints';
import type { StoreHealth } from './store-health';

/** The state in memory as the checkpointer sees it; both calls happen between two runs of apply. */
export interface CheckpointSource {
  applied(): Position;
  /** What changed, at the applied index of this moment. */
  gather(): Omit<CheckpointBatch, 'previous'>;
  written(): void;
  changedCount(): number;
}

export interface CheckpointerPorts {
  readonly store: BucketStore;
  readonly source: CheckpointSource;
  readonly health: StoreHealth;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failpoints: Failpoints;
  readonly config: ResourceManagerConfig;
  /** A checkpoint that no repetition makes possible; none is tried any more. */
  readonly onFailed: (error: unknown, applied: Position) => void;
}

interface FlushWaiter {
  readonly index: number;
  readonly done: (error: StoreUnavailable | null) => void;
}

export class Checkpointer {
  private position: Position;
  private attempted: Position;
  private timer: Timer | null = null;
  private running: Promise<void> | null = null;
  private requested = false;
  private closing = false;
  private paused = false;
  private flushWaiters: FlushWaiter[] = [];
  private roomWaiters: (() => void)[] = [];

  constructor(
    private readonly ports: CheckpointerPorts,
    durable: Position,
  ) {
    this.position = durable;
    this.attempted = durable;
  }

  durable(): Position {
    return this.position;
  }

  /** Something was applied. */
  changed(): void {
    const { config, source, clock } = this.ports;
    if (this.running !== null || this.closing || this.paused) return;
    if (this.requested || this.flushWaiters.length > 0 || source.changedCount() >= config.checkpointRows) {
      this.begin();
    } else {
      this.timer ??= clock.schedule(config.checkpointDelayMs, () => this.begin());
    }
  }

  /** A checkpoint soon, whoever asks. */
  request(): void {
    this.requested = true;
    this.changed();
  }

  /** Resolves once SQL holds everything up to `index`, which has been applied. @throws StoreUnavailable after the time-out. */
  flush(index: number, timeoutMs: number): Promise<void> {
    if (this.position.index >= index) return Promise.resolve();
    if (this.closing) return Promise.reject(new StoreUnavailable(`bucket ${this.ports.store.bucket} writes no checkpoint any more`, false));
    return new Promise((resolve, reject) => {
      const waiter: FlushWaiter = {
        index,
        done: (error) => {
          timer.cancel();
          if (error === null) resolve();
          else reject(error);
        },
      };
      const timer = this.ports.clock.schedule(timeoutMs, () => {
        this.flushWaiters = this.flushWaiters.filter((other) => other !== waiter);
        reject(new StoreUnavailable(`bucket ${this.ports.store.bucket}: no checkpoint up to ${index} within ${timeoutMs} ms`, false));
      });
      this.flushWaiters.push(waiter);
      this.changed();
    });
  }

  /** Resolves once fewer rows wait than the cap allows; applying waits for it. */
  async room(): Promise<void> {
    while (this.ports.source.changedCount() >= this.ports.config.backlogCapRows && !this.closing && !this.paused) {
      this.request();
      await new Promise<void>((resolve) => this.roomWaiters.push(resolve));
    }
  }

  /** Waits for the checkpoint under way and starts no other until resume(). @throws StoreUnavailable when it does not end in time. */
  async pause(timeoutMs: number): Promise<void> {
    this.paused = true;
    const running = this.running;
    if (running === null) return;
    const ended = running.then(() => true);
    if (await within(this.ports.clock, timeoutMs, ended, false)) return;
    this.resume();
    throw new StoreUnavailable(`bucket ${this.ports.store.bucket}: a checkpoint did not end within ${timeoutMs} ms`, false);
  }

  /** Gathers nothing until resume(); what is being written goes on. */
  hold(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.changed();
  }

  /** A last checkpoint, for at most `timeoutMs`; then nothing is written any more. */
  async close(timeoutMs: number): Promise<void> {
    const applied = this.ports.source.applied().index;
    if (applied > this.position.index) {
      await this.flush(applied, timeoutMs).catch((error: unknown) => {
        this.ports.logger.warn({ bucket: this.ports.store.bucket, err: error }, 'the last checkpoint did not reach SQL; the log has what it lacks');
      });
    }
    this.closing = true;
    this.timer?.cancel();
    for (const resolve of this.roomWaiters.splice(0)) resolve();
    await this.running;
    this.ports.health.writes(this.ports.store.bucket);
    for (const waiter of this.flushWaiters.splice(0)) waiter.done(new StoreUnavailable('stopping', false));
  }

  /** Nothing is written from now on, not even what was applied: the state in memory is not to be trusted, or not to be written. */
  abandon(): void {
    this.closing = true;
    this.ports.health.writes(this.ports.store.bucket);
    this.timer?.cancel();
    for (const resolve of this.roomWaiters.splice(0)) resolve();
    for (const waiter of this.flushWaiters.splice(0)) waiter.done(new StoreUnavailable(`bucket ${this.ports.store.bucket} has stopped`, false));
  }

  private begin(): void {
    this.timer?.cancel();
    this.timer = null;
    this.requested = false;
    if (this.running !== null || this.closing || this.paused || this.ports.source.applied().index === this.position.index) return;
    this.running = this.write().then(
      () => this.finished(),
      (error: unknown) => {
        this.running = null;
        this.abandon();
        this.ports.onFailed(error, this.attempted);
      },
    );
  }

  private finished(): void {
    this.running = null;
    const reached = this.flushWaiters.filter((waiter) => waiter.index <= this.position.index);
    this.flushWaiters = this.flushWaiters.filter((waiter) => waiter.index > this.position.index);
    for (const waiter of reached) waiter.done(null);
    for (const resolve of this.roomWaiters.splice(0)) resolve();
    if (this.ports.source.applied().index > this.position.index) this.changed();
  }

  private async write(): Promise<void> {
    const { store, source, failpoints } = this.ports;
    await failpoints.hit('before-checkpoint', store.bucket);
    const batch: CheckpointBatch = { previous: this.position, ...source.gather() };
    const { applied } = batch;
    this.attempted = applied;
    invariant(applied.index > this.position.index, 'a checkpoint moves forward', { applied: applied.index, durable: this.position.index });
    const { clock, config, health, logger } = this.ports;
    for (let waitMs = config.storeRetryMs; ; waitMs = Math.min(waitMs * 2, config.storeRetryMaxMs)) {
      try {
        const startedMs = clock.monotonicMs();
        await store.checkpoint(batch);
        health.checkpointTimes.add(clock.monotonicMs() - startedMs);
        break;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        health.writeFailed(store.bucket);
        logger.warn({ bucket: store.bucket, index: applied.index, err: error }, 'a checkpoint failed; it is written again');
      }
      if (this.closing) return;
      await delay(clock, waitMs);
      if (this.closing) return;
    }
    await failpoints.hit('after-checkpoint', store.bucket);
    health.writes(store.bucket);
    health.answered();
    this.position = applied;
    source.written();
  }
}
