/**
 * Statements while payments go on, on real processes: at moments chosen at random, the statements of all accounts add up to what was issued, and each is told again as
 * it was, by mas-client, the client of applications and the gateway alike. And mas-client's three forms of one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type MasClient } from '@mas/client';
import { Cluster } from './harness/cluster';
import { masClient, type Ran } from './harness/command';
import { numberIn } from './harness/names';
import { Bank, OPENING_MINOR } from './testing/bank';
import { GatewayProcess } from './testing/gateway-process';

interface Told {
  readonly openingMinor: string;
  readonly closingMinor: string;
  readonly closingUs: number;
  readonly movements: readonly { readonly payment: string; readonly amountMinor: string; readonly balanceMinor: string; readonly memo: string }[];
}

const ACCOUNTS_PER_BUCKET = 2;
const PAYERS = 6;
/** However busy the machine is. */
const PATIENCE_MS = 60_000;

let cluster: Cluster;
let bank: Bank;
let client: MasClient;
let accounts: readonly string[];
let application: Client;
let gateway: GatewayProcess;

beforeAll(async () => {
  cluster = await Cluster.start();
  client = cluster.client({ timeoutMs: PATIENCE_MS });
  bank = new Bank(cluster, client);
  accounts = [1, 2, 3].flatMap((bucket) => Array.from({ length: ACCOUNTS_PER_BUCKET }, (_, at) => numberIn(cluster.placement, bucket, `s${at}`)));
  await bank.open(accounts);
  application = new Client({
    addresses: cluster.addresses(),
    ca: readFileSync(join(cluster.certs(), 'ca.crt')),
    token: cluster.operatorToken(),
    timeoutMs: PATIENCE_MS,
  });
  gateway = await GatewayProcess.start(cluster);
});

afterAll(async () => {
  application?.close();
  await gateway?.stop();
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

function ask(...args: readonly string[]): Promise<Ran> {
  return masClient(args, { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() });
}

async function statementOf(account: string, ...period: readonly string[]): Promise<Told> {
  const ran = await ask('account', 'statement', account, ...period, '--json', '--timeout', String(PATIENCE_MS));
  if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Told;
}

/** Through the client of applications, in the form that mas-client prints. */
async function applicationsStatement(account: string, toUs: number): Promise<unknown> {
  const told = await application.statement(account, { toUs });
  if (!told.ok) throw new Error(told.error.message);
  return JSON.parse(JSON.stringify(told.value, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
}

interface OverHttp {
  readonly statement: Told;
}

const sum = (amounts: readonly string[]): bigint => amounts.reduce((total, amount) => total + BigInt(amount), 0n);

/** Until told to stop: pairs of accounts, any buckets; what is refused for lack of money is refused. */
async function payOn(isOver: () => boolean): Promise<void> {
  for (let at = 0; !isOver(); at += 1) {
    const [from = '', to = ''] = [accounts[at % accounts.length], accounts[(at * 5 + 1) % accounts.length]];
    if (from !== to) await bank.pay(from, to, BigInt(1 + (at % 7)), { memo: `payment ${at}` });
  }
}

test('while payments go on: at any moment the statements of all accounts add up to what was issued, for good', async () => {
  let isOver = false;
  const paying = Array.from({ length: PAYERS }, async () => payOn(() => isOver));
  const issued = OPENING_MINOR * BigInt(accounts.length);
  const moments: number[] = [];
  const told = new Map<string, Told>();
  try {
    for (let round = 0; round < 3; round += 1) {
      const [first] = await client.getAccounts(accounts);
      const us = first?.momentUs ?? 0;
      moments.push(us);
      const statements = await Promise.all(accounts.map((account) => statementOf(account, '--to', String(us + 1))));
      expect(sum(statements.map(({ closingMinor }) => closingMinor))).toBe(issued);
      expect(sum(statements.flatMap(({ movements }) => movements.map(({ amountMinor }) => amountMinor)))).toBe(issued);
      accounts.forEach((account, at) => told.set(`${account} ${us}`, statements[at] as Told));
    }
  } finally {
    isOver = true;
    await Promise.all(paying);
  }
  for (const account of accounts) {
    for (const us of moments) expect(await statementOf(account, '--to', String(us + 1))).toEqual(told.get(`${account} ${us}`));
    for (const us of moments) {
      const before = told.get(`${account} ${us}`);
      expect(before).toMatchObject((await applicationsStatement(account, us + 1)) as object);
      const { statement } = (await gateway.get(`/v1/accounts/${account}/statement?toUs=${us + 1}`, cluster.operatorToken())) as OverHttp;
      expect({ ...statement, closingUs: Number(statement.closingUs), movements: null }).toMatchObject({
        ...{ closingMinor: before?.closingMinor, closingUs: before?.closingUs, openingMinor: before?.openingMinor },
      });
      const essence = ({ payment, amountMinor, balanceMinor, memo }: Told['movements'][number]): object => ({ payment, amountMinor, balanceMinor, memo });
      expect(statement.movements.map(essence)).toEqual(before?.movements.map(essence));
    }
    const [first = 0, second = 0] = moments;
    const between = await statementOf(account, '--from', String(first + 1), '--to', String(second + 1));
    expect([between.openingMinor, between.closingMinor]).toEqual([first, second].map((us) => told.get(`${account} ${us}`)?.closingMinor));
  }
  const { totals } = await client.audit();
  const now = await Promise.all(accounts.map((account) => statementOf(account)));
  expect(sum(now.map(({ closingMinor }) => closingMinor))).toBe(totals[0]?.balancesMinor);
});

test('an account reads its own with its own token, and no other', async () => {
  const [own = '', other = ''] = accounts;
  const environment = { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.accountToken(own) };
  expect((await masClient(['account', 'statement', own], environment)).code).toBe(0);
  expect((await masClient(['account', 'statement', other], environment)).code).toBe(3);
});

test('as a table, as CSV, as JSON', async () => {
  const [from = '', to = ''] = [numberIn(cluster.placement, 1, 'giver'), numberIn(cluster.placement, 2, 'taker')];
  await bank.open([from, to]);
  const id = bank.mint(from);
  await bank.pay(from, to, 1_234n, { id, memo: '=SUM(A1:A9), "quoted"' });
  const [shown, csv] = [await ask('account', 'statement', from), await ask('account', 'statement', to, '--csv')];
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/1 movement|2 movements/);
  expect(shown.stdout).toMatch(/-12\.34 USD[^\n]*87\.66 USD/);
  const lines = csv.stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('time,kind,payment,amount,balance,currency,counterparties,memo,txn');
  expect(lines).toHaveLength(5);
  expect(lines[3]).toContain(`,payment,${id},12.34,112.34,USD,${from},"'=SUM(A1:A9), ""quoted""",`);
  expect(lines[4]).toMatch(/,closing balance,,,112\.34,USD,,,$/);
  expect(await ask('account', 'statement', to, '--csv', '--json')).toMatchObject({ code: 2, stdout: '' });
  expect(await ask('account', 'statement', to, '--from', '2026-02-02', '--to', '2026-02-01')).toMatchObject({ code: 2, stdout: '' });
  expect(await ask('account', 'statement', 'nobody')).toMatchObject({ code: 4, stdout: '' });
});
