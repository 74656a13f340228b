/**
 * Finds a leg's cell by transaction and account without joining the two into one text: a txn that was decoded once
 * carries its hash from then on, a joined text would be hashed anew for every question. Legs of one transaction on one
 * bucket are few, so those that share a txn form a list.
 */
import type { LegAddress } from '@mas/ledger';
import type { AccountNumber, TxnId } from '@mas/values';
import type { CellIndex } from './paged-rows';

interface Link<Value> {
  readonly account: AccountNumber;
  value: Value;
  next: Link<Value> | null;
}

export class LegCells<Value> implements CellIndex<LegAddress, Value> {
  private readonly byTxn = new Map<TxnId, Link<Value>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(leg: LegAddress): Value | undefined {
    for (let link = this.byTxn.get(leg.txn) ?? null; link !== null; link = link.next) {
      if (link.account === leg.account) return link.value;
    }
    return undefined;
  }

  set({ account, txn }: LegAddress, value: Value): void {
    const first = this.byTxn.get(txn) ?? null;
    for (let link = first; link !== null; link = link.next) {
      if (link.account !== account) continue;
      link.value = value;
      return;
    }
    if (first === null) this.byTxn.set(txn, { account, value, next: null });
    else first.next = { account, value, next: first.next };
    this.count += 1;
  }

  delete({ account, txn }: LegAddress): void {
    const first = this.byTxn.get(txn);
    if (first === undefined) return;
    if (first.account === account) {
      if (first.next === null) this.byTxn.delete(txn);
      else this.byTxn.set(txn, first.next);
      this.count -= 1;
      return;
    }
    for (let before = first; before.next !== null; before = before.next) {
      if (before.next.account !== account) continue;
      before.next = before.next.next;
      this.count -= 1;
      return;
    }
  }
}
