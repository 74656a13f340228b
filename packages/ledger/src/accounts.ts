/**
 * The life of an account: creation, and an operator's changes. Both are idempotent by key and txn: an account
 * remembers what created it, a change is recorded under its key as an outcome without legs.
 */
import { fitsInt64, formatAmount, present, unreachable } from '@mas/values';
import type { Applying } from './applying';
import { changeBody } from './request-body';
import { checkLock, undecidedCredits } from './checks';
import type { ChangeAccount, CreateAccount } from './instruction';
import { matchesNumberPattern } from './number-pattern';
import type { Outcome } from './outcome';
import { REFUSAL_NAMES, type AbortReason, type Refusal } from './refusal';
import { checkRoomInBucket } from './room';
import type { AccountRow, Decision, OutcomeRow } from './rows';
import { CHANGES_DECIDED_ONCE } from './semantics';
import { refused, type Refused, type Wait } from './verdict';

export function createAccount(a: Applying, instruction: CreateAccount): Outcome {
  const { key, txn, number, currency, owner, openingBalanceMinor } = instruction;
  const slot = a.state.slotOf(number);
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  const existing = a.account(number);
  if (existing !== undefined && existing.createdBy.key === key && existing.createdBy.txn === txn) return { kind: 'account', account: existing, fresh: false };
  const policy = present(a.state.policy, 'policy of a bucket that owns slots');
  const minimumMinor = instruction.minimumMinor ?? policy.minimumBalanceMinor;
  const stopped = checkCreation(a, instruction, existing, policy.numberPattern, minimumMinor) ?? checkRoomInBucket(a);
  if (stopped !== null) return stopped;
  if (instruction.checkOnly) return { kind: 'done' };

  const account: AccountRow = {
    slot,
    number,
    currency,
    status: 'open',
    owner,
    balanceMinor: openingBalanceMinor,
    holdsMinor: 0n,
    pendingCreditsMinor: 0n,
    minimumMinor,
    rev: 1,
    // Above the tombstones that the number may have from before.
    lastSeq: a.seqFloor(),
    journalSeq: 0,
    createdAtMs: a.stampMs,
    createdUs: a.momentUs,
    createdBy: { key, txn },
  };
  a.putNewAccount(account);
  a.state.rev += 1;
  return { kind: 'account', account, fresh: true };
}

export function changeAccount(a: Applying, instruction: ChangeAccount): Outcome {
  const { key, txn, number, subject, lockToken } = instruction;
  const slot = a.state.slotOf(number);
  const wrong = a.wrongBucket(slot) ?? a.wrongHome(key, slot);
  if (wrong !== null) return wrong;
  const account = a.account(number);
  const earlier = a.outcome(key);
  if (earlier !== undefined && earlier.txn !== txn) return { kind: 'conflict', bound: earlier };
  if (earlier !== undefined) return recordedAnswer(earlier, instruction, account);
  if (subject.kind !== 'operator') return refused('NOT_AUTHORIZED', number, { subject: subject.kind === 'account' ? subject.account : subject.kind });
  const locked = checkLock(a, number, lockToken);
  if (locked !== null) return locked;
  const full = checkRoomInBucket(a);
  if (full !== null) return full;
  const record = (decision: Decision, balances: OutcomeRow['balances']): void => {
    a.putOutcome({ slot, key, txn, body: changeBody(number, instruction.change), subject, decision, balances, untold: [], forced: [] });
    a.state.rev += 1;
  };
  const stopped = checkChange(a, account, instruction);
  if (stopped.kind === 'wait') return stopped;
  const decidedOnce = a.state.semanticsVersion >= CHANGES_DECIDED_ONCE;
  if (stopped.kind === 'refused') {
    if (decidedOnce) record({ kind: 'aborted', atMs: a.stampMs, reason: stopped.refusal }, []);
    return stopped;
  }

  const before = stopped.account;
  const after = { ...withChange(before, instruction.change), rev: before.rev + 1 };
  a.putAccount(after, before);
  record(
    { kind: 'committed', atMs: a.stampMs, commitUs: a.momentUs },
    decidedOnce ? [{ account: number, balanceMinor: after.balanceMinor, rev: after.rev }] : [],
  );
  return { kind: 'account', account: after, fresh: true };
}

/** The account as the change left it, or its refusal: what came later, also another change, is not this request's answer. */
function recordedAnswer({ decision, balances }: OutcomeRow, { change }: ChangeAccount, now: AccountRow | undefined): Outcome {
  if (decision.kind === 'aborted') return { kind: 'refused', refusal: asRefusal(decision.reason) };
  const account = present(now, 'account that was changed');
  const [then] = balances;
  // Recorded before changes kept what they answered.
  if (then === undefined) return { kind: 'account', account, fresh: false };
  return { kind: 'account', account: { ...withChange(account, change), balanceMinor: then.balanceMinor, rev: then.rev }, fresh: false };
}

function asRefusal({ name, account, facts }: AbortReason): Refusal {
  const refusalName = REFUSAL_NAMES.find((one) => one === name);
  return { name: present(refusalName, 'name of a recorded refusal'), account, facts };
}

function checkCreation(a: Applying, instruction: CreateAccount, existing: AccountRow | undefined, numberPattern: string, minimumMinor: bigint): Refused | null {
  const { number, currency, openingBalanceMinor, subject, key } = instruction;
  if (subject.kind !== 'operator') return refused('NOT_AUTHORIZED', number, { subject: subject.kind === 'account' ? subject.account : subject.kind });
  if (!fitsInt64(a.state.issuedOf(currency) + openingBalanceMinor))
    return refused('BALANCE_OVERFLOW', number, { amount: formatAmount(openingBalanceMinor, currency), currency });
  if (existing !== undefined) return refused('ACCOUNT_EXISTS', number, { same_id: String(existing.createdBy.key === key) });
  if (!matchesNumberPattern(number, numberPattern)) return refused('ACCOUNT_NUMBER_REFUSED', number, { pattern: numberPattern });
  if (openingBalanceMinor >= minimumMinor && openingBalanceMinor >= 0n) return null;
  return refused('OPENING_BALANCE_BELOW_MINIMUM', number, {
    opening: formatAmount(openingBalanceMinor, currency),
    minimum: formatAmount(minimumMinor < 0n ? 0n : minimumMinor, currency),
    currency,
  });
}

function checkChange(
  a: Applying,
  account: AccountRow | undefined,
  instruction: ChangeAccount,
): Refused | Wait | { readonly kind: 'pass'; readonly account: AccountRow } {
  if (account === undefined) return refused('ACCOUNT_NOT_FOUND', instruction.number, {});
  if (account.status === 'closed') return refused('ACCOUNT_CLOSED', account.number, {});
  return checkKind(a, account, instruction) ?? { kind: 'pass', account };
}

function checkKind(a: Applying, account: AccountRow, { change, undecided }: ChangeAccount): Refused | Wait | null {
  switch (change.kind) {
    case 'freeze':
      return account.status === 'frozen' ? refused('ACCOUNT_FROZEN', account.number, {}) : null;
    case 'unfreeze':
      return account.status === 'frozen' ? null : refused('ACCOUNT_NOT_FROZEN', account.number, {});
    case 'close':
      return checkClose(a, account, undecided);
    case 'set-minimum':
      return checkMinimum(account, change.minimumMinor);
    default:
      return unreachable(change, 'account change');
  }
}

/** Nothing may be left or on its way. */
function checkClose(a: Applying, account: AccountRow, undecided: ChangeAccount['undecided']): Refused | Wait | null {
  const { balanceMinor, holdsMinor, pendingCreditsMinor, currency, number } = account;
  if (balanceMinor === 0n && holdsMinor === 0n) {
    if (pendingCreditsMinor === 0n) return null;
    const wait = undecidedCredits(a, account, 1n, undecided);
    if (wait !== null) return wait;
  }
  return refused('ACCOUNT_NOT_EMPTY', number, {
    balance: formatAmount(balanceMinor, currency),
    holds: formatAmount(holdsMinor, currency),
    pending: formatAmount(pendingCreditsMinor, currency),
    currency,
  });
}

function checkMinimum(account: AccountRow, minimumMinor: bigint): Refused | null {
  const { currency } = account;
  const free = account.balanceMinor - account.holdsMinor;
  if (free >= minimumMinor) return null;
  return refused('INSUFFICIENT_FUNDS', account.number, {
    available: formatAmount(free, currency),
    needed: formatAmount(minimumMinor, currency),
    minimum: formatAmount(account.minimumMinor, currency),
    currency,
  });
}

function withChange(account: AccountRow, change: ChangeAccount['change']): AccountRow {
  switch (change.kind) {
    case 'freeze':
      return { ...account, status: 'frozen' };
    case 'unfreeze':
      return { ...account, status: 'open' };
    case 'close':
      return { ...account, status: 'closed' };
    case 'set-minimum':
      return { ...account, minimumMinor: change.minimumMinor };
    default:
      return unreachable(change, 'account change');
  }
}
