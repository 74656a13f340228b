/**
 * What `npm start` shows of its work: accounts in different buckets, a payment that commits, one that asks too much and
 * one to nobody, the balances before and after, where each account lives, and one payment's way through both phases.
 */
import { randomUUID } from 'node:crypto';
import { genesisPlacement, PlacementIndex, slotOfAccount } from '@mas/placement';
import { MasCallFailed, type MasClient } from '@mas/client';
import type { AccountView, PaymentResult } from '@mas/transaction-coordinator';
import { accountNumber, formatAmount, present, rmId, type BucketId, type Currency } from '@mas/values';
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

/** @param starts how often it was shown before on this cluster's data: every show has accounts of its own, whatever was done with earlier ones */
export async function show(client: MasClient, starts: number, print: (text: string) => void): Promise<Shown> {
  const problems: string[] = [];
  const run = randomUUID().slice(0, 8);
  const numbers = await openAccounts(client, starts);
  const [sender, bystander, receiver] = numbers;
  const before = await client.getAccounts(numbers);
  print(`${pc.bold('Accounts')}, each in another bucket:`);
  print(
    table(
      ['account', 'balance', 'bucket', 'leader'],
      before.map((one) => [one.number, money(one.balanceMinor, one.currency), String(one.bucket), one.leader === null ? '' : `rm-${one.leader}`]),
      [1],
    ),
  );

  const paid = `{${sender}}demo-${run}`;
  const committed = await client.createPayment({ id: paid, from: sender, to: receiver, amount: { minor: PAID_MINOR }, memo: 'dinner' });
  report(print, `${sender} pays ${receiver} ${formatAmount(PAID_MINOR, 'USD' as Currency)}`, committed);
  if (committed.kind !== 'committed') problems.push(`the payment should have committed, but is ${committed.kind}`);
  const tooMuch = await client.createPayment({ id: `{${sender}}too-much-${run}`, from: sender, to: receiver, amount: { minor: 100_000_000n } });
  report(print, `${sender} pays ${receiver} more than there is`, tooMuch);
  expectAborted(tooMuch, 'INSUFFICIENT_FUNDS', problems);
  const toNobody = await client.createPayment({ id: `{${sender}}nobody-${run}`, from: sender, to: 'nobody', amount: { minor: 100n } });
  report(print, `${sender} pays an account that does not exist`, toNobody);
  expectAborted(toNobody, 'ACCOUNT_NOT_FOUND', problems);

  const after = await client.getAccounts(numbers);
  print(`\n${pc.bold('Balances')} before and after:`);
  print(
    table(
      ['account', 'before', 'after', 'bucket', 'leader'],
      after.map((one, at) => [one.number, moneyOf(before[at]), moneyOf(one), String(one.bucket), one.leader === null ? '' : `rm-${one.leader}`]),
      [1, 2],
    ),
  );
  checkBalances(before, after, sender, problems);
  const view = await client.getPayment({ id: paid });
  print(`\n${pc.bold('One payment through both phases')} (${paid}):`);
  const startMs = view.timeline[0]?.atMs ?? 0;
  print(
    table(
      ['+ms', 'step', 'bucket', ''],
      view.timeline.map((step) => [(step.atMs - startMs).toFixed(1), step.step, step.bucket === null ? '' : String(step.bucket), step.detail ?? '']),
      [0],
    ),
  );
  if (view.state !== 'COMMITTED') problems.push(`the payment is shown as ${view.state}`);
  return { problems, accounts: [sender, receiver, bystander] };
}

/** Accounts that nobody has had before: alice, carol and erin, then alice-2 … */
async function openAccounts(client: MasClient, starts: number): Promise<readonly [string, string, string]> {
  for (let show = starts + 1; ; show += 1) {
    const numbers = namesInDifferentBuckets(show);
    const opened: boolean[] = [];
    for (const number of numbers) opened.push(await openAccount(client, number));
    if (opened.every((one) => one)) return numbers;
  }
}

/** False where there is such an account already. The first request of a new cluster may come before its buckets have leaders; its id makes asking again harmless. */
async function openAccount(client: MasClient, number: string): Promise<boolean> {
  const id = `show-${randomUUID()}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.createAccount({ id, number, openingBalance: { minor: OPENING_MINOR }, owner: 'demo' });
      return true;
    } catch (error) {
      if (error instanceof MasCallFailed && error.error.reason === 'ACCOUNT_EXISTS') return false;
      if (attempt === FIRST_PAYMENT_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** @param show counted from 1; the first has the bare names */
export function namesInDifferentBuckets(show: number): readonly [string, string, string] {
  const map = new PlacementIndex(
    genesisPlacement(
      Array.from({ length: RESOURCE_MANAGERS }, (_, at) => ({ rm: rmId(at + 1), address: '' })),
      BUCKETS,
      RESOURCE_MANAGERS,
    ),
  );
  const chosen = new Map<BucketId, string>();
  for (let round = 0; chosen.size < BUCKETS; round += 1) {
    for (const name of NAMES) {
      const number = `${name}${show === 1 ? '' : `-${show}`}${round === 0 ? '' : `-${round}`}`;
      const bucket = map.bucketOf(slotOfAccount(accountNumber(number)));
      if (!chosen.has(bucket)) chosen.set(bucket, number);
    }
  }
  const [first, second, third] = [...chosen.values()].sort();
  return [present(first, 'name'), present(second, 'name'), present(third, 'name')];
}

function report(print: (text: string) => void, what: string, result: PaymentResult): void {
  const state = coloured(result.kind.toUpperCase());
  if (result.kind === 'aborted') {
    const facts = Object.entries(result.reason.facts).map(([name, value]) => `${name} ${value}`);
    print(
      `  ${state}  ${what}: ${result.reason.name}${result.reason.account === null ? '' : ` (${result.reason.account})`}${facts.length === 0 ? '' : `, ${facts.join(', ')}`}`,
    );
  } else print(`  ${state}  ${what}`);
}

function expectAborted(result: PaymentResult, name: string, problems: string[]): void {
  if (result.kind !== 'aborted' || result.reason.name !== name)
    problems.push(`expected ABORTED with ${name}, got ${result.kind}${result.kind === 'aborted' ? ` with ${result.reason.name}` : ''}`);
}

function moneyOf(view: AccountView | undefined): string {
  return view === undefined ? '' : money(view.balanceMinor, view.currency);
}

function checkBalances(before: readonly AccountView[], after: readonly AccountView[], sender: string, problems: string[]): void {
  const sum = (views: readonly AccountView[]): bigint => views.reduce((total, view) => total + view.balanceMinor, 0n);
  if (sum(before) !== sum(after)) problems.push(`money was not conserved: ${sum(before)} before, ${sum(after)} after`);
  const balance = (views: readonly AccountView[]): bigint => views.find((one) => one.number === sender)?.balanceMinor ?? 0n;
  const moved = balance(before) - balance(after);
  if (moved !== PAID_MINOR) problems.push(`the sender paid ${moved} instead of ${PAID_MINOR}`);
}
