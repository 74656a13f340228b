/**
 * What `npm start` shows of its work: accounts in different buckets, a payment that commits, one that asks too much and
 * one to nobody, the balances before and after, where each account lives, and one payment's way through both phases.
 */
import { randomUUID } from 'node:crypto';
import { genesisPlacement, PlacementIndex, slotOfAccount } from '@mas/placement';
import type { MasClient } from '@mas/rpc';
import type { AccountView, PaymentResult } from '@mas/transaction-coordinator';
import { accountNumber, formatAmount, rmId, type BucketId, type Currency } from '@mas/values';
import pc from 'picocolors';
import { coloured, money, table } from '../client/output';
import { BUCKETS, RESOURCE_MANAGERS } from './local-cluster';

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];
const OPENING_MINOR = 100_000n;
const PAID_MINOR = 12_345n;
const FIRST_PAYMENT_ATTEMPTS = 100;
const RETRY_MS = 100;

export interface Shown {
  /** What went differently than it must, empty when all is well. */
  readonly problems: readonly string[];
  readonly accounts: readonly string[];
}

export async function show(client: MasClient, print: (text: string) => void): Promise<Shown> {
  const problems: string[] = [];
  const run = randomUUID().slice(0, 8);
  const numbers = namesInDifferentBuckets();
  for (const number of numbers) await createAccount(client, number);
  const before = await client.getAccounts(numbers);
  const { sender, receiver, paidMinor } = choosePayment(before);
  print(`${pc.bold('Accounts')}, each in another bucket${before.some((one) => one.balanceMinor !== OPENING_MINOR) ? ' (found again from an earlier start)' : ''}:`);
  print(table(['account', 'balance', 'bucket', 'leader'], before.map((one) => [one.number, money(one.balanceMinor, one.currency), String(one.bucket), one.leader === null ? '' : `rm-${one.leader}`]), [1]));

  const paid = `{${sender}}demo-${run}`;
  const committed = await client.createPayment({ id: paid, from: sender, to: receiver, amount: { minor: paidMinor }, memo: 'dinner' });
  report(print, `${sender} pays ${receiver} ${formatAmount(paidMinor, 'USD' as Currency)}`, committed);
  if (committed.kind !== 'committed') problems.push(`the payment should have committed, but is ${committed.kind}`);
  const tooMuch = await client.createPayment({ id: `{${sender}}too-much-${run}`, from: sender, to: receiver, amount: { minor: 100_000_000n } });
  report(print, `${sender} pays ${receiver} more than there is`, tooMuch);
  expectAborted(tooMuch, 'INSUFFICIENT_FUNDS', problems);
  const toNobody = await client.createPayment({ id: `{${sender}}nobody-${run}`, from: sender, to: 'nobody', amount: { minor: 100n } });
  report(print, `${sender} pays an account that does not exist`, toNobody);
  expectAborted(toNobody, 'ACCOUNT_NOT_FOUND', problems);

  const after = await client.getAccounts(numbers);
  print(`\n${pc.bold('Balances')} before and after:`);
  print(table(['account', 'before', 'after', 'bucket', 'leader'], after.map((one, at) => [one.number, moneyOf(before[at]), moneyOf(one), String(one.bucket), one.leader === null ? '' : `rm-${one.leader}`]), [1, 2]));
  checkBalances(before, after, { sender, paidMinor }, problems);
  const view = await client.getPayment({ id: paid });
  print(`\n${pc.bold('One payment through both phases')} (${paid}):`);
  const startMs = view.timeline[0]?.atMs ?? 0;
  print(table(['+ms', 'step', 'bucket', ''], view.timeline.map((step) => [(step.atMs - startMs).toFixed(1), step.step, step.bucket === null ? '' : String(step.bucket), step.detail ?? '']), [0]));
  if (view.state !== 'COMMITTED') problems.push(`the payment is shown as ${view.state}`);
  return { problems, accounts: [sender, receiver] };
}

/** The first request of a new cluster may come before its buckets have leaders; its id makes asking again harmless. */
async function createAccount(client: MasClient, number: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.createAccount({ id: `demo-${number}`, number, openingBalance: { minor: OPENING_MINOR }, owner: 'demo' });
      return;
    } catch (error) {
      if (attempt === FIRST_PAYMENT_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function namesInDifferentBuckets(): [string, string, string] {
  const map = new PlacementIndex(genesisPlacement(Array.from({ length: RESOURCE_MANAGERS }, (_, at) => ({ rm: rmId(at + 1), address: '' })), BUCKETS, RESOURCE_MANAGERS));
  const chosen = new Map<BucketId, string>();
  for (const name of NAMES) {
    const bucket = map.bucketOf(slotOfAccount(accountNumber(name)));
    if (!chosen.has(bucket)) chosen.set(bucket, name);
  }
  const [first = 'alice', second = 'bob', third = 'carol'] = [...chosen.values()].sort();
  return [first, second, third];
}

/** The richest pays the poorest: however often it is started, and whatever was paid in between, there is money for it. */
export function choosePayment(accounts: readonly Pick<AccountView, 'number' | 'balanceMinor'>[]): { readonly sender: string; readonly receiver: string; readonly paidMinor: bigint } {
  const byBalance = [...accounts].sort((a, b) => (a.balanceMinor === b.balanceMinor ? 0 : a.balanceMinor > b.balanceMinor ? -1 : 1));
  const [richest, poorest] = [byBalance[0], byBalance.at(-1)];
  if (richest === undefined || poorest === undefined || richest === poorest) throw new Error('the show needs two accounts');
  return { sender: richest.number, receiver: poorest.number, paidMinor: richest.balanceMinor < 2n * PAID_MINOR ? richest.balanceMinor / 2n + 1n : PAID_MINOR };
}

function report(print: (text: string) => void, what: string, result: PaymentResult): void {
  const state = coloured(result.kind.toUpperCase());
  if (result.kind === 'aborted') {
    const facts = Object.entries(result.reason.facts).map(([name, value]) => `${name} ${value}`);
    print(`  ${state}  ${what}: ${result.reason.name}${result.reason.account === null ? '' : ` (${result.reason.account})`}${facts.length === 0 ? '' : `, ${facts.join(', ')}`}`);
  } else print(`  ${state}  ${what}`);
}

function expectAborted(result: PaymentResult, name: string, problems: string[]): void {
  if (result.kind !== 'aborted' || result.reason.name !== name) problems.push(`expected ABORTED with ${name}, got ${result.kind}${result.kind === 'aborted' ? ` with ${result.reason.name}` : ''}`);
}

function moneyOf(view: AccountView | undefined): string {
  return view === undefined ? '' : money(view.balanceMinor, view.currency);
}

function checkBalances(before: readonly AccountView[], after: readonly AccountView[], paid: { readonly sender: string; readonly paidMinor: bigint }, problems: string[]): void {
  const sum = (views: readonly AccountView[]): bigint => views.reduce((total, view) => total + view.balanceMinor, 0n);
  if (sum(before) !== sum(after)) problems.push(`money was not conserved: ${sum(before)} before, ${sum(after)} after`);
  const balance = (views: readonly AccountView[]): bigint => views.find((one) => one.number === paid.sender)?.balanceMinor ?? 0n;
  const moved = balance(before) - balance(after);
  if (moved !== paid.paidMinor) problems.push(`the sender paid ${moved} instead of ${paid.paidMinor}`);
}
