/** Payments as people read them, and with their commit times as text for programs. */
import type { LegRow, LegSpec } from '@mas/ledger';
import type { LegPage } from '@mas/rpc';
import type { PaymentView } from '@mas/transaction-coordinator';
import { formatAmount, splitPaymentKey } from '@mas/values';
import { csvText, foreign } from '../csv';
import { coloured, moment, money, table, time } from '../output';

/** For --json: beside `commitUs`, what tables show of it. */
export function datedView(view: PaymentView): object {
  return { ...view, committedAt: momentOrNull(view.commitUs) };
}

export function datedPage({ legs, ...page }: LegPage): object {
  return { legs: legs.map((leg) => ({ ...leg, committedAt: momentOrNull(leg.commitUs) })), ...page };
}

function momentOrNull(us: number | null): string | null {
  return us === null ? null : moment(us);
}

export function reasonText(reason: { readonly name: string; readonly account: string | null; readonly facts: Readonly<Record<string, string>> }): string {
  const facts = Object.entries(reason.facts).map(([name, value]) => `${name} ${value}`);
  return `${reason.name}${reason.account === null ? '' : ` (account ${reason.account})`}${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`;
}

export function viewTable(view: PaymentView): string {
  return table(
    ['payment', 'state', 'legs', 'reason', 'begun', 'ended', 'commit time'],
    [
      [
        view.id,
        coloured(view.state),
        (view.body?.legs ?? []).map(legText),
        view.reason === null ? '' : reasonText(view.reason),
        time(view.createdAtMs),
        time(view.endedAtMs),
        moment(view.commitUs),
      ],
    ],
    [],
    ['begun'],
  );
}

export function timeline(view: PaymentView): string {
  if (view.timeline.length === 0) return 'no timeline is kept of it any more (Redis was emptied, or it is too old); its outcome is final all the same';
  const startMs = view.timeline[0]?.atMs ?? 0;
  return table(
    ['+ms', 'step', 'bucket', ''],
    view.timeline.map((step) => [(step.atMs - startMs).toFixed(1), step.step, step.bucket === null ? '' : String(step.bucket), step.detail ?? '']),
    [0],
  );
}

export function legTable(legs: readonly LegRow[]): string {
  return table(
    ['time', 'payment', 'state', 'effect', 'amount', 'balance after', 'with', 'reason', 'commit time'],
    legs.map((leg) => [
      // The moment that --from and --until go by.
      time(leg.preparedAtMs),
      leg.key.slice(leg.key.indexOf('\0') + 1),
      coloured(leg.state),
      leg.spec.effect,
      money(leg.spec.amountMinor, leg.spec.currency),
      leg.journal === null ? '' : money(leg.journal.balanceAfterMinor, leg.spec.currency),
      (leg.body?.legs ?? [])
        .filter((other) => other.account !== leg.account)
        .map((other) => other.account)
        .join(', '),
      leg.reason === null ? '' : reasonText(leg.reason),
      moment(leg.commitUs),
    ]),
    [4, 5],
    ['commit time', 'reason', 'with', 'balance after'],
  );
}

const CSV_HEAD = ['time', 'payment', 'state', 'effect', 'amount', 'balance after', 'currency', 'with', 'memo', 'reason', 'commit time', 'txn'];

/** Amounts without a currency, so that they are numbers. */
export function legCsv(legs: readonly LegRow[]): string {
  const rows = legs.map(({ preparedAtMs, key, state, spec, journal, body, account, reason, commitUs, txn }) => {
    const others = (body?.legs ?? []).filter((other) => other.account !== account).map((other) => other.account);
    const after = journal === null ? '' : formatAmount(journal.balanceAfterMinor, spec.currency);
    return [
      ...[time(preparedAtMs), foreign(splitPaymentKey(key).id), state, spec.effect, formatAmount(spec.amountMinor, spec.currency), after, spec.currency],
      ...[foreign(others.join(' ')), foreign(body?.memo ?? ''), foreign(reason === null ? '' : reasonText(reason)), moment(commitUs), txn],
    ];
  });
  return csvText(CSV_HEAD, rows);
}

function legText(leg: LegSpec): string {
  return `${leg.effect} ${leg.account} ${money(leg.amountMinor, leg.currency)}`;
}
