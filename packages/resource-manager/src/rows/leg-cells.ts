/**
 * Finds a leg's cell by transaction and account without joining the two into one text: a txn that was decoded once
 * carries its hash from then on, a joined text would be hashed anew for every question. Legs of one transaction on one
 * bucket are few, so those that share a txn form a list, which runs through the cells themselves.
 */
import type { LegAddress } from '@mas/ledger';
import type { TxnId } from '@mas/values';
import type { CellIndex } from './paged-rows';

interface Linked<Value> {
  readonly key: LegAddress;
  next: Value | null;
}

export class LegCells<Value extends Linked<Value>> implements CellIndex<LegAddress, Value> {
  private readonly byTxn = new Map<TxnId, Value>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get({ account, txn }: LegAddress): Value | undefined {
    for (let value = this.byTxn.get(txn); value !== undefined; value = value.next ?? undefined) {
      if (value.key.account === account) return value;
    }
    return undefined;
  }

  *values(): IterableIterator<Value> {
    for (const first of this.byTxn.values()) for (let value: Value | null = first; value !== null; value = value.next) yield value;
  }

  /** @param value its own key is `leg`; another one under the key gives way. */
  set(leg: LegAddress, value: Value): void {
    if (this.byTxn.has(leg.txn)) {
      this.delete(leg);
      value.next = this.byTxn.get(leg.txn) ?? null;
    }
    this.byTxn.set(leg.txn, value);
    this.count += 1;
  }

  delete({ account, txn }: LegAddress): void {
    let before: Value | null = null;
    for (let value = this.byTxn.get(txn) ?? null; value !== null; before = value, value = value.next) {
      if (value.key.account !== account) continue;
      if (before !== null) before.next = value.next;
      else if (value.next !== null) this.byTxn.set(txn, value.next);
      else this.byTxn.delete(txn);
      value.next = null;
      this.count -= 1;
      return;
    }
  }
}
