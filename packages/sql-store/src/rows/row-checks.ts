/** What every store checks before it takes a row: reads look for it by the slot of its key, so elsewhere it would be lost. */
import type { AccountRow, LegRow, OutcomeRow } from '@mas/ledger';
import { homeSlotOf, slotOfAccount } from '@mas/placement';
import { invariant, parseAccountNumber, splitPaymentKey, type PaymentKey, type Slot } from '@mas/values';

/** The scope of an account's token is the account's number; an operator's (`issuer|subject`) has a bar, which no number has. */
export function slotOfOutcome(key: PaymentKey): Slot {
  const scope = parseAccountNumber(splitPaymentKey(key).scope);
  return homeSlotOf(key, scope.ok ? scope.value : null);
}

export function checkAccount(row: AccountRow): void {
  invariant(row.slot === slotOfAccount(row.number), 'an account lies in the slot of its number', { account: row.number, slot: row.slot });
}

export function checkLeg(row: LegRow): void {
  invariant(row.slot === slotOfAccount(row.account), 'a leg lies in the slot of its account', { account: row.account, slot: row.slot });
  invariant(row.spec.account === row.account, "a leg's account is its row's", { account: row.account, spec: row.spec.account });
}

/** An outcome that a retry does not find would be decided a second time. */
export function checkOutcome(row: OutcomeRow): void {
  invariant(row.slot === slotOfOutcome(row.key), 'an outcome lies in the home slot of its key', { key: row.key, slot: row.slot });
}
