/**
 * CreatePayment: from a request to one answer. Checks what can be checked without a row, finds the body where the
 * request refers to another payment, sees to exclusive locks, and runs the global transaction.
 */
import { txnPreimage } from '@mas/ledger';
import { globalTransaction, type LockToken, type TransactionAnswer } from '@mas/two-phase-commit';
import { splitPaymentKey, txnId, type AccountNumber, type TxnId } from '@mas/values';
import type { Digest } from '../coordinator-ports';
import type { Caller, PaymentRequest, PaymentResult, Reply } from '../coordinator-service';
import type { BalanceCache } from '../reads/balance-cache';
import type { LegFinder } from '../reads/leg-finder';
import { failure, success } from '../reply';
import type { AccountLocks } from './account-locks';
import { identityOf, type Identity } from './identity';
import { draftOf, originalOf, type Draft, type Original } from './payment-draft';
import { conflict, replyOf, resultOf, sameButForExpiry } from './payment-result';
import { PaymentRun, type RunOptions, type RunServices } from './payment-run';

export const MAX_REPLACEMENTS = 8;

export interface PaymentServices extends RunServices {
  readonly digest: Digest;
  readonly accountLocks: AccountLocks;
  readonly legFinder: LegFinder;
  readonly cache: BalanceCache;
}

interface Permit {
  readonly tokens: readonly LockToken[];
  readonly denied: RunOptions['lockDenied'];
  /** Locks that the payment took for itself, to be given back at its end. */
  readonly handle: string | null;
}

const NO_LOCKS: Permit = { tokens: [], denied: null, handle: null };

export class Payments {
  private stopping = false;
  /** Transactions that have not ended, answered or not. */
  private running = 0;

  constructor(private readonly services: PaymentServices) {}

  refuseNew(): void {
    this.stopping = true;
  }

  get idle(): boolean {
    return this.running === 0 && this.services.counters.paymentsInFlight === 0;
  }

  /** Not async where nothing has to be waited for first: a promise and a frame less for every payment. */
  create(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>> {
    const refused = this.admission(caller);
    if (refused !== null) return Promise.resolve(refused);
    this.services.counters.paymentsInFlight += 1;
    const simple = request.reference === null && request.lockHandle === null && this.services.config.accountLock === 'shared';
    try {
      return (simple ? this.simple(caller, request) : this.admitted(caller, request)).then(this.left, this.failed);
    } catch (error) {
      return Promise.reject(error as Error).catch(this.failed);
    }
  }

  private readonly left = (reply: Reply<PaymentResult>): Reply<PaymentResult> => {
    this.services.counters.paymentsInFlight -= 1;
    return reply;
  };

  private readonly failed = (error: unknown): never => {
    this.services.counters.paymentsInFlight -= 1;
    throw error;
  };

  /** A payment that refers to no other and takes no locks of its own. */
  private simple(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>> {
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return Promise.resolve(this.rejected(identity));
    const draft = draftOf(request, null, caller.subject, this.services.clock.wallMs());
    if (!draft.ok) return Promise.resolve(this.rejected(draft));
    this.services.counters.paymentsStarted += 1;
    return this.run(caller, identity.value, draft.value, this.txnOf(identity.value, draft.value), NO_LOCKS);
  }

  private async admitted(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>> {
    const { clock, counters } = this.services;
    const identity = identityOf(caller.subject, request.id);
    if (!identity.ok) return this.rejected(identity);
    let original: Original | null = null;
    if (request.reference !== null) {
      const found = await this.original(caller, request.reference);
      if (!found.ok) return this.rejected(found);
      original = found.value;
    }
    const draft = draftOf(request, original, caller.subject, clock.wallMs());
    if (!draft.ok) return this.rejected(draft);
    const txn = this.txnOf(identity.value, draft.value);
    let permit = NO_LOCKS;
    if (request.lockHandle !== null || this.services.config.accountLock === 'exclusive') {
      const locked = await this.permit(caller, request, identity.value, draft.value, txn);
      if (locked.kind === 'reply') return locked.reply;
      permit = locked.permit;
    }
    counters.paymentsStarted += 1;
    return this.run(caller, identity.value, draft.value, txn, permit);
  }

  private txnOf(identity: Identity, draft: Draft): TxnId {
    return txnId(this.services.digest(txnPreimage(identity.key, draft.body)));
  }

  private run(caller: Caller, identity: Identity, draft: Draft, txn: TxnId, permit: Permit): Promise<Reply<PaymentResult>> {
    const { clock, config, placements, cache } = this.services;
    const namespace = cache.currentNamespace();
    const plan = {
      txn,
      key: identity.key,
      homeSlot: identity.homeSlot,
      body: draft.body,
      subject: caller.subject,
      lockTokens: permit.tokens,
      createdAtMs: clock.wallMs(),
      startedAtMs: clock.monotonicMs(),
      limits: { lockedRetryMs: config.lockedRetryMs, retryMinMs: config.retryBackoffMinMs, retryMaxMs: config.retryBackoffMaxMs, maxReplacements: MAX_REPLACEMENTS },
    };
    this.running += 1;
    return new Promise((resolve) => {
      const run = new PaymentRun(this.services, globalTransaction(plan, placements.placing(identity.homeSlot, draft.body)), {
        token: caller.token,
        deadlineMs: caller.deadlineMs,
        lockDenied: permit.denied,
        holdsLocks: permit.handle !== null,
        onAnswer: (answer) => {
          this.noteAnswer(answer, namespace);
          resolve(replyOf(answer, txn, draft));
        },
        onEnded: () => {
          this.running -= 1;
          this.unlock(draft, permit, identity, txn);
        },
      });
      run.begin();
    });
  }

  private admission(caller: Caller): Reply<never> | null {
    const { config, counters, clock } = this.services;
    if (this.stopping) return failure('unavailable', 'SHUTTING_DOWN', 'This coordinator is shutting down; ask another one with the same id.');
    if (caller.deadlineMs <= clock.monotonicMs()) return failure('deadline-exceeded', 'DEADLINE_EXCEEDED', 'The deadline had passed when the request arrived; nothing was done.');
    if (counters.paymentsInFlight >= config.maxPaymentsInFlight) {
      return failure('resource-exhausted', 'TOO_MANY_PAYMENTS', `This coordinator has ${counters.paymentsInFlight} payments under way; try again later with the same id.`);
    }
    return null;
  }

  private async original(caller: Caller, reference: NonNullable<PaymentRequest['reference']>): Promise<Reply<Original>> {
    const untilMs = caller.deadlineMs - this.services.config.deadlineReserveMs;
    if (reference.kind === 'txn') {
      const leg = await this.services.legFinder.find(reference.account, reference.txn, caller.token, untilMs);
      if (!leg.ok) return leg;
      return leg.value === null || leg.value.body === null ? noSuchPayment() : success({ key: leg.value.key, txn: leg.value.txn, body: leg.value.body });
    }
    const identity = identityOf(caller.subject, reference.id, 'reference.id');
    if (!identity.ok) return identity;
    const row = await this.services.link.query(identity.value.key, identity.value.homeSlot, untilMs);
    if (row === 'unreachable') return homeSilent();
    return row === null ? noSuchPayment() : success(originalOf(row));
  }

  /** Tokens of the caller's own lock, or (exclusive mode) of locks taken for this payment. */
  private async permit(caller: Caller, request: PaymentRequest, identity: Identity, draft: Draft, txn: TxnId): Promise<{ readonly kind: 'permit'; readonly permit: Permit } | { readonly kind: 'reply'; readonly reply: Reply<PaymentResult> }> {
    const { accountLocks, config } = this.services;
    const accounts = draft.body.legs.map((leg) => leg.account);
    if (request.lockHandle !== null) {
      const tokens = await accountLocks.tokensOf(request.lockHandle, accounts, caller.deadlineMs - config.deadlineReserveMs);
      if (tokens.length > 0) return { kind: 'permit', permit: { tokens, denied: null, handle: null } };
      return { kind: 'reply', reply: await this.withoutLock(caller, identity, draft, txn) };
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
  private async withoutLock(caller: Caller, identity: Identity, draft: Draft, txn: TxnId): Promise<Reply<PaymentResult>> {
    const row = await this.services.link.query(identity.key, identity.homeSlot, caller.deadlineMs - this.services.config.deadlineReserveMs);
    if (row === 'unreachable') return homeSilent();
    if (row === null) return this.rejected(failure('failed-precondition', 'LOCK_NOT_OWNED', 'The lock handle holds none of the accounts of this payment; acquire the lock again or leave the handle out.', 'lock_handle'));
    return row.txn === txn || sameButForExpiry(row, draft) ? success(resultOf(row)) : conflict(row, draft);
  }

  private unlock(draft: Draft, permit: Permit, identity: Identity, txn: TxnId): void {
    if (permit.handle === null) return;
    const accounts: readonly AccountNumber[] = draft.body.legs.map((leg) => leg.account);
    this.hit('unlock:before', identity, txn);
    void this.services.accountLocks.release(accounts, permit.handle).then(() => this.hit('unlock:after', identity, txn));
  }

  private noteAnswer(answer: TransactionAnswer, namespace: string | null): void {
    const { counters, cache } = this.services;
    switch (answer.kind) {
      case 'recorded':
        if (answer.outcome.decision.kind === 'aborted') {
          counters.paymentsAborted += 1;
          return;
        }
        counters.paymentsCommitted += 1;
        if (answer.fresh) cache.committed(namespace, answer.outcome);
        return;
      case 'conflict':
        counters.paymentsConflicting += 1;
        return;
      case 'unknown':
        counters.paymentsUnknown += 1;
        return;
      case 'rejected':
        counters.paymentsRejected += 1;
    }
  }

  private rejected(reply: Reply<never>): Reply<never> {
    this.services.counters.paymentsRejected += 1;
    return reply;
  }

  private hit(point: 'lock:before' | 'lock:after' | 'unlock:before' | 'unlock:after', identity: Identity, txn: TxnId): void {
    this.services.failpoints.hit(point, { paymentId: splitPaymentKey(identity.key).id, txn });
  }
}

function homeSilent(): Reply<never> {
  return failure('unavailable', 'HOME_UNAVAILABLE', 'The bucket that keeps this payment does not answer; nothing was done, try again with the same id.');
}

function noSuchPayment(): Reply<never> {
  return failure('not-found', 'PAYMENT_NOT_FOUND', 'No decided payment has the id that the reference names.', 'reference');
}
