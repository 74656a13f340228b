/**
 * Legal requests at the ends of all ranges end nothing: what would pass a bound is refused by name, and sums over buckets are
 * exact beyond 64 bits. And for the day when an entry cannot be applied all the same: its bucket stops and says which entry it
 * is, also after a restart; the others serve; `mas log show` shows it.
 */
import { join } from 'node:path';
import { NodeFileSystem, SegmentedLogStore } from '@mas/raft-log';
import { logIndex } from '@mas/raft';
import { EncodedInstructions, ProtoLedgerCodec } from '@mas/rpc';
import { waitUntil } from '@mas/test-servers';
import { bucketId, paymentKey, present, txnId } from '@mas/values';
import { Cluster } from './harness/cluster';
import { run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { numberIn, numbersIn } from './harness/names';
import { Bank } from './testing/bank';

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe.each(['embedded', 'servers'] as const)('requests at the ends of all ranges, %s', (storage) => {
  let cluster: Cluster;
  let bank: Bank;

  beforeAll(async () => {
    cluster = await Cluster.start({ storage });
    bank = new Bank(cluster);
  });
  afterAll(async () => {
    expect(cluster?.failures() ?? []).toEqual([]);
    await cluster?.stop();
  });

  test('an account without a lower limit holds 64 bits and not one unit more, by its own token', async () => {
    await bank.client.createAccount({ id: 'open-deep', number: 'deep', openingBalance: { minor: 0n }, minimumBalance: { minor: MIN } });
    const own = cluster.client({ token: cluster.accountToken('deep') });
    const authorize = (id: string, minor: bigint) => own.createPayment({ id, kind: 'authorization', from: 'deep', amount: { minor }, expiresInSeconds: 3_600 });
    expect(await authorize('all', MAX)).toMatchObject({ kind: 'committed' });
    expect(await authorize('more', 1n)).toMatchObject({ kind: 'aborted', reason: { name: 'HOLDS_OVERFLOW', account: 'deep' } });
    for (const level of ['committed', 'uncommitted'] as const) expect(await bank.client.getAccount('deep', level)).toMatchObject({ number: 'deep' });
    expect(await bank.client.getAccount('deep', 'uncommitted')).toMatchObject({ holdsMinor: MAX });
    // Lists come from SQL, which first takes what was applied.
    expect((await bank.client.listAccounts()).accounts.some(({ number }) => number === 'deep')).toBe(true);
  });

  test('money of two buckets, more than 64 bits of it, moves into a third, and the audit adds it up exactly', async () => {
    const [first, second] = [numberIn(cluster.placement, 1, 'rich'), numberIn(cluster.placement, 2, 'rich')];
    const [third, fourth] = numbersIn(cluster.placement, 3, 'heir', 2) as [string, string];
    await bank.open([first, second], MAX);
    await bank.open([third, fourth], 0n);
    expect(await bank.pay(first, third, MAX)).toMatchObject({ kind: 'committed' });
    expect(await bank.pay(second, third, MAX)).toMatchObject({ kind: 'aborted', reason: { name: 'BALANCE_OVERFLOW', account: third } });
    expect(await bank.pay(second, fourth, MAX)).toMatchObject({ kind: 'committed' });
    await bank.settled([first, second, third, fourth]);
    await bank.audited();
    const { totals } = await bank.client.audit();
    expect(totals).toMatchObject([{ currency: 'USD', issuedMinor: MAX + MAX, balancesMinor: MAX + MAX }]);
  });

  test('an owner of the greatest length in the widest script', async () => {
    const owner = '漢'.repeat(256);
    await bank.client.createAccount({ id: 'open-wide', number: 'wide', openingBalance: { minor: 0n }, owner });
    expect((await bank.client.listAccounts()).accounts.find(({ number }) => number === 'wide')?.owner).toBe(owner);
  });
});

describe('an entry that cannot be applied', () => {
  const BAD = 2;
  let cluster: Cluster;
  let bank: Bank;
  let index = 0;

  beforeAll(async () => {
    cluster = await Cluster.start();
    bank = new Bank(cluster);
    await bank.open([numberIn(cluster.placement, BAD, 'bad'), ...numbersIn(cluster.placement, 1, 'good', 2)]);
    index = await poison(cluster, BAD);
    for (const one of cluster.rms) one.start();
    await Promise.all(cluster.rms.map((one) => one.ready()));
  });
  afterAll(async () => {
    expect(cluster?.failures() ?? []).toEqual([]);
    await cluster?.stop();
  });

  const stopped = async (rm: number): Promise<unknown> =>
    (await bank.client.clusterStatus()).replicas.find((one) => one.bucket === BAD && one.rm === rm)?.stopped ?? null;
  const someStopped = async (): Promise<number> => {
    let found: readonly number[] = [];
    const names = [1, 2, 3];
    await waitUntil(
      'a majority of the replicas has stopped',
      async () => {
        const all = await Promise.all(names.map(async (rm) => ((await stopped(rm)) === null ? [] : [rm])));
        found = all.flat();
        return found.length >= 2;
      },
      { timeoutMs: 60_000, diagnostics: () => cluster.diagnostics() },
    );
    return present(found[0], 'stopped replica');
  };
  const served = async (): Promise<void> => {
    const [from, to] = numbersIn(cluster.placement, 1, 'good', 2) as [string, string];
    await waitUntil('another bucket serves', async () => (await bank.pay(from, to, 1n)).kind === 'committed', {
      timeoutMs: 60_000,
      diagnostics: () => cluster.diagnostics(),
    });
  };
  const show = (...args: readonly string[]): Promise<Ran> =>
    run(process.execPath, [join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js'), 'log', 'show', '--data', cluster.dataOf('rm1'), ...args]);

  test('stops its bucket, is named, and leaves the other buckets serving', async () => {
    const rm = await someStopped();
    expect(await stopped(rm)).toMatchObject({ stage: 'apply', index, upToIndex: index, instructions: ['acknowledge'] });
    await served();
    expect(cluster.process(`rm${rm}`).logTail()).toContain(`entry ${index} of term`);
  });

  test('and again after a restart of all: one alone may not know that the entry is committed', async () => {
    await someStopped();
    const all = [1, 2, 3].map((rm) => cluster.process(`rm${rm}`));
    for (const one of all) await one.stop();
    for (const one of all) one.start();
    await Promise.all(all.map((one) => one.ready()));
    const rm = await someStopped();
    expect(await stopped(rm)).toMatchObject({ stage: 'apply', index });
    await served();
  });

  test('mas log show decodes it while the process runs, and says what the log holds', async () => {
    const shown = await show('--bucket', String(BAD), '--index', String(index));
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ bucket: BAD, index, type: 'normal', instructions: [{ kind: 'acknowledge', accounts: [] }] });
    const beyond = await show('--bucket', String(BAD), '--index', String(index + 1_000));
    expect([beyond.code, beyond.stdout]).toEqual([4, '']);
    expect(beyond.stderr).toMatch(/^mas: the log of bucket 2 does not hold entry \d+: it holds \d+ to \d+; [^\n]*\n$/);
    expect((await show('--bucket', '77')).code).toBe(2);
    expect((await show('--bucket', 'x')).code).toBe(2);
  });
});

/** Ends all Resource Managers at rest and puts an entry behind the end of a bucket's log, the same on each: the next leader commits it. */
async function poison(cluster: Cluster, bucket: number): Promise<number> {
  const client = cluster.client();
  await waitUntil(
    'the bucket is at rest',
    async () => {
      const replicas = (await client.clusterStatus()).replicas.filter((one) => one.bucket === bucket);
      return replicas.length === 3 && replicas.every((one) => one.quiescent && one.commitIndex === replicas[0]?.commitIndex);
    },
    { timeoutMs: 60_000, diagnostics: () => cluster.diagnostics() },
  );
  await Promise.all(cluster.rms.map((one) => one.kill()));
  const codec = new ProtoLedgerCodec(new EncodedInstructions());
  const bad = codec.encodeInstruction({ kind: 'acknowledge', key: paymentKey('mas|tester', 'x'), txn: txnId('0'.repeat(64)), accounts: [] });
  const data = codec.encodeEntry(1, null, [bad]);
  const places = await Promise.all(cluster.rms.map((one) => appended(join(cluster.dataOf(one.name), 'log'), bucket, data)));
  expect(new Set(places).size).toBe(1);
  return present(places[0], 'index');
}

async function appended(directory: string, bucket: number, data: Uint8Array): Promise<number> {
  const log = new SegmentedLogStore({
    directory,
    fileSystem: new NodeFileSystem(),
    clock: { monotonicMs: () => performance.now() },
    onFatal: (error) => {
      throw error;
    },
  });
  await log.recover();
  const storage = present(log.storage(bucketId(bucket)), 'log of the bucket');
  const last = storage.lastIndex();
  const index = logIndex(last + 1);
  const { hardState } = storage.initialState();
  await new Promise<void>((resolve) =>
    log.append(bucketId(bucket), { hardState, entries: [{ term: present(storage.term(last), 'term'), index, type: 'normal', data }], mustSync: true }, resolve),
  );
  await log.close();
  return index;
}
