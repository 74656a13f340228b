/**
 * Today's programs on the disks of a cluster of an earlier version (fixtures/README.md): whatever it has answered stays answered, what was under way
 * ends, and it pays on.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MasClient, PaymentInput } from '@mas/client';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { present } from '@mas/values';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT } from './harness/mas-process';

const FIXTURES = join(REPOSITORY_ROOT, 'packages/e2e/fixtures');
const OPENING_MINOR = 100_000n;
const ENDS_WITHIN_MS = 180_000;

interface Recorded {
  readonly accounts: readonly string[];
  readonly answers: readonly { readonly request: PaymentInput; readonly kind: PaymentResult['kind']; readonly txn: string }[];
  readonly doubtful: PaymentInput;
}

function recorded(name: string): Recorded {
  const bigints = (_: string, value: unknown): unknown => (typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value);
  return JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), 'utf8'), bigints) as Recorded;
}

describe.each(['before-clusters', 'first-txns'])('on the data of %s', (name) => {
  const { accounts, answers, doubtful } = recorded(name);
  let data: TempFolder;
  let cluster: Cluster;
  let client: MasClient;

  beforeAll(async () => {
    data = await tempFolder('mas-old-data');
    execFileSync('tar', ['-C', data.path, '-xzf', join(FIXTURES, `${name}.tar.gz`)]);
    cluster = await Cluster.start({ storage: 'embedded', dataOf: (process) => join(data.path, process, 'data') });
    client = cluster.client();
  });
  afterAll(async () => {
    await cluster?.stop();
    await data?.remove();
  });

  test('the payment that was in doubt ends, and its holds with it', async () => {
    await waitUntil('nothing is undecided', async () => (await client.undecided()).transactions.length === 0, {
      timeoutMs: ENDS_WITHIN_MS,
      diagnostics: () => cluster.diagnostics(),
    });
    const end = await client.createPayment(doubtful);
    expect(end.kind === 'aborted' ? end.reason.name : end.kind).toMatch(/^(committed|ABANDONED)$/);
  });

  test('every payment that was answered is answered the same, under its txn, and is not made twice', async () => {
    const before = await client.getAccounts(accounts);
    for (const { request, kind, txn } of answers) expect(await client.createPayment(request)).toMatchObject({ kind, txn });
    expect((await client.getAccounts(accounts)).map(({ number, balanceMinor }) => [number, balanceMinor])).toEqual(
      before.map(({ number, balanceMinor }) => [number, balanceMinor]),
    );
    const total = before.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n);
    expect(total).toBe(OPENING_MINOR * BigInt(accounts.length));
  });

  test('an id still belongs to one request', async () => {
    const first = present(answers[0], 'an answered payment');
    await expect(client.createPayment({ ...first.request, memo: 'another' })).rejects.toThrow('differs in memo');
  });

  test('new payments go through, with the txns of the cluster, and the whole is consistent', async () => {
    const { placement } = await client.clusterStatus();
    expect(placement.cluster?.txnVersion).toBe(1);
    for (const [at, from] of accounts.slice(0, 4).entries()) {
      const to = accounts[at + 1] ?? '';
      expect(await client.createPayment({ id: `{${from}}new-${at}`, from, to, amount: { minor: 1n } })).toMatchObject({ kind: 'committed' });
    }
    const audit = await client.audit({ isFull: true });
    expect([audit.checks.flatMap(({ differences }) => differences), audit.incomplete, audit.consistent]).toEqual([[], [], true]);
  });
});
