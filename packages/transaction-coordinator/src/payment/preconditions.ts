/**
 * What some payments need before they can begin: the payment that they refer to, and permission to pass exclusive locks,
 * the caller's own or, in exclusive mode, locks taken for this payment and given back at its end.
 */
import type { LockToken, Unreachable } from '@mas/two-phase-commit';
import { splitPaymentKey, type AccountNumber, type TxnId } from '@mas/values';
import type { Digest } from '../coordinator-ports';
import type { Caller, PaymentRequest, PaymentResult, Reply } from '../coordinator-service';
import type { BalanceCache } from '../reads/balance-cache';
import type { LedgerTime } from '../ledger-time';
import type { LegFinder } from '../reads/leg-finder';
import { failure, success, unreached } from '../reply';
import { isUnreachable } from '../transport/bucket-link';
import type { AccountLocks } from './account-locks';
import { identityOf, type Identity } from './identity';
import { originalOf, type Draft, type Original } from './payment-draft';
import { conflict, resultOf, isRepeated } from './payment-result';
import type { RunOptions } from './payment-run';
import type { RunServices } from './run-services';

export interface PaymentServices extends RunServices {
  readonly digest: Digest;
  readonly accountLocks: AccountLocks;
  readonly legFinder: LegFinder;
  readonly ledgerTime: LedgerTime;
  readonly cache: BalanceCache;
}

export interface Permit {
  readonly tokens: readonly LockToken[];
  readonly denied: RunOptions['lockDenied'];
  /** Locks that the payment took for itself, to be given back at its end. */
  readonly handle: string | null;
}

export const NO_LOCKS: Permit = { tokens: [], denied: null, handle: null };

export class Preconditions {
  constructor(private readonly services: PaymentServices) {}

  async original(caller: Caller, reference: NonNullable<PaymentRequest['reference']>): Promise<Reply<Original>> {
    const untilMs = caller.deadlineMs - this.services.config.deadlineReserveMs;
    if (reference.kind === 'txn') {
      const leg = await this.services.legFinder.find(reference.account, reference.txn, caller.token, untilMs);
      if (!leg.ok) return leg;
      return leg.value === null || leg.value.body === null ? noSuchPayment() : success({ key: leg.value.key, txn: leg.value.txn, body: leg.value.body });
    }
    const identity = identityOf(caller.subject, reference.id, 'reference.id');
    if (!identity.ok) return identity;
    const row = await this.services.link.query(identity.value.key, identity.value.homeSlot, untilMs);
    if (isUnreachable(row)) return homeSilent(row);
    return row === null ? noSuchPayment() : success(originalOf(row));
  }

  /** Tokens of the caller's own lock, or (exclusive mode) of locks taken for this payment. */
  async permit(
    caller: Caller,
    request: PaymentRequest,
    identity: Identity,
    draft: Draft,
    txn: TxnId,
  ): Promise<{ readonly kind: 'permit'; readonly permit: Permit } | { readonly kind: 'reply'; readonly reply: Reply<PaymentResult> }> {
    const { accountLocks, config } = this.services;
    const accounts = draft.body.legs.map((leg) => leg.account);
    if (request.lockHandle !== null) {
      const tokens = await accountLocks.tokensOf(request.lockHandle, accounts, caller.deadlineMs - config.deadlineReserveMs);
      if (tokens.length > 0) return { kind: 'permit', permit: { tokens, denied: null, handle: null } };
      return { kind: 'reply', reply: await this.withoutLock(caller, identity, draft) };
    }
    this.hit('lock:before', identity, txn);
    const locks = await accountLocks.acquire(accounts, caller.deadlineMs);
    this.hit('lock:after', identity, txn);
    switch (locks.kind) {
      case 'acquired':
        return { kind: 'permit', permit: { tokens: [], denied: null, handle: locks.handle } };
      case 'held':
        return { kind: 'permit', permit: { tokens: [], denied: { lockId: locks.lockId, attempts: locks.attempts }, handle: null } };
      case 'unavailable':
        return { kind: 'permit', permit: NO_LOCKS };
    }
  }

  /** The handle holds nothing (any more). A repetition of what was decided under it still gets its answer. */
  private async withoutLock(caller: Caller, identity: Identity, draft: Draft): Promise<Reply<PaymentResult>> {
    const row = await this.services.link.query(identity.key, identity.homeSlot, caller.deadlineMs - this.services.config.deadlineReserveMs);
    if (isUnreachable(row)) return homeSilent(row);
    if (row === null) {
      this.services.counters.refused.add('LOCK_NOT_OWNED');
      return failure(
        'failed-precondition',
        'LOCK_NOT_OWNED',
        'The lock handle holds none of the accounts of this payment; acquire the lock again or leave the handle out.',
        'lock_handle',
      );
    }
    return isRepeated(row, draft) ? success(resultOf(row)) : conflict(row, draft);
  }

  unlock(draft: Draft, permit: Permit, identity: Identity, txn: TxnId): void {
    if (permit.handle === null) return;
    const accounts: readonly AccountNumber[] = draft.body.legs.map((leg) => leg.account);
    this.hit('unlock:before', identity, txn);
    void this.services.accountLocks.release(accounts, permit.handle).then(() => this.hit('unlock:after', identity, txn));
  }

  private hit(point: 'lock:before' | 'lock:after' | 'unlock:before' | 'unlock:after', identity: Identity, txn: TxnId): void {
    this.services.failpoints.hit(point, { paymentId: splitPaymentKey(identity.key).id, txn });
  }
}

function homeSilent(silence: Unreachable): Reply<never> {
  return unreached(
    silence,
    'HOME_UNAVAILABLE',
    'The bucket that keeps this payment does not answer; this attempt has begun nothing, try again with the same id.',
  );
}

function noSuchPayment(): Reply<never> {
  return failure('not-found', 'PAYMENT_NOT_FOUND', 'No decided payment has the id that the reference names.', 'reference');
}
