/**
 * Exclusive locks from a payment's point of view: the fencing tokens behind a handle that the caller holds, and the
 * seed's flow (`accountLock: exclusive`), in which every payment takes its accounts' locks for itself.
 */
import type { GlobalLockService } from '@mas/global-lock';
import type { Subject } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { LockToken } from '@mas/two-phase-commit';
import type { AccountNumber, Clock, Logger } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { BucketLink } from '../transport/bucket-link';

export type ExclusiveLocks =
  | { readonly kind: 'acquired'; readonly handle: string; readonly tokens: readonly LockToken[] }
  | { readonly kind: 'held'; readonly lockId: string; readonly attempts: number }
  /** The lock service is silent: the buckets' own rows still say no where a lock is in force. */
  | { readonly kind: 'unavailable' };

const RELEASE_TIMEOUT_MS = 5_000;

export class AccountLocks {
  constructor(
    private readonly service: GlobalLockService,
    private readonly link: BucketLink,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly config: CoordinatorConfig,
  ) {}

  /** Tokens of the locks that `handle` holds on `accounts`: from the lock table, else from the buckets. */
  async tokensOf(handle: string, accounts: readonly AccountNumber[], untilMs: number): Promise<readonly LockToken[]> {
    const tokens = await Promise.all(accounts.map(async (account) => this.tokenOf(handle, account, untilMs)));
    return tokens.filter((token) => token !== null);
  }

  async acquire(accounts: readonly AccountNumber[], caller: { readonly subject: Subject; readonly token: string; readonly deadlineMs: number }): Promise<ExclusiveLocks> {
    const { lockAttempts, lockAttemptDelayMs, lockTimeoutMs, deadlineReserveMs } = this.config;
    const reply = await this.service.acquire({
      lockIds: accounts,
      mode: 'exclusive',
      handle: null,
      properties: { lockAttempts, lockAttemptDelayMs, lockTimeoutMs },
      subject: caller.subject,
      token: caller.token,
      deadlineMs: caller.deadlineMs - deadlineReserveMs,
    });
    switch (reply.kind) {
      case 'acquired':
        return { kind: 'acquired', handle: reply.handle, tokens: reply.locks.flatMap((lock) => accounts.filter((account) => account === lock.lockId && lock.token !== null).map((account) => ({ account, token: lock.token ?? 0 }))) };
      case 'held':
        return { kind: 'held', lockId: reply.by?.lockId ?? accounts[0] ?? '', attempts: reply.attempts };
      case 'lost':
      case 'unavailable':
        return { kind: 'unavailable' };
    }
  }

  release(accounts: readonly AccountNumber[], handle: string): Promise<void> {
    return this.service.release({ lockIds: accounts, handle, deadlineMs: this.clock.monotonicMs() + RELEASE_TIMEOUT_MS }).then(
      (reply) => {
        if (reply.kind === 'unavailable') this.logger.warn({ accounts, reason: reply.reason }, "a payment's locks could not be released; they expire");
      },
      (error: unknown) => this.logger.warn({ err: error, accounts }, "a payment's locks could not be released; they expire"),
    );
  }

  private async tokenOf(handle: string, account: AccountNumber, untilMs: number): Promise<LockToken | null> {
    const holder = await this.service.status(account).catch(() => null);
    if (holder?.mode === 'exclusive' && holder.owners.includes(handle) && holder.token !== null) return { account, token: holder.token };
    const bucket = this.link.bucketOf(slotOfAccount(account));
    const reply = await this.link.read(bucket, { kind: 'locks', bucket }, untilMs);
    const row = reply.kind === 'locks' ? reply.locks.find((lock) => lock.lockId === account && lock.owner === handle) : undefined;
    return row === undefined ? null : { account, token: row.token };
  }
}
