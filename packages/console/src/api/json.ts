/** What the cluster answers, as JSON for the pages: amounts exact, as decimal texts. */
import type { LegRow, LegSpec } from '@mas/ledger';
import type { MasClient } from '@mas/client';
import { formatAmount, splitPaymentKey } from '@mas/values';
import type { AccountView, DoubtsView, LegView, LockView, PaymentView, ResultView } from './views';

type Answer<Method extends keyof MasClient> = MasClient[Method] extends (...args: never[]) => Promise<infer Value> ? Value : never;
type Reason = NonNullable<Answer<'getPayment'>['reason']>;

/** More than a person works through; when a bucket has no quorum there may be thousands. */
const MAX_DOUBTS = 100;
/** Of a leg, as it changed the balance; what only reserves or frees has no sign. */
const SIGNS: Readonly<Partial<Record<LegSpec['effect'], string>>> = { debit: '\u2212', 'refund-debit': '\u2212', capture: '\u2212', credit: '+' };

export function reasonText({ name, account, facts }: Reason): string {
  const known = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`);
  return `${name}${account === null ? '' : ` (${account})`}${known.length === 0 ? '' : `: ${known.join(', ')}`}`;
}

export function accountView(account: Answer<'getAccount'>, pendingCreditsMinor: bigint | null): AccountView {
  const { currency, balanceMinor, holdsMinor, minimumMinor } = account;
  const text = (minor: bigint): string => formatAmount(minor, currency);
  return {
    number: account.number,
    currency,
    status: account.status,
    owner: account.owner,
    balance: text(balanceMinor),
    holds: holdsMinor === null ? null : text(holdsMinor),
    pendingCredits: pendingCreditsMinor === null ? null : text(pendingCreditsMinor),
    available: text(balanceMinor - (holdsMinor ?? 0n) - minimumMinor),
    minimum: text(minimumMinor),
    createdAtMs: account.createdAtMs,
    bucket: account.bucket,
    leader: account.leader === null ? null : `rm-${account.leader}`,
    momentUs: account.momentUs,
  };
}

export function legView(leg: LegRow): LegView {
  const { currency, effect, amountMinor } = leg.spec;
  return {
    ...splitPaymentKey(leg.key),
    txn: leg.txn,
    account: leg.account,
    atMs: leg.endedAtMs ?? leg.preparedAtMs,
    state: leg.state,
    effect,
    amount: `${SIGNS[effect] ?? ''}${formatAmount(amountMinor, currency)}`,
    currency,
    balanceAfter: leg.journal === null ? null : formatAmount(leg.journal.balanceAfterMinor, currency),
    with: (leg.body?.legs ?? []).filter(({ account }) => account !== leg.account).map(({ account }) => account),
    reason: leg.reason === null ? null : reasonText(leg.reason),
    memo: leg.body?.memo ?? '',
  };
}

export function paymentView(payment: Answer<'getPayment'>): PaymentView {
  const { id, scope, txn, state, body, reason, createdAtMs, endedAtMs, commitUs, timeline, outcome } = payment;
  return {
    id,
    scope,
    txn,
    state,
    kind: body?.kind ?? null,
    memo: body?.memo ?? '',
    legs: (body?.legs ?? []).map(({ account, effect, amountMinor, currency }) => ({ account, effect, amount: formatAmount(amountMinor, currency), currency })),
    reason: reason === null ? null : reasonText(reason),
    createdAtMs,
    endedAtMs,
    commitUs,
    untold: outcome?.untold.map(({ account }) => account) ?? [],
    steps: timeline,
  };
}

export function doubtsView({ transactions, payments, silent }: Answer<'undecided'>): DoubtsView {
  const legs = transactions.map(({ bucket, transaction: { txn, key, leg, ageMs }, home }) => ({
    ...splitPaymentKey(key),
    txn,
    ageMs,
    bucket,
    account: leg.account,
    amount: `${formatAmount(leg.spec.amountMinor, leg.spec.currency)} ${leg.spec.currency}`,
    coordinator: null,
    home,
  }));
  const unseen = payments.map(({ id, scope, txn, coordinator, homeBucket, ageMs, home }) => ({
    id,
    scope,
    txn,
    ageMs,
    bucket: homeBucket,
    account: null,
    amount: null,
    coordinator,
    home,
  }));
  const all = [...legs, ...unseen].sort((a, b) => b.ageMs - a.ageMs);
  return { doubts: all.slice(0, MAX_DOUBTS), more: Math.max(0, all.length - MAX_DOUBTS), silentBuckets: silent };
}

export function resultView(result: Answer<'resolve'>): ResultView {
  switch (result.kind) {
    case 'committed':
      return { state: 'COMMITTED', reason: null };
    case 'aborted':
      return { state: 'ABORTED', reason: reasonText(result.reason) };
    case 'unknown':
      return { state: 'UNKNOWN', reason: result.message };
  }
}

export function lockView({ lockId, mode, holders, waiting, lastBreak }: Answer<'getLock'>): LockView {
  return { id: lockId, mode, holders, waiting, lastBreak: lastBreak === null ? null : { by: lastBreak.by, atMs: lastBreak.atMs } };
}
