/**
 * The rows that are never paged out, indexed for apply and for the host's drivers: prepared legs, open
 * authorizations, outcomes with untold legs, locks. Built from PinnedRows at start and kept current by every put.
 * Iteration order depends on how the index was built, so nothing that apply decides may depend on it.
 */
import type { AccountNumber, PaymentKey, TxnId } from '@mas/values';
import type { PinnedRows } from './ledger-state';
import type { LegRow, LockRow, OutcomeRow } from './rows';

type LegsByAccount = Map<AccountNumber, Map<TxnId, LegRow>>;

const NO_LEGS: readonly LegRow[] = [];

export class PinnedIndex {
  readonly undelivered = new Map<PaymentKey, OutcomeRow>();
  readonly locks = new Map<string, LockRow>();
  private readonly prepared: LegsByAccount = new Map();
  private readonly authorizations: LegsByAccount = new Map();
  private preparedTotal = 0;

  constructor(rows: PinnedRows) {
    for (const leg of rows.prepared) this.legChanged(leg);
    for (const leg of rows.openAuthorizations) this.legChanged(leg);
    for (const outcome of rows.undelivered) this.outcomeChanged(outcome);
    for (const lock of rows.locks) this.locks.set(lock.lockId, lock);
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

  leg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.prepared.get(account)?.get(txn) ?? this.authorizations.get(account)?.get(txn);
  }

  preparedOn(account: AccountNumber): Iterable<LegRow> {
    return this.prepared.get(account)?.values() ?? NO_LEGS;
  }

  preparedCountOn(account: string): number {
    return this.prepared.get(account as AccountNumber)?.size ?? 0;
  }

  *preparedLegs(): IterableIterator<LegRow> {
    for (const legs of this.prepared.values()) yield* legs.values();
  }

  *openAuthorizations(): IterableIterator<LegRow> {
    for (const legs of this.authorizations.values()) yield* legs.values();
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

function insert(index: LegsByAccount, leg: LegRow): boolean {
  const legs = index.get(leg.account);
  if (legs === undefined) {
    index.set(leg.account, new Map([[leg.txn, leg]]));
    return true;
  }
  const isNew = !legs.has(leg.txn);
  legs.set(leg.txn, leg);
  return isNew;
}

function remove(index: LegsByAccount, leg: LegRow): boolean {
  const legs = index.get(leg.account);
  if (legs === undefined || !legs.delete(leg.txn)) return false;
  if (legs.size === 0) index.delete(leg.account);
  return true;
}
