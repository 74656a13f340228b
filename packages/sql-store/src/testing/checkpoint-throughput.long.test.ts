/**
 * How fast checkpoints go to disk: batches as 2,000 payments leave them (per payment two accounts, two legs, one outcome), on
 * the embedded database and on MariaDB with its commits synced. Prints the figures; the floor asserted is far below them, and
 * only catches a mistake of a whole order (a lost bulk statement, a secondary index).
 */
import { join } from 'node:path';
import { startMariaDb, startMySql, mySqlIsHere, tempFolder } from '@mas/test-servers';
import type { AppliedStore } from '@mas/resource-manager';
import { accountNumber, bucketId } from '@mas/values';
import { account, batch, body, key, leg, outcome, position, txn } from '@mas/testkit/applied-store';
import { openEmbeddedStore, openMysqlStore } from '../open-store';

const PAYMENTS_PER_BATCH = 2_000;
const BATCHES = 12;
const ACCOUNTS = 20_000;
const ROWS_PER_PAYMENT = 5;
const FLOOR_ROWS_PER_SECOND = 3_000;

function rowsOfBatch(number: number) {
  const rows = { accounts: new Map<string, ReturnType<typeof account>>(), legs: [] as ReturnType<typeof leg>[], outcomes: [] as ReturnType<typeof outcome>[] };
  for (let n = 0; n < PAYMENTS_PER_BATCH; n++) {
    const serial = number * PAYMENTS_PER_BATCH + n;
    const [from, to] = [`acc-${(serial * 7_919) % ACCOUNTS}`, `acc-${(serial * 104_729 + 1) % ACCOUNTS}`];
    const paid = body({ legs: [from, to].map((name, at) => ({ ...body().legs[at]!, account: accountNumber(name) })) });
    const ofKey = key(from, `0b9f6c1e-5a1c-4d62-9a0e-${serial.toString(16).padStart(12, '0')}`);
    const common = { txn: txn(serial), key: ofKey, body: paid };
    for (const name of [from, to]) {
      rows.accounts.set(name, account(name, { balanceMinor: BigInt(serial), rev: number }));
      rows.legs.push(leg(name, (number + 1) * 4_096 * 4_096 + n, common));
    }
    rows.outcomes.push(outcome(ofKey, { txn: txn(serial), body: paid }));
  }
  return { ...rows, accounts: [...rows.accounts.values()] };
}

async function measure(what: string, store: AppliedStore): Promise<number> {
  await store.migrate();
  const bucket = bucketId(1);
  const { store: rows } = await store.openBucket(bucket);
  let written = 0;
  const cpuBefore = process.cpuUsage();
  let elapsedMs = 0;
  for (let number = 0; number < BATCHES; number++) {
    const content = rowsOfBatch(number);
    const startedAtMs = performance.now();
    await rows.checkpoint(batch(bucket, { previous: number === 0 ? position(0, 0) : position(number), applied: position(number + 1), ...content }));
    elapsedMs += performance.now() - startedAtMs;
    written += content.accounts.length + content.legs.length + content.outcomes.length;
  }
  const cpu = process.cpuUsage(cpuBefore);
  const perSecond = Math.round((written / elapsedMs) * 1_000);
  const content = rowsOfBatch(3);
  const request = {
    accounts: content.accounts.slice(0, 1_000).map((row) => row.number),
    legs: [],
    outcomes: content.outcomes.slice(0, 1_000).map((row) => row.key),
  };
  const loadStartedAtMs = performance.now();
  const loaded = await rows.load(request);
  const loadMs = performance.now() - loadStartedAtMs;
  expect(loaded.outcomes).toHaveLength(1_000);
  process.stdout.write(
    `${what}: ${perSecond} rows/s (${Math.round(perSecond / ROWS_PER_PAYMENT)} payments/s), ${((cpu.user + cpu.system) / written).toFixed(1)} µs CPU of this process a row with making them; ` +
      `load of 1,000 accounts and 1,000 outcomes ${loadMs.toFixed(0)} ms; rss ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB\n`,
  );
  await store.close();
  return perSecond;
}

test('embedded', async () => {
  const folder = await tempFolder('mas-throughput');
  expect(await measure('embedded', await openEmbeddedStore({ file: join(folder.path, 'rm.db') }))).toBeGreaterThan(FLOOR_ROWS_PER_SECOND);
  await folder.remove();
});

test('MariaDB', async () => {
  const server = await startMariaDb({ durability: 'durable', memory: 'large' });
  expect(await measure('MariaDB', await openMysqlStore({ url: server.url, database: 'throughput' }))).toBeGreaterThan(FLOOR_ROWS_PER_SECOND);
  await server.stop();
});

(mySqlIsHere() ? test : test.skip)('MySQL', async () => {
  const server = await startMySql({ durability: 'durable', memory: 'large' });
  expect(await measure('MySQL', await openMysqlStore({ url: server.url, database: 'throughput' }))).toBeGreaterThan(FLOOR_ROWS_PER_SECOND);
  await server.stop();
});
