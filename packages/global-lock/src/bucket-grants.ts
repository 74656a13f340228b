/**
 * Makes a lock effective: as rows of the buckets that own its ids, ascending, all of them or none. Ascending
 * order in every caller means that two of them never hold what the other one waits for.
 */
import { delay, type Clock } from '@mas/values';
import type { BucketLocks, EffectiveLock, LockReply } from './lock-service';
import type { LockHolder, LockMode } from './lock-store';

export type GrantResult =
  | { readonly kind: 'granted'; readonly locks: readonly EffectiveLock[] }
  | { readonly kind: 'held'; readonly by: LockHolder }
  /** Legs that were prepared before the lock are still undecided at the deadline. */
  | { readonly kind: 'draining'; readonly lockId: string }
  | Extract<LockReply, { readonly kind: 'cancelled' | 'refused' | 'unavailable' }>;

export interface GrantRequest {
  /** Ascending. */
  readonly lockIds: readonly string[];
  readonly handle: string;
  readonly mode: LockMode;
  readonly timeoutMs: number;
  readonly token: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How often to ask whether the legs prepared before the lock are decided. */
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 200;

export class BucketGrants {
  constructor(
    private readonly buckets: BucketLocks,
    private readonly clock: Clock,
  ) {}

  async acquireAll(request: GrantRequest): Promise<GrantResult> {
    const locks: EffectiveLock[] = [];
    for (const lockId of request.lockIds) {
      const granted = await this.acquireOne(lockId, request);
      if (granted.kind === 'granted') {
        locks.push({ lockId, token: request.mode === 'exclusive' ? granted.token : null });
        continue;
      }
      // The one that failed too: `unavailable` may hide a grant, and a draining lock is held already.
      await this.releaseAll([...locks.map((lock) => lock.lockId), lockId], request.handle);
      return granted;
    }
    return { kind: 'granted', locks };
  }

  /** What a bucket does not answer expires by itself. */
  async releaseAll(lockIds: readonly string[], handle: string): Promise<{ readonly notHeld: readonly string[]; readonly unavailable: readonly string[] }> {
    const notHeld: string[] = [];
    const unavailable: string[] = [];
    for (const lockId of lockIds) {
      const released = await this.buckets.release(lockId, handle);
      if (released === 'not-held') notHeld.push(lockId);
      else if (released === 'unavailable') unavailable.push(lockId);
    }
    return { notHeld, unavailable };
  }

  async refreshAll(
    lockIds: readonly string[],
    handle: string,
    timeoutMs: number,
  ): Promise<{ readonly lost: readonly string[]; readonly unavailable: readonly string[] }> {
    const lost: string[] = [];
    const unavailable: string[] = [];
    for (const lockId of lockIds) {
      const refreshed = await this.buckets.refresh(lockId, handle, timeoutMs);
      if (refreshed === 'lost') lost.push(lockId);
      else if (refreshed === 'unavailable') unavailable.push(lockId);
    }
    return { lost, unavailable };
  }

  private async acquireOne(
    lockId: string,
    request: GrantRequest,
  ): Promise<{ readonly kind: 'granted'; readonly token: number } | Exclude<GrantResult, { readonly kind: 'granted' }>> {
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(2 * pollMs, MAX_POLL_MS)) {
      if (request.signal?.aborted === true) return { kind: 'cancelled' };
      const reply = await this.buckets.acquire(lockId, request.handle, request.mode, request.timeoutMs, request.token);
      if (reply.kind === 'unavailable' || reply.kind === 'refused') return reply;
      if (reply.kind === 'held') return { kind: 'held', by: { lockId, mode: reply.mode, owners: [reply.owner], remainingMs: reply.remainingMs, token: null } };
      if (reply.preparedLegs === 0) return { kind: 'granted', token: reply.token };
      if (this.clock.monotonicMs() + pollMs >= request.deadlineMs) return { kind: 'draining', lockId };
      await delay(this.clock, pollMs);
    }
  }
}
