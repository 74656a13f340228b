/** Answers as applications get them: without what only operators and nodes need. */
import type { LegSpec, LegRow, PaymentBody } from '@mas/ledger';
import type { AcquiredLocks, CreatedAccount } from '@mas/rpc';
import type { AccountView, PaymentResult, PaymentView } from '@mas/transaction-coordinator';
import { splitPaymentKey, unreachable } from '@mas/values';
import { failed, success, type Outcome } from './outcome';
import type { Account, HeldLocks, Leg, Movement, OpenedAccount, PaidPayment, PaymentStatus, Reason } from './types';

type AbortReason = NonNullable<PaymentView['reason']>;

export function accountOf(view: AccountView): Account {
  const { number, currency, status, owner, balanceMinor, minimumMinor, holdsMinor, pendingCreditsMinor, momentUs, ageMs, createdAtMs } = view;
  return { number, currency, status, owner, balanceMinor, minimumMinor, holdsMinor, pendingCreditsMinor, momentUs, ageMs, createdAtMs };
}

export function openedOf({ account, ...rest }: CreatedAccount): OpenedAccount {
  return { account: accountOf(account), ...rest };
}

/** Aborted and unknown are errors: whoever pays has to look at them. */
export function paidOf(id: string, result: PaymentResult): Outcome<PaidPayment> {
  const { txn } = result;
  switch (result.kind) {
    case 'committed': {
      const { kind, legs, memo } = contentOf(result.body);
      return success({ id, txn, atMs: result.atMs, kind, legs, memo, balances: result.balances.map((balance) => ({ ...balance })) });
    }
    case 'aborted': {
      const { name, account, facts } = result.reason;
      const about = account === null ? {} : { account };
      const details = Object.entries({ ...about, ...facts }).map(([fact, value]) => `${fact} ${value}`);
      return failed('aborted', name, `the payment was aborted: ${[name, ...details].join(', ')}`, { facts: { ...facts, ...about, txn } });
    }
    case 'unknown':
      return failed('unavailable', 'OUTCOME_UNKNOWN', result.message, { facts: { txn }, mayHaveHappened: true });
    default:
      return unreachable(result, 'payment result');
  }
}

export function statusOf(view: PaymentView): PaymentStatus {
  const { id, txn, state, body, reason, createdAtMs, endedAtMs, commitUs } = view;
  const content = body === null ? NOTHING : contentOf(body);
  return { id, txn, state, ...content, reason: reasonOf(reason), createdAtMs, endedAtMs, commitUs };
}

export function movementOf(row: LegRow): Movement {
  const { account, key, txn, spec, body, journal, preparedAtMs, endedAtMs, commitUs } = row;
  const { effect, amountMinor, currency } = spec;
  const { legs, memo } = body === null ? NOTHING : contentOf(body);
  const state = STATES[row.state];
  const reason = reasonOf(row.reason);
  const balanceAfterMinor = journal?.balanceAfterMinor ?? null;
  const { id } = splitPaymentKey(key);
  return { account, id, txn, state, effect, amountMinor, currency, legs, memo, reason, balanceAfterMinor, preparedAtMs, endedAtMs, commitUs };
}

export function heldOf({ handle, locks, timeoutMs }: AcquiredLocks): HeldLocks {
  return { handle, locks: locks.map(({ lockId, token }) => ({ lockId, token })), holdMs: timeoutMs };
}

const STATES = { prepared: 'PREPARED', committed: 'COMMITTED', aborted: 'ABORTED' } as const;
const NOTHING = { kind: null, legs: [], memo: '' } as const;

function contentOf({ kind, legs, memo }: PaymentBody): Pick<PaidPayment, 'kind' | 'legs' | 'memo'> {
  return { kind, legs: legs.map(legOf), memo };
}

function legOf({ account, effect, amountMinor, currency }: LegSpec): Leg {
  return { account, effect, amountMinor, currency };
}

function reasonOf(reason: AbortReason | null): Reason | null {
  return reason === null ? null : { reason: reason.name, account: reason.account, facts: reason.facts };
}
