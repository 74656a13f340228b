/** Legs as their buckets have them against legs as their homes have recorded them, where sums over both differ (moment-sums.ts): the payments by name. */
import type { AccountNumber, TxnId } from '@mas/values';
import type { LegListing } from './moment-audit';
import type { MomentLeg } from './moment-sums';

/** @param listings of all buckets @returns a sentence for each difference */
export function legDifferences(listings: readonly LegListing[]): readonly string[] {
  const legs = byPayment(listings.flatMap((listing) => listing.legs));
  const decided = byPayment(listings.flatMap((listing) => listing.decided));
  const texts: string[] = [];
  for (const txn of new Set([...legs.keys(), ...decided.keys()])) {
    const [kept, recorded] = [legs.get(txn) ?? new Map<AccountNumber, MomentLeg>(), decided.get(txn) ?? new Map<AccountNumber, MomentLeg>()];
    for (const account of new Set([...kept.keys(), ...recorded.keys()])) {
      const [leg, record] = [kept.get(account), recorded.get(account)];
      if (leg === undefined) texts.push(`Payment ${txn} is committed, but account ${account} has no committed leg of it.`);
      else if (record === undefined) texts.push(`Payment ${txn}: its leg on ${account} is committed, but its home has recorded no such decision.`);
      else if (textOf(leg) !== textOf(record)) texts.push(`Payment ${txn}: its leg on ${account} is ${textOf(leg)}, its home has recorded ${textOf(record)}.`);
    }
  }
  return texts;
}

function byPayment(legs: readonly MomentLeg[]): ReadonlyMap<TxnId, ReadonlyMap<AccountNumber, MomentLeg>> {
  const payments = new Map<TxnId, Map<AccountNumber, MomentLeg>>();
  for (const leg of legs) {
    const ofPayment = payments.get(leg.txn) ?? new Map<AccountNumber, MomentLeg>();
    payments.set(leg.txn, ofPayment.set(leg.account, leg));
  }
  return payments;
}

function textOf({ effect, amountMinor, commitUs }: MomentLeg): string {
  return `${effect} ${amountMinor}${commitUs === null ? '' : ` at ${commitUs}`}`;
}
