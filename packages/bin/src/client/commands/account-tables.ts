/** Accounts as people read them, and as comma-separated values. */
import type { AccountView } from '@mas/transaction-coordinator';
import { formatAmount } from '@mas/values';
import { csvText, foreign } from '../csv';
import { coloured, moment, money, table } from '../output';

function readText({ level, ageMs, momentUs }: AccountView): string {
  if (momentUs !== null && level === 'committed') return `${level} at ${moment(momentUs)}`;
  return ageMs === null ? level : `${level}, ${ageMs} ms old`;
}

export function accountTable(accounts: readonly AccountView[]): string {
  return table(
    ['number', 'balance', 'minimum', 'held', 'incoming', 'status', 'owner', 'read', 'bucket', 'leader'],
    accounts.map((one) => [
      one.number,
      money(one.balanceMinor, one.currency),
      money(one.minimumMinor, one.currency),
      one.holdsMinor === null ? '' : money(one.holdsMinor, one.currency),
      one.pendingCreditsMinor === null ? '' : money(one.pendingCreditsMinor, one.currency),
      coloured(one.status),
      one.owner,
      readText(one),
      String(one.bucket),
      one.leader === null ? '' : `rm-${one.leader}`,
    ]),
    [1, 2, 3, 4],
    ['leader', 'bucket', 'read', 'minimum', 'incoming', 'owner'],
  );
}

const CSV_HEAD = ['number', 'balance', 'minimum', 'held', 'incoming', 'currency', 'status', 'owner', 'bucket'];

/** Amounts without a currency, so that they are numbers; empty where they are not known. */
export function accountCsv(accounts: readonly AccountView[]): string {
  const rows = accounts.map(({ number, balanceMinor, minimumMinor, holdsMinor, pendingCreditsMinor, currency, status, owner, bucket }) => [
    number,
    ...[balanceMinor, minimumMinor, holdsMinor, pendingCreditsMinor].map((minor) => (minor === null ? '' : formatAmount(minor, currency))),
    ...[currency, status, foreign(owner), String(bucket)],
  ]);
  return csvText(CSV_HEAD, rows);
}
