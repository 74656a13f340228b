/**
 * The rows that are never paged out, indexed for apply and for the host's drivers: prepared legs, open
 * authorizations, outcomes with untold legs, locks. Built from PinnedRows at start and kept current by every put.
 * Iteration order depends on how the index was built, so nothing that apply decides may depend on it.
 */
import type { AccountNumber, PaymentKey, TxnId } from '@mas/values';
import type { PinnedRows } from './ledger-state';
import { lockKey } from './lock-row';
import type { LegRow, LockRow, OutcomeRow } from './rows';

/** Nearly all accounts have one leg at a time, and a Map of their own would cost more than all the rest of their apply. */
type LegsByAccount = Map<AccountNumber, LegRow | Map<TxnId, LegRow>>;

const NO_LEGS: readonly LegRow[] = [];
const NO_LOCKS: readonly LockRow[] = [];

export class PinnedIndex {
  readonly undelivered = new Map<PaymentKey, OutcomeRow>();
  /** By lockKey. */
  readonly locks = new Map<string, LockRow>();
  private readonly shared = new Map<string, Map<string, LockRow>>();
  private readonly prepared: LegsByAccount = new Map();
  private readonly authorizations: LegsByAccount = new Map();
  private preparedTotal = 0;

  constructor(rows: PinnedRows) {
    this.add(rows);
  }

  add(rows: PinnedRows): void {
    for (const leg of rows.prepared) this.legChanged(leg);
    for (const leg of rows.openAuthorizations) this.legChanged(leg);
    for (const outcome of rows.undelivered) this.outcomeChanged(outcome);
    for (const lock of rows.locks) this.lockChanged(lock);
  }

  /** Forgets these, which it has. */
  remove({ prepared, openAuthorizations, undelivered, locks }: PinnedRows): void {
    for (const leg of prepared) this.preparedTotal -= remove(this.prepared, leg) ? 1 : 0;
    for (const leg of openAuthorizations) remove(this.authorizations, leg);
    for (const { key } of undelivered) this.undelivered.delete(key);
    for (const lock of locks) this.lockRemoved(lock);
  }

  get preparedCount(): number {
    return this.preparedTotal;
  }

  legChanged(leg: LegRow): void {
    if (leg.state === 'prepared') {
      if (insert(this.prepared, leg)) this.preparedTotal += 1;
      return;
    }
    if (remove(this.prepared, leg)) this.preparedTotal -= 1;
    if (leg.reservation === null) return;
    if (leg.reservation.status === 'open' || leg.reservation.status === 'capturing') insert(this.authorizations, leg);
    else remove(this.authorizations, leg);
  }

  outcomeChanged(outcome: OutcomeRow): void {
    if (outcome.untold.length > 0) this.undelivered.set(outcome.key, outcome);
    else this.undelivered.delete(outcome.key);
  }

  lockChanged(lock: LockRow): void {
    this.locks.set(lockKey(lock), lock);
    if (lock.mode !== 'shared') return;
    const holders = this.shared.get(lock.lockId);
    if (holders === undefined) this.shared.set(lock.lockId, new Map([[lock.owner, lock]]));
    else holders.set(lock.owner, lock);
  }

  lockRemoved(lock: LockRow): void {
    this.locks.delete(lockKey(lock));
    const holders = this.shared.get(lock.lockId);
    if (lock.mode === 'shared' && holders?.delete(lock.owner) === true && holders.size === 0) this.shared.delete(lock.lockId);
  }

  sharedOn(lockId: string): readonly LockRow[] {
    return [...(this.shared.get(lockId)?.values() ?? NO_LOCKS)];
  }

  leg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return find(this.prepared, account, txn) ?? find(this.authorizations, account, txn);
  }

  preparedOn(account: AccountNumber): Iterable<LegRow> {
    const legs = this.prepared.get(account);
    return legs === undefined ? NO_LEGS : legsOf(legs);
  }

  preparedCountOn(account: string): number {
    const legs = this.prepared.get(account as AccountNumber);
    if (legs === undefined) return 0;
    return legs instanceof Map ? legs.size : 1;
  }

  *preparedLegs(): IterableIterator<LegRow> {
    for (const legs of this.prepared.values()) yield* legsOf(legs);
  }

  *openAuthorizations(): IterableIterator<LegRow> {
    for (const legs of this.authorizations.values()) yield* legsOf(legs);
  }

  rows(): PinnedRows {
    return {
      prepared: [...this.preparedLegs()],
      openAuthorizations: [...this.openAuthorizations()],
      undelivered: [...this.undelivered.values()],
      locks: [...this.locks.values()],
    };
  }
}

function find(index: LegsByAccount, account: AccountNumber, txn: TxnId): LegRow | undefined {
  const legs = index.get(account);
  if (legs === undefined) return undefined;
  if (legs instanceof Map) return legs.get(txn);
  return legs.txn === txn ? legs : undefined;
}

function legsOf(legs: LegRow | Map<TxnId, LegRow>): Iterable<LegRow> {
  return legs instanceof Map ? legs.values() : [legs];
}

function insert(index: LegsByAccount, leg: LegRow): boolean {
  const legs = index.get(leg.account);
  if (legs === undefined) {
    index.set(leg.account, leg);
    return true;
  }
  if (legs instanceof Map) {
    const isNew = !legs.has(leg.txn);
    legs.set(leg.txn, leg);
    return isNew;
  }
  if (legs.txn === leg.txn) {
    index.set(leg.account, leg);
    return false;
  }
  index.set(
    leg.account,
    new Map([
      [legs.txn, legs],
      [leg.txn, leg],
    ]),
  );
  return true;
}

function remove(index: LegsByAccount, leg: LegRow): boolean {
  const legs = index.get(leg.account);
  if (legs === undefined) return false;
  if (legs instanceof Map) {
    const removed = legs.delete(leg.txn);
    if (legs.size === 0) index.delete(leg.account);
    return removed;
  }
  return legs.txn === leg.txn && index.delete(leg.account);
}
