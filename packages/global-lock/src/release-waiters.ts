/**
 * Who waits in this process for which lock to be released. A release that is heard just before somebody begins to wait
 * wakes him too: his attempt may have failed before the release and its answer may have come after it.
 */
import type { Clock, Timer } from '@mas/values';

/** A release is remembered this long. */
const REMEMBERED_MS = 100;
/** Releases remembered at once; more than that only costs a waiter his delay. */
const MAX_REMEMBERED = 1024;

interface Waiter {
  readonly wake: () => void;
}

export class ReleaseWaiters {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private readonly releasedAt = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  released(lockIds: readonly string[]): void {
    for (const lockId of lockIds) {
      this.remember(lockId);
      for (const waiter of [...(this.waiting.get(lockId) ?? [])]) waiter.wake();
    }
  }

  /** Resolves when one of the ids is released, or after `timeoutMs`. */
  wait(lockIds: readonly string[], timeoutMs: number): Promise<void> {
    if (lockIds.some((lockId) => this.wasJustReleased(lockId))) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: Timer | undefined = undefined;
      const waiter: Waiter = {
        wake: () => {
          timer?.cancel();
          for (const lockId of lockIds) this.leave(lockId, waiter);
          resolve();
        },
      };
      for (const lockId of lockIds) this.enter(lockId, waiter);
      timer = this.clock.schedule(timeoutMs, waiter.wake);
    });
  }

  private enter(lockId: string, waiter: Waiter): void {
    const waiters = this.waiting.get(lockId);
    if (waiters === undefined) this.waiting.set(lockId, new Set([waiter]));
    else waiters.add(waiter);
  }

  private leave(lockId: string, waiter: Waiter): void {
    const waiters = this.waiting.get(lockId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiting.delete(lockId);
  }

  private wasJustReleased(lockId: string): boolean {
    const at = this.releasedAt.get(lockId);
    if (at === undefined) return false;
    // Told once: a lock that was taken again meanwhile is waited for in earnest.
    this.releasedAt.delete(lockId);
    return this.clock.monotonicMs() - at <= REMEMBERED_MS;
  }

  private remember(lockId: string): void {
    this.releasedAt.delete(lockId);
    this.releasedAt.set(lockId, this.clock.monotonicMs());
    const oldest = this.releasedAt.keys().next();
    if (this.releasedAt.size > MAX_REMEMBERED && oldest.done !== true) this.releasedAt.delete(oldest.value);
  }
}
