/**
 * Which paged rows an instruction may read or write. The host loads and pins them before it proposes the instruction
 * and before it applies one that another leader proposed; apply reads no other row (property-tested). Locks,
 * prepared legs and open authorizations are always in memory and are listed all the same: the host may leave out
 * what `Ledger.pinnedLeg` already has.
 */
import { unreachable, type AccountNumber, type PaymentKey, type TxnId } from '@mas/values';
import type { CommitMany, DecideAbort, DecideCommit, Instruction, Prepare, Resolve } from './instruction';
import { buildsOnLeg } from './leg-effect';
import type { LegEffect, PaymentBody } from './payment-body';
import type { LegAddress, LegRow } from './rows';

export interface RowsTouched {
  readonly accounts: readonly AccountNumber[];
  readonly legs: readonly LegAddress[];
  readonly outcomes: readonly PaymentKey[];
}

const NOTHING: RowsTouched = { accounts: [], legs: [], outcomes: [] };

/** What the ledger knows without a paged row; a Ledger is one. */
export interface LedgerKnowledge {
  /** Whether the bucket owns the account's slot. */
  isLocal(account: AccountNumber): boolean;
  /** Prepared legs and open authorizations, to be looked at only. */
  pinnedLeg(account: AccountNumber, txn: TxnId): LegRow | undefined;
}

/**
 * Holds for the ledger's state at the time of the call: ownership of slots, and the prepared legs that COMMIT and
 * ROLLBACK name without saying what these refer to. So a host asks when it proposes and again before it applies.
 * Rows that an earlier instruction of the same entry touches are known from that instruction.
 */
export function rowsTouched(instruction: Instruction, known: LedgerKnowledge): RowsTouched {
  switch (instruction.kind) {
    case 'prepare':
      return prepareTouches(instruction, known);
    case 'decide-commit':
    case 'decide-abort':
    case 'resolve':
      return decisionTouches(instruction, known);
    case 'commit':
    case 'rollback':
    case 'expire':
      return legTouches(instruction.account, instruction.txn, known);
    case 'commit-many':
      return legsTouch(instruction, known);
    case 'acknowledge-many':
      return { accounts: [], legs: [], outcomes: instruction.told.map(({ key }) => key) };
    case 'acknowledge':
    case 'bind-id':
      return { accounts: [], legs: [], outcomes: [instruction.key] };
    case 'create-account':
      return { accounts: [instruction.number], legs: [], outcomes: [] };
    case 'change-account':
      return { accounts: [instruction.number], legs: [], outcomes: [instruction.key] };
    case 'import-rows': {
      const { accounts, legs, outcomes } = instruction.rows;
      return {
        accounts: accounts.map(({ number }) => number),
        legs: legs.map(({ account, txn }) => ({ account, txn })),
        outcomes: outcomes.map(({ key }) => key),
      };
    }
    case 'begin-import':
    case 'adopt-slots':
    case 'decline-import':
    case 'release-slots':
    case 'reclaim-slots':
    case 'confirm-release':
    case 'genesis':
    case 'set-policy':
    case 'acquire-lock':
    case 'refresh-lock':
    case 'release-lock':
    case 'break-lock':
      return NOTHING;
    default:
      return unreachable(instruction, 'instruction');
  }
}

function prepareTouches({ txn, body, account }: Prepare, known: LedgerKnowledge): RowsTouched {
  if (!known.isLocal(account)) return NOTHING;
  const legs = [{ account, txn }];
  const spec = body.legs.find((leg) => leg.account === account);
  if (spec !== undefined) addReference(legs, spec.effect, account, body);
  return { accounts: [account], legs, outcomes: [] };
}

function decisionTouches({ txn, key, body }: DecideCommit | DecideAbort | Resolve, known: LedgerKnowledge): RowsTouched {
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

function legTouches(account: AccountNumber, txn: TxnId, known: LedgerKnowledge): RowsTouched {
  if (!known.isLocal(account)) return NOTHING;
  const legs: LegAddress[] = [];
  addLeg(legs, { account, txn }, known);
  return { accounts: [account], legs, outcomes: [] };
}

/** No member makes a leg that another ends, so each is known as well as if it had come alone. An account is named once for each of its legs. */
function legsTouch({ legs: members }: CommitMany, known: LedgerKnowledge): RowsTouched {
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
