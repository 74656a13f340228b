/** Somebody changes money in the database of one replica, past every process: the audit says where, and so does the exit code. */
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { masClient, type Ran } from './harness/command';
import { Bank } from './testing/bank';

const CONSISTENT = 0;
const DIFFERENCES = 9;

let cluster: Cluster;
let bank: Bank;

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers' });
  bank = new Bank(cluster);
  await bank.open(['alice', 'bob']);
  await bank.pay('alice', 'bob', 250n);
  await bank.settled(['alice', 'bob']);
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

function audit(...flags: readonly string[]): Promise<Ran> {
  return masClient(['audit', ...flags], {
    MAS_TC: cluster.addresses().join(','),
    MAS_CERT: join(cluster.certs(), 'ca.crt'),
    MAS_TOKEN: cluster.operatorToken(),
  });
}

/** While the replica's process is away, so that nothing of it is in memory when it comes back. */
async function addToBalance(rm: string, account: string, minor: bigint): Promise<void> {
  await cluster.process(rm).stop();
  const sql = await createConnection({ host: '127.0.0.1', port: cluster.sql?.port ?? 0, user: 'root', database: `mas${rm.slice(2)}` });
  try {
    const [changed] = await sql.execute('UPDATE account SET balance_minor = balance_minor + ? WHERE number = ?', [String(minor), account]);
    expect(changed).toMatchObject({ affectedRows: 1 });
  } finally {
    await sql.end();
  }
  await cluster.whole();
}

async function auditedUntil(code: number): Promise<Ran> {
  let last: Ran | null = null;
  await waitUntil(`the audit ends with exit code ${code}`, async () => (last = await audit()).code === code, {
    timeoutMs: 180_000,
    diagnostics: () => JSON.stringify(last),
  });
  return last ?? (await audit());
}

test('one cent more on one replica is found, and named; put back, all is well', async () => {
  await auditedUntil(CONSISTENT);
  await addToBalance('rm3', 'alice', 1n);
  const found = await auditedUntil(DIFFERENCES);
  expect(found.stdout).toMatch(/NOT consistent/);
  expect(found.stderr).toMatch(/^mas-client: .*RM 3.*Account alice: its journal ends at 97\.50, but its balance is 97\.51\.[^\n]*\n$/);
  expect(JSON.parse((await audit('--json')).stdout)).toMatchObject({ consistent: false });
  await addToBalance('rm3', 'alice', -1n);
  await auditedUntil(CONSISTENT);
});
