/**
 * Exclusive locks from a payment's point of view: the fencing tokens behind a handle that the caller holds, and the
 * seed's flow (`accountLock: exclusive`), in which every payment takes its accounts' locks for itself.
 *
 * A payment's own locks live in the lock table only, where other payments and lock holders queue behind them. They
 * need no row in the buckets: a payment never relies on them, since every leg is checked and promised by its bucket
 * whoever else pays meanwhile. (A row would also need the right to lock the receiver, which no payer has.)
 */
import { mintHandle, type GlobalLockService, type LockStore } from '@mas/global-lock';
import { slotOfAccount } from '@mas/placement';
import type { LockToken } from '@mas/two-phase-commit';
import { delay, type AccountNumber, type Clock, type Logger, type Random } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { BucketLink } from '../transport/bucket-link';

export type ExclusiveLocks =
  | { readonly kind: 'acquired'; readonly handle: string }
  | { readonly kind: 'held'; readonly lockId: string; readonly attempts: number }
  /** The lock table is silent: the payment goes on, and the buckets say no where a lock is in force. */
  | { readonly kind: 'unavailable' };

/** Tries that releases may trigger within one attempt's delay; then the delay is kept to the full. */
const WAKES_PER_ATTEMPT = 100;

export class AccountLocks {
  /** Said once for each time that it begins, not with every payment. */
  private isWithoutTable = false;

  constructor(
    private readonly service: GlobalLockService,
    private readonly store: LockStore,
    private readonly link: BucketLink,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly logger: Logger,
    private readonly config: CoordinatorConfig,
  ) {}

  /** Tokens of the locks that `handle` holds on `accounts`: from the lock table, else from the buckets. */
  async tokensOf(handle: string, accounts: readonly AccountNumber[], untilMs: number): Promise<readonly LockToken[]> {
    const tokens = await Promise.all(accounts.map(async (account) => this.tokenOf(handle, account, untilMs)));
    return tokens.filter((token) => token !== null);
  }

  /** All of the accounts' locks or none; waits as long as all attempts take, at most until the deadline. */
  async acquire(accounts: readonly AccountNumber[], deadlineMs: number): Promise<ExclusiveLocks> {
    const { lockAttempts, lockAttemptDelayMs, lockTimeoutMs, deadlineReserveMs } = this.config;
    const owner = mintHandle('exclusive', this.random);
    const endMs = Math.min(this.clock.monotonicMs() + lockAttempts * lockAttemptDelayMs, deadlineMs - deadlineReserveMs);
    try {
      for (let wakes = 0; ; wakes += 1) {
        const attempt = await this.store.tryAcquire({ lockIds: accounts, mode: 'exclusive', owner, timeoutMs: lockTimeoutMs });
        this.isWithoutTable = false;
        if (attempt.kind === 'acquired') return { kind: 'acquired', handle: owner };
        const leftMs = endMs - this.clock.monotonicMs();
        if (leftMs <= 0) return { kind: 'held', lockId: attempt.by.lockId, attempts: lockAttempts };
        const sliceMs = Math.min(lockAttemptDelayMs, leftMs);
        if (wakes < WAKES_PER_ATTEMPT * lockAttempts) await this.store.waitForRelease(accounts, sliceMs);
        else await delay(this.clock, sliceMs);
      }
    } catch (error) {
      if (!this.isWithoutTable) this.logger.warn({ err: error }, 'the lock table does not answer or takes nothing; payments go on without their locks');
      this.isWithoutTable = true;
      return { kind: 'unavailable' };
    }
  }

  async release(accounts: readonly AccountNumber[], handle: string): Promise<void> {
    try {
      await this.store.release(accounts, handle);
    } catch (error) {
      this.logger.warn({ err: error, accounts }, "a payment's locks could not be released; they expire");
    }
  }

  private async tokenOf(handle: string, account: AccountNumber, untilMs: number): Promise<LockToken | null> {
    const holder = await this.service.status(account).catch(() => null);
    if (holder?.mode === 'exclusive' && holder.owners.includes(handle) && holder.token !== null) return { account, token: holder.token };
    const reply = await this.link.readOf(slotOfAccount(account), (bucket) => ({ kind: 'locks', bucket, lockId: account }), untilMs);
    const row = reply.kind === 'locks' ? reply.locks.find((lock) => lock.mode === 'exclusive' && lock.lockId === account && lock.owner === handle) : undefined;
    return row === undefined ? null : { account, token: row.token };
  }
}
