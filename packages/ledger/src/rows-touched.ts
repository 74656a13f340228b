/** The rows that payments touch, by what of them an instruction does (instruction-traits.ts). */
import type { AccountNumber, PaymentKey, TxnId } from '@mas/values';
import type { CommitMany, DecideAbort, DecideCommit, Prepare, Resolve } from './instruction';
import { buildsOnLeg } from './leg-effect';
import type { LegEffect, PaymentBody } from './payment-body';
import type { LegAddress, LegRow } from './rows';

export interface RowsTouched {
  readonly accounts: readonly AccountNumber[];
  readonly legs: readonly LegAddress[];
  readonly outcomes: readonly PaymentKey[];
}

export const NOTHING_TOUCHED: RowsTouched = { accounts: [], legs: [], outcomes: [] };

/** What the ledger knows without a paged row; a Ledger is one. */
export interface LedgerKnowledge {
  /** Whether the bucket owns the account's slot. */
  isLocal(account: AccountNumber): boolean;
  /** Prepared legs and open authorizations, to be looked at only. */
  pinnedLeg(account: AccountNumber, txn: TxnId): LegRow | undefined;
}

export function prepareTouches({ txn, body, account }: Prepare, known: LedgerKnowledge): RowsTouched {
  if (!known.isLocal(account)) return NOTHING_TOUCHED;
  const legs = [{ account, txn }];
  const spec = body.legs.find((leg) => leg.account === account);
  if (spec !== undefined) addReference(legs, spec.effect, account, body);
  return { accounts: [account], legs, outcomes: [] };
}

export function decisionTouches({ txn, key, body }: DecideCommit | DecideAbort | Resolve, known: LedgerKnowledge): RowsTouched {
  const accounts: AccountNumber[] = [];
  const legs: LegAddress[] = [];
  for (const { account, effect } of body.legs) {
    if (!known.isLocal(account)) continue;
    accounts.push(account);
    legs.push({ account, txn });
    addReference(legs, effect, account, body);
  }
  return { accounts, legs, outcomes: [key] };
}

export function outcomesTouch(outcomes: readonly PaymentKey[]): RowsTouched {
  return { accounts: [], legs: [], outcomes };
}

export function legTouches(account: AccountNumber, txn: TxnId, known: LedgerKnowledge): RowsTouched {
  if (!known.isLocal(account)) return NOTHING_TOUCHED;
  const legs: LegAddress[] = [];
  addLeg(legs, { account, txn }, known);
  return { accounts: [account], legs, outcomes: [] };
}

/** No member makes a leg that another ends, so each is known as well as if it had come alone. An account is named once for each of its legs. */
export function legsTouch({ legs: members }: CommitMany, known: LedgerKnowledge): RowsTouched {
  const accounts: AccountNumber[] = [];
  const legs: LegAddress[] = [];
  for (const member of members) {
    if (!known.isLocal(member.account)) continue;
    accounts.push(member.account);
    addLeg(legs, member, known);
  }
  return { accounts, legs, outcomes: [] };
}

/** A leg that is to end, and what it builds on. */
function addLeg(legs: LegAddress[], leg: LegAddress, known: LedgerKnowledge): void {
  legs.push(leg);
  const pinned = known.pinnedLeg(leg.account, leg.txn);
  if (pinned !== undefined && pinned.body !== null) addReference(legs, pinned.spec.effect, leg.account, pinned.body);
}

/** A capture, void or refund also changes the leg that it builds on, which lies on the same account. */
function addReference(legs: LegAddress[], effect: LegEffect, account: AccountNumber, body: PaymentBody): void {
  if (body.reference !== null && buildsOnLeg(effect)) legs.push({ account, txn: body.reference.txn });
}
