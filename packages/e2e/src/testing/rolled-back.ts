/**
 * What must be true after a payment was rolled back, whatever made it fail: as if it had never been, except that it is
 * listed as aborted, with its reason.
 */
import { expect } from '@jest/globals';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { waitUntil } from '@mas/test-servers';
import { entryInRedis, type Bank } from './bank';

export interface RolledBack {
  readonly id: string;
  readonly reason: string;
  /** Accounts that exist, with what they held before. */
  readonly before: ReadonlyMap<string, bigint>;
}

const LISTED_TIMEOUT_MS = 90_000;

export async function expectRolledBack(bank: Bank, { id, reason, before }: RolledBack): Promise<void> {
  const accounts = [...before.keys()];
  await bank.settled(accounts);
  const balances = await bank.balances(accounts);
  expect(new Map(accounts.map((account, at) => [account, balances[at]]))).toEqual(before);
  const view = await bank.client.getPayment({ id });
  expect({ state: view.state, reason: view.reason?.name }).toEqual({ state: 'ABORTED', reason });
  await entryAborted(bank, id, reason);
  for (const account of accounts) await listedAborted(bank, account, view.txn, reason);
  expect((await bank.client.undecided()).transactions.filter((entry) => entry.transaction.txn === view.txn)).toEqual([]);
}

export function expectAborted(result: PaymentResult, reason: string): void {
  expect(result.kind === 'aborted' ? { kind: result.kind, reason: result.reason.name } : result).toEqual({ kind: 'aborted', reason });
}

/** The same accounts pay as if nothing had been. */
export async function expectPays(bank: Bank, from: string, to: string): Promise<void> {
  const [fromBefore = 0n, toBefore = 0n] = await bank.balances([from, to]);
  expect((await bank.pay(from, to, 7n)).kind).toBe('committed');
  expect(await bank.balances([from, to])).toEqual([fromBefore - 7n, toBefore + 7n]);
}

async function entryAborted(bank: Bank, id: string, reason: string): Promise<void> {
  let seen: unknown = null;
  await waitUntil(
    `Redis shows ${id} as ABORTED with ${reason}`,
    async () => {
      const entry = await entryInRedis(bank.cluster, id);
      seen = entry === null ? null : { state: entry.state, reason: entry.reason };
      return entry?.state === 'ABORTED' && entry.reason?.name === reason && entry.subTransactions.every((leg) => leg.state !== 'COMMITTED');
    },
    { timeoutMs: LISTED_TIMEOUT_MS, intervalMs: 50, diagnostics: () => JSON.stringify(seen) },
  );
}

async function listedAborted(bank: Bank, account: string, txn: string, reason: string): Promise<void> {
  let seen: unknown = null;
  await waitUntil(
    `account ${account} lists ${txn} as aborted with ${reason}`,
    async () => {
      const leg = (await bank.client.listPayments({ account, pageSize: 20 })).legs.find((one) => one.txn === txn);
      seen = leg === undefined ? 'not listed' : { state: leg.state, reason: leg.reason };
      return leg?.state === 'aborted' && leg.reason?.name === reason && leg.journal === null;
    },
    { timeoutMs: LISTED_TIMEOUT_MS, intervalMs: 50, diagnostics: () => JSON.stringify(seen) },
  );
}
