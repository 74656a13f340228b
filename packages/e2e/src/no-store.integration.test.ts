/**
 * Real processes on a real SQL server that stands still: callers hear within moments whose database it is, what is in memory is paid
 * from, and all is well again once the server goes on.
 */
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { numbersIn } from './harness/names';
import { Bank } from './testing/bank';

const NO_STORE = { code: 14, error: { reason: 'NO_STORE', facts: { bucket: '1', rm: expect.stringMatching(/^rm-[123]$/) as unknown } } };
/** Far longer than the answer takes on a busy machine. */
const PATIENCE_MS = 50_000;

let cluster: Cluster;
let bank: Bank;
let payer = '';
let payee = '';
let unread = '';

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers' });
  bank = new Bank(cluster);
  [payer = '', payee = '', unread = ''] = numbersIn(cluster.placement, 1, 'store', 3);
  await bank.open([payer, payee]);
});

afterAll(async () => {
  cluster?.sql?.resume();
  await cluster?.stop();
});

test('the SQL server stands still for everybody', async () => {
  const client = cluster.client({ timeoutMs: PATIENCE_MS });
  cluster.sql?.pause();
  await expect(client.getAccount(unread)).rejects.toMatchObject({
    ...NO_STORE,
    message: expect.stringMatching(/^The SQL server of rm-[123], which leads bucket 1, does not answer; try again once it is back\.$/) as unknown,
  });
  // Where an attempt of it had no answer, its outcome is unknown, and that says why as well.
  const cold = await client.createPayment({ id: `{${unread}}cold`, from: unread, to: payee, amount: { minor: 1n } }).catch((error: unknown) => error);
  const isUnknown = typeof cold === 'object' && cold !== null && 'kind' in cold && cold.kind === 'unknown';
  expect(cold).toMatchObject(
    isUnknown ? { kind: 'unknown', message: expect.stringMatching(/the SQL server of rm-[123], which leads bucket 1, does not answer/) as unknown } : NO_STORE,
  );
  expect(await client.createPayment({ id: `{${payer}}warm`, from: payer, to: payee, amount: { minor: 1n } })).toMatchObject({ kind: 'committed' });
  cluster.sql?.resume();
  await waitUntil(
    'rows come again',
    () =>
      client.getAccount(unread).then(
        () => true,
        (error: { readonly error?: { readonly reason?: string } }) => error.error?.reason === 'ACCOUNT_NOT_FOUND',
      ),
    { timeoutMs: 60_000 },
  );
  await bank.settled([payer, payee]);
});
