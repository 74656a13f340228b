/**
 * Waiting for exclusive locks before anything is prepared: as many attempts as configured, a delay between them, and
 * a release wakes earlier. The table in Redis only queues and wakes; if it is silent the payment goes on, and the
 * lock that is in force says no in its bucket.
 */
import type { LockStore } from '@mas/global-lock';
import { delay, type Clock } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';
import { Gatherer } from '../transport/gatherer';

export type LockWait = { readonly kind: 'clear' } | { readonly kind: 'timeout'; readonly lockId: string; readonly attempts: number };

/** Wakes without a free lock, per attempt, before the delay is kept to the full: many may wait for one release. */
const WAKES_PER_ATTEMPT = 8;
const LOOKUP_CAP = 4_000;

interface Lookup {
  readonly lockIds: readonly string[];
  readonly done: (locked: readonly string[] | 'silent') => void;
}

export class LockWaiter {
  private readonly lookups: Gatherer<Lookup>;

  constructor(
    private readonly store: LockStore,
    private readonly clock: Clock,
    private readonly counters: CoordinatorCounters,
    private readonly config: CoordinatorConfig,
  ) {
    this.lookups = new Gatherer(clock, LOOKUP_CAP, 1, (batch) => this.lookUp(batch));
  }

  /** @param abandoned the payment has stopped waiting (deadline). */
  async wait(lockIds: readonly string[], abandoned: () => boolean): Promise<LockWait> {
    this.counters.lockWaits += 1;
    const { lockAttempts, lockAttemptDelayMs } = this.config;
    const endMs = this.clock.monotonicMs() + lockAttempts * lockAttemptDelayMs;
    for (let wakes = 0; !abandoned(); wakes += 1) {
      const remainingMs = endMs - this.clock.monotonicMs();
      if (remainingMs <= 0) break;
      const slice = Math.min(lockAttemptDelayMs, remainingMs);
      const eager = wakes < lockAttempts * WAKES_PER_ATTEMPT;
      const woken = await this.released(lockIds, slice, eager);
      if (woken === 'silent') return { kind: 'clear' };
      const locked = await this.locked(lockIds);
      if (locked === 'silent' || locked.length === 0) return { kind: 'clear' };
    }
    this.counters.lockTimeouts += 1;
    return { kind: 'timeout', lockId: lockIds[0] ?? '', attempts: lockAttempts };
  }

  private async released(lockIds: readonly string[], sliceMs: number, eager: boolean): Promise<'woken' | 'silent'> {
    if (!eager) {
      await delay(this.clock, sliceMs);
      return 'woken';
    }
    try {
      await this.store.waitForRelease(lockIds, sliceMs);
      return 'woken';
    } catch {
      return 'silent';
    }
  }

  private locked(lockIds: readonly string[]): Promise<readonly string[] | 'silent'> {
    return new Promise((done) => {
      this.lookups.add({ lockIds, done });
    });
  }

  private async lookUp(batch: readonly Lookup[]): Promise<void> {
    const wanted = new Set<string>();
    for (const lookup of batch) for (const lockId of lookup.lockIds) wanted.add(lockId);
    try {
      const locked = new Set(await this.store.exclusiveAmong([...wanted]));
      for (const { lockIds, done } of batch) done(lockIds.filter((lockId) => locked.has(lockId)));
    } catch {
      for (const { done } of batch) done('silent');
    }
  }
}
