/** Buckets as the ledger keeps their locks: one exclusive row per id or shared ones, a rising token, expiry by the clock; with switches for faults. */
import type { Clock } from '@mas/values';
import type { BucketLocks, LockReport } from '../lock-service';
import type { LockMode } from '../lock-store';

interface Row {
  readonly lockId: string;
  readonly owner: string;
  readonly mode: LockMode;
  readonly token: number;
  readonly untilMs: number;
}

export class ModelBuckets implements BucketLocks {
  private rows: readonly Row[] = [];
  private readonly breaks = new Map<string, NonNullable<LockReport['lastBreak']>>();
  readonly calls: string[] = [];
  readonly unavailable = new Set<string>();
  readonly preparedLegs = new Map<string, number>();
  /** What happens between a bucket's grant and its answer. */
  onGranted: () => Promise<void> = () => Promise.resolve();
  private lastToken = 0;

  constructor(private readonly clock: Clock) {}

  acquire: BucketLocks['acquire'] = async (lockId, owner, mode, ttlMs) => {
    this.calls.push(`acquire ${lockId}`);
    if (this.unavailable.has(lockId)) return { kind: 'unavailable', reason: 'no majority' };
    const now = this.clock.monotonicMs();
    const own = this.of(lockId, owner);
    const other = this.live(lockId).find((row) => row.owner !== owner && (mode === 'exclusive' || row.mode === 'exclusive'));
    if (other !== undefined) return { kind: 'held', mode: other.mode, owner: other.owner, remainingMs: other.untilMs - now };
    const token = own?.token ?? (this.lastToken += 1);
    this.put({ lockId, owner, mode, token, untilMs: now + ttlMs });
    await this.onGranted();
    return { kind: 'granted', token, preparedLegs: this.preparedLegs.get(lockId) ?? 0 };
  };

  refresh: BucketLocks['refresh'] = (lockId, owner, ttlMs) => {
    if (this.unavailable.has(lockId)) return Promise.resolve('unavailable');
    const row = this.of(lockId, owner);
    if (row === undefined) return Promise.resolve('lost');
    this.put({ ...row, untilMs: this.clock.monotonicMs() + ttlMs });
    return Promise.resolve('refreshed');
  };

  release: BucketLocks['release'] = (lockId, owner) => {
    this.calls.push(`release ${lockId}`);
    if (this.unavailable.has(lockId)) return Promise.resolve('unavailable');
    const row = this.of(lockId, owner);
    if (row === undefined) return Promise.resolve('not-held');
    this.rows = this.rows.filter((one) => one !== row);
    return Promise.resolve('released');
  };

  inspect: BucketLocks['inspect'] = (lockId) => {
    if (this.unavailable.has(lockId)) return Promise.resolve(null);
    const rows = this.live(lockId);
    const holders = rows.map(({ owner, token, untilMs }) => ({ heldBy: `holder of ${owner}`, token, remainingMs: untilMs - this.clock.monotonicMs() }));
    return Promise.resolve({ lockId, mode: rows[0]?.mode ?? null, holders, lastBreak: this.breaks.get(lockId) ?? null });
  };

  list: BucketLocks['list'] = async (deadlineMs) => {
    const reports = await Promise.all(this.held().map((lockId) => this.inspect(lockId, deadlineMs)));
    return { locks: reports.flatMap((report) => report ?? []), silent: [] };
  };

  break: BucketLocks['break'] = (lockId, upToToken, token) => {
    if (this.unavailable.has(lockId)) return Promise.resolve({ kind: 'unavailable', reason: 'no majority' });
    const ended = this.live(lockId).filter((row) => row.token <= upToToken);
    this.rows = this.rows.filter((row) => !ended.includes(row));
    this.breaks.set(lockId, { by: token, atMs: this.clock.wallMs(), upToToken });
    return Promise.resolve(ended.length > 0 ? 'broken' : 'not-held');
  };

  held(): readonly string[] {
    return [...new Set(this.rows.filter((row) => this.isLive(row)).map((row) => row.lockId))].sort();
  }

  private of(lockId: string, owner: string): Row | undefined {
    return this.live(lockId).find((row) => row.owner === owner);
  }

  private live(lockId: string): readonly Row[] {
    return this.rows.filter((row) => row.lockId === lockId && this.isLive(row));
  }

  private isLive(row: Row): boolean {
    return row.untilMs > this.clock.monotonicMs();
  }

  private put(row: Row): void {
    this.rows = [...this.rows.filter((one) => one.lockId !== row.lockId || one.owner !== row.owner), row];
  }
}
