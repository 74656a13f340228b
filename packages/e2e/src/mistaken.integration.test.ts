/**
 * What somebody starts by mistake (docs/adr/0011): a second cluster that is told an address of the first, a stranger, a second process under
 * the id of one that runs, another one's database, a live copy. Each of them was let in once. It ends with exit code 2 and one line before it
 * is ready, it leaves no trace, and the cluster goes on paying.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import type { MasProcess } from './harness/mas-process';
import { numbersIn } from './harness/names';
import { Mistakes } from './testing/mistakes';
import { PayingPair } from './testing/paying-pair';

const BRIEF_MS = 10_000;
const OTHER_INCARNATION =
  /^rm-[123] knows rm-(\d) as another incarnation \([0-9a-f]{8}\) than this folder's \([0-9a-f]{8}\): it has lost its data, or has been given the wrong folder\./;
/** Who has acknowledged less is an earlier one; who has not, one of two that speak at the same time. */
const COPY =
  /^(The data of rm-1 is a copy of an earlier time|Another process speaks as rm-1 \([0-9a-f]{8}\): the same data folder, or a copy of it, is in use)/;

describe.each(['embedded', 'servers'] as const)('beside a cluster on %s', (storage) => {
  let pair: PayingPair;
  let mistakes: Mistakes;
  let clusterId: string;
  let before: unknown;

  beforeAll(async () => {
    pair = await PayingPair.open({ storage });
    mistakes = new Mistakes(pair.cluster);
    clusterId = clusterOf(pair.cluster.process('rm1'));
  });
  afterAll(async () => {
    await mistakes?.stop();
    await pair?.cluster.stop();
  });
  beforeEach(async () => {
    await pair.pay(1);
    before = await mistakes.databases();
  });
  /** No process of the cluster has ended or was fenced off; no database was made, claimed or opened. */
  afterEach(async () => {
    await pair.pay(3);
    expect([await mistakes.databases(), pair.cluster.failures(), pair.cluster.rms.map((rm) => rm.running())]).toEqual([before, [], [true, true, true]]);
    await pair.holdsWhatWasAnswered();
  });

  test('a Resource Manager that the cluster does not have; its folder is nobody\u2019s afterwards', async () => {
    mistakes.certificatesFor(4);
    const stray = await mistakes.like('rm1', 'rm4', { id: '4', db: 'mas4', cluster: mistakes.members({ 4: await mistakes.address() }) });
    stray.start();
    expect(await mistakes.refused(stray)).toMatch(new RegExp(`^rm-[123] belongs to cluster ${clusterId}, which has no rm-4\\. Check --id and --cluster\\.$`));
    const named = await mistakes.refusalsIn(pair.cluster.process('rm1'), 'FOUNDED_WITH_ANOTHER');
    expect(named).toMatchObject([
      {
        level: 'warn',
        refused: expect.stringMatching(/^rm-4 \([0-9a-f]{8}\)$/) as unknown,
        by: expect.stringMatching(/^rm-1 \([0-9a-f]{8}\)$/) as unknown,
        msg: expect.stringContaining(clusterId) as unknown,
      },
    ]);
    const next = await mistakes.like('rm1', 'rm4-folder', { data: pair.cluster.dataOf('rm4'), db: 'mas4' });
    next.start();
    expect(await mistakes.refused(next)).toMatch(OTHER_INCARNATION);
  });

  test('a second one under the id of one that runs, with a folder and a database of its own', async () => {
    const second = await mistakes.like('rm1', 'second-rm1', { db: 'second1' });
    second.start();
    expect(await mistakes.refused(second)).toMatch(OTHER_INCARNATION);
  });

  test('a second one under the id of one that runs, with the database of the first', async () => {
    const second = await mistakes.like('rm1', 'second-rm1-same-database');
    second.start();
    expect(await mistakes.refused(second)).toMatch(OTHER_INCARNATION);
  });

  test('a second one that is told to take the place of the one that runs waits for the operator, and touches nothing', async () => {
    const second = await mistakes.like('rm1', 'second-rm1-rejoin');
    second.start({ MAS_REJOIN: 'true' });
    await waitUntil('it waits', () => second.lines().some(({ msg }) => msg === 'not a member of a cluster yet'), {
      timeoutMs: 240_000,
      diagnostics: () => second.logTail(),
    });
    await second.stop();
  });

  test('a live copy of a folder beside its original, start after start', async () => {
    const rm1 = pair.cluster.process('rm1');
    const copy = await mistakes.like('rm1', 'copy-of-rm1');
    const to = pair.cluster.dataOf('copy-of-rm1');
    mkdirSync(dirname(to), { recursive: true });
    rm1.freeze();
    cpSync(pair.cluster.dataOf('rm1'), to, { recursive: true });
    rm1.thaw();
    // It knows all that the original has acknowledged so far, as if that had been started again.
    copy.start();
    expect(await mistakes.refused(copy)).toMatch(COPY);
    await pair.pay(2);
    for (let starts = 0; starts < 2; starts += 1) {
      copy.start();
      expect(await mistakes.refused(copy)).toMatch(COPY);
    }
  });

  test('another process on the folder of one that runs', async () => {
    const second = await mistakes.like('rm1', 'same-folder', { data: pair.cluster.dataOf('rm1') });
    second.start();
    expect(await mistakes.refused(second)).toMatch(/ is in use by another process: stop that one, or give another folder with --data \(MAS_DATA\)$/);
  });

  test('a new cluster that is told one address of this one: nothing of it arrives here', async () => {
    const [at1, at2, tm] = [await mistakes.address(), await mistakes.address(), await mistakes.address()];
    const cluster = mistakes.members({ 1: at1, 2: at2 });
    const one = await mistakes.like('rm1', 'new-rm1', { listen: at1, db: 'new1', cluster });
    const two = await mistakes.like('rm2', 'new-rm2', { listen: at2, db: 'new2', cluster });
    const coordinator = await mistakes.like('tm1', 'new-tm1', { id: 'tc-9', listen: tm, cluster, redis: 'embedded' });
    for (const process of [one, two, coordinator]) process.start();
    for (const [process, rm] of [
      [one, '1'],
      [two, '2'],
    ] as const)
      expect(OTHER_INCARNATION.exec(await mistakes.refused(process))?.[1]).toBe(rm);
    const named = await mistakes.refusalsIn(pair.cluster.process('rm3'), 'DISK_LOST');
    expect(named.filter(({ refused }) => refused.startsWith('rm-2'))).toHaveLength(1);
    // Its coordinator has no cluster but what this one Resource Manager says, and does not believe it.
    expect(await mistakes.refusalsIn(coordinator, 'NOT_KNOWN_YET')).toMatchObject([
      { refused: 'rm-3', by: 'tc-9', msg: expect.stringContaining(clusterId) as unknown },
    ]);
    const [number = ''] = numbersIn(pair.cluster.placement, 3, 'foreign', 1);
    await expect(pair.cluster.client({ addresses: [tm], timeoutMs: BRIEF_MS }).createAccount({ id: `open-${number}`, number })).rejects.toThrow();
    await expect(pair.bank.balances([number])).rejects.toMatchObject({ error: { reason: 'ACCOUNT_NOT_FOUND' } });
    expect(coordinator.lines().some(({ msg }) => msg === 'ready')).toBe(false);
    await coordinator.kill();
  });

  test('a whole other cluster that is told the addresses of this one ends, and this one names it', async () => {
    const [address, tm] = [await mistakes.address(), await mistakes.address()];
    const alone = { listen: address, cluster: `1=${address}`, replicas: '1', buckets: '1', db: 'other1' };
    const own = await mistakes.like('rm1', 'other-rm1', alone);
    const coordinator = await mistakes.like('tm1', 'other-tm1', {
      id: 'tc-8',
      listen: tm,
      cluster: `1=${address}`,
      replicas: '1',
      buckets: '1',
      redis: 'embedded',
    });
    own.start();
    coordinator.start();
    await Promise.all([own.ready(), coordinator.ready()]);
    const other = clusterOf(own);
    await coordinator.stop();
    if (storage === 'servers') {
      const misled = await mistakes.like('tm1', 'other-tm1-redis', {
        id: 'tc-8',
        listen: tm,
        data: pair.cluster.dataOf('other-tm1'),
        cluster: `1=${address}`,
        replicas: '1',
        buckets: '1',
      });
      misled.start();
      expect(await mistakes.refused(misled)).toMatch(
        new RegExp(
          `^Redis holds the data of cluster ${clusterId}, and this is a Transaction Manager of cluster ${other}: give each cluster a Redis of its own`,
        ),
      );
    }
    await own.stop();
    before = await mistakes.databases();
    const both = new RegExp(`belongs to cluster ${other}, this is cluster ${clusterId}\\.`);
    const lost = await mistakes.like('rm1', 'other-rm1-lost', { ...alone, data: pair.cluster.dataOf('other-rm1'), cluster: mistakes.members({ 1: address }) });
    lost.start();
    expect(await mistakes.refused(lost)).toMatch(both);
    const lostCoordinator = await mistakes.like('tm1', 'other-tm1-lost', {
      id: 'tc-8',
      data: pair.cluster.dataOf('other-tm1'),
      cluster: mistakes.members(),
      redis: 'embedded',
    });
    lostCoordinator.start();
    expect(await mistakes.refused(lostCoordinator)).toMatch(new RegExp(`cluster ${other}, this is cluster ${clusterId}\\.`));
    // Who has heard it from most ends, whether or not the last one that it asked has come to say so; those that have said it wrote it down.
    const named = await mistakes.refusalsOf(
      ['rm2', 'rm3'].map((name) => pair.cluster.process(name)),
      'ANOTHER_CLUSTER',
      ['a transaction manager', 'rm-1'],
    );
    for (const { msg } of named) expect(msg).toContain(other);
  });
});

function clusterOf(rm: MasProcess): string {
  return String(rm.lines().find(({ msg }) => msg === 'ready')?.['clusterId']);
}

describe('with a SQL server that several Resource Managers share', () => {
  let pair: PayingPair;
  let mistakes: Mistakes;
  beforeAll(async () => {
    pair = await PayingPair.open({ storage: 'servers' });
    mistakes = new Mistakes(pair.cluster);
  });
  afterAll(async () => {
    await mistakes?.stop();
    await pair?.cluster.stop();
  });

  test.each([
    [
      'the database of another one',
      'mas2',
      /^database mas2 belongs to rm-2 \([0-9a-f]{8}\) of cluster [0-9a-f]{32}; this is rm-1 of cluster [0-9a-f]{32}\. Give each resource manager a database of its own with --db \(MAS_DB\)\.$/,
    ],
    [
      'a database that does not exist',
      'mas_typo',
      /^database mas_typo is empty, and the data folder has had a database: it is lost, or this is the wrong one\. /,
    ],
  ])('started with %s: nothing is opened or made, and its own folder and database work afterwards', async (_what, db, line) => {
    const rm1 = pair.cluster.process('rm1');
    const data = pair.cluster.dataOf('rm1');
    const wrong = await mistakes.like('rm1', `rm1-with-${db}`, { db, data });
    await rm1.stop();
    const before = [Mistakes.contentsOf(data), await mistakes.databases()];
    wrong.start();
    expect(await mistakes.refused(wrong)).toMatch(line);
    expect([Mistakes.contentsOf(data), await mistakes.databases()]).toEqual(before);
    await pair.pay(3);
    rm1.start();
    await rm1.ready();
    await pair.cluster.process('rm3').kill();
    // rm-1 and rm-2 are the majority now.
    await pair.pay(2);
    await pair.cluster.whole();
    await pair.holdsWhatWasAnswered();
    expect(pair.cluster.failures()).toEqual([]);
  });
});

describe('Resource Managers that were configured differently', () => {
  let pair: PayingPair;
  let mistakes: Mistakes;
  beforeAll(async () => {
    pair = await PayingPair.open({ storage: 'embedded' });
    mistakes = new Mistakes(pair.cluster);
  });
  afterAll(async () => {
    await mistakes?.stop();
    await pair?.cluster.stop();
  });

  test('none of them is ready, each says both values; with equal ones they found their cluster in the same folders', async () => {
    const addresses = [await mistakes.address(), await mistakes.address(), await mistakes.address()];
    const cluster = addresses.map((address, at) => `${at + 1}=${address}`).join(',');
    const like = (at: number, name: string, buckets: number): Promise<MasProcess> =>
      mistakes.like(`rm${at + 1}`, name, { listen: addresses[at] ?? '', cluster, buckets: String(buckets), data: pair.cluster.dataOf(`new-${at}`) });
    const rms = await Promise.all([3, 4, 5].map((buckets, at) => like(at, `with-${buckets}`, buckets)));
    for (const rm of rms) rm.start();
    // Whoever hears of another one ends; the last one hears it of one that is started again.
    for (const [at, rm] of rms.entries()) {
      const other = rms[(at + 1) % rms.length];
      await waitUntil(
        `${rm.name} ends`,
        () => {
          if (rm.running() && other?.running() === false) other.start();
          return !rm.running();
        },
        { timeoutMs: 240_000, intervalMs: 500, diagnostics: () => rms.map((one) => one.logTail()).join('\n') },
      );
      expect(await mistakes.refused(rm)).toMatch(
        new RegExp(`^--buckets is ${at + 3} here, and [345] at rm-[123]\\. A cluster is founded with the same settings everywhere\\.$`),
      );
    }
    await mistakes.stop();
    const equal = await Promise.all([0, 1, 2].map((at) => like(at, `equal-${at}`, 3)));
    for (const rm of equal) rm.start();
    await Promise.all(equal.map((rm) => rm.ready()));
    await mistakes.stop();
  });

  test('later, what the cluster was founded with counts, and one line says so', async () => {
    const rm2 = pair.cluster.process('rm2');
    await rm2.stop();
    const other = await mistakes.like('rm2', 'rm2-with-5', { buckets: '5', data: pair.cluster.dataOf('rm2'), listen: pair.cluster.rmAddresses()[1] ?? '' });
    other.start();
    await other.ready();
    expect(other.lines().filter(({ level }) => level === 'warn' || level === 'error')).toMatchObject([{ buckets: 5, founded: { buckets: 3 } }]);
    await pair.pay(2);
    await other.stop();
    rm2.start();
    await rm2.ready();
    await pair.holdsWhatWasAnswered();
  });
});
