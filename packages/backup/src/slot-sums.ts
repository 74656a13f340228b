/** What lies in each slot: accounts, their balances, and what they were opened with. So that the sums of buckets of any other map can be said before a row is written. */
import type { AccountRow } from '@mas/ledger';
import { SLOT_COUNT, type AmountMinor, type Currency, type Slot } from '@mas/values';

interface Sums {
  accounts: number;
  readonly issued: Map<Currency, AmountMinor>;
  readonly balances: Map<Currency, AmountMinor>;
}

export class SlotSums {
  private readonly slots: (Sums | undefined)[] = new Array<Sums | undefined>(SLOT_COUNT);

  add({ slot, currency, balanceMinor }: AccountRow, openingMinor: AmountMinor): void {
    const sums = (this.slots[slot] ??= noSums());
    sums.accounts += 1;
    addTo(sums.issued, currency, openingMinor);
    addTo(sums.balances, currency, balanceMinor);
  }

  of(ranges: readonly { readonly from: Slot; readonly to: Slot }[]): Readonly<Sums> {
    const all = noSums();
    for (const { from, to } of ranges)
      for (let slot: number = from; slot <= to; slot += 1) {
        const sums = this.slots[slot];
        if (sums === undefined) continue;
        all.accounts += sums.accounts;
        for (const [currency, amountMinor] of sums.issued) addTo(all.issued, currency, amountMinor);
        for (const [currency, amountMinor] of sums.balances) addTo(all.balances, currency, amountMinor);
      }
    return { accounts: all.accounts, issued: sorted(all.issued), balances: sorted(all.balances) };
  }
}

function noSums(): Sums {
  return { accounts: 0, issued: new Map(), balances: new Map() };
}

export function addTo(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}

/** As a bucket's meta row has them. */
export function sorted(sums: ReadonlyMap<Currency, AmountMinor>): Map<Currency, AmountMinor> {
  return new Map([...sums].sort(([one], [other]) => (one < other ? -1 : 1)));
}
