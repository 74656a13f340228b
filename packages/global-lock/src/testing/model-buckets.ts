/** Buckets as the ledger keeps their locks: one row per id, a rising token, expiry by the clock; with switches for faults. */
import type { Clock } from '@mas/values';
import type { BucketLocks } from '../lock-service';

export class ModelBuckets implements BucketLocks {
  readonly rows = new Map<string, { readonly owner: string; readonly token: number; readonly untilMs: number }>();
  readonly calls: string[] = [];
  readonly unavailable = new Set<string>();
  readonly preparedLegs = new Map<string, number>();
  private lastToken = 0;

  constructor(private readonly clock: Clock) {}

  acquire: BucketLocks['acquire'] = (lockId, owner, ttlMs) => {
    this.calls.push(`acquire ${lockId}`);
    if (this.unavailable.has(lockId)) return Promise.resolve({ kind: 'unavailable', reason: 'no majority' });
    const row = this.live(lockId);
    const now = this.clock.monotonicMs();
    if (row !== undefined && row.owner !== owner) return Promise.resolve({ kind: 'held', owner: row.owner, remainingMs: row.untilMs - now });
    const token = row?.token ?? (this.lastToken += 1);
    this.rows.set(lockId, { owner, token, untilMs: now + ttlMs });
    return Promise.resolve({ kind: 'granted', token, preparedLegs: this.preparedLegs.get(lockId) ?? 0 });
  };

  refresh: BucketLocks['refresh'] = (lockId, owner, ttlMs) => {
    if (this.unavailable.has(lockId)) return Promise.resolve('unavailable');
    const row = this.live(lockId);
    if (row?.owner !== owner) return Promise.resolve('lost');
    this.rows.set(lockId, { ...row, untilMs: this.clock.monotonicMs() + ttlMs });
    return Promise.resolve('refreshed');
  };

  release: BucketLocks['release'] = (lockId, owner) => {
    this.calls.push(`release ${lockId}`);
    if (this.unavailable.has(lockId)) return Promise.resolve('unavailable');
    if (this.live(lockId)?.owner !== owner) return Promise.resolve('not-held');
    this.rows.delete(lockId);
    return Promise.resolve('released');
  };

  held(): readonly string[] {
    return [...this.rows.keys()].filter((lockId) => this.live(lockId) !== undefined).sort();
  }

  private live(lockId: string): { readonly owner: string; readonly token: number; readonly untilMs: number } | undefined {
    const row = this.rows.get(lockId);
    return row !== undefined && row.untilMs > this.clock.monotonicMs() ? row : undefined;
  }
}
