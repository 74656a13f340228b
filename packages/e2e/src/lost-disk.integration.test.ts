/**
 * A disk is lost (docs/adr/0011). With ids that name machines, the emptied rm-1 would vote, rm-3 would lead, and every payment that
 * rm-1 and rm-2 had answered would be gone. Here it is refused, and comes back as another incarnation once the operator allows it.
 */
import { join } from 'node:path';
import { run } from './harness/command';
import { REPOSITORY_ROOT, type MasProcess } from './harness/mas-process';
import { PayingPair } from './testing/paying-pair';

const PAYMENTS = 8;

let pair: PayingPair;
let rms: readonly [MasProcess, MasProcess, MasProcess];

async function begin(storage: 'embedded' | 'servers'): Promise<void> {
  pair = await PayingPair.open({ storage });
  rms = ['rm1', 'rm2', 'rm3'].map((name) => pair.cluster.process(name)) as unknown as typeof rms;
}

describe.each(['embedded', 'servers'] as const)('a folder that is lost, %s', (storage) => {
  // The others are asked before the database is: nothing of it is touched.
  beforeAll(() => begin(storage));
  afterAll(() => pair?.cluster.stop());

  test('what two answered is not forgotten by the one whose disk is gone and the one that was away', async () => {
    const [rm1, rm2, rm3] = rms;
    await rm3.kill();
    await pair.pay(PAYMENTS);
    await Promise.all([rm1.kill(), rm2.kill()]);
    await pair.disk(rm1).lose('folder');
    rm3.start();
    // Whoever starts first is asked; else the database says it, which is another test.
    await rm3.ready();
    rm1.start();
    expect(await pair.operator.endsRefused(rm1)).toMatch(/rm-3 knows rm-1 as another incarnation/);
    rm2.start();
    await Promise.all([rm2.ready(), rm3.ready()]);
    await pair.holdsWhatWasAnswered();
  });

  test('it comes back under the operator\u2019s word as another incarnation, while payments go on', async () => {
    const [rm1, rm2] = rms;
    await pair.operator.startsAgain(rm1);
    await pair.pay(2);
    expect(await pair.cluster.client().replaceNode(1)).toMatchObject({ rm: 1, ordinal: 0, isLost: true });
    await rm1.ready();
    await pair.pay(2);
    await pair.isWhole(1, 1);
    // The word is typed again by somebody whose answer was lost: the new disk is not the one that he means.
    expect(await pair.operator.allows(rm1)).toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringMatching(/RESOURCE_MANAGER_ANSWERS: rm-1 answers/) as unknown,
    });
    await pair.isWhole(1, 1);
    await rm2.kill();
    await pair.pay(2);
    await pair.cluster.whole();
    await pair.holdsWhatWasAnswered();
    await pair.isAudited();
  });
});

describe('a database that is lost, while the folder is kept', () => {
  beforeAll(() => begin('servers'));
  afterAll(() => pair?.cluster.stop());

  test('is found out, named, and replaced in place; and the next one, too', async () => {
    const [, rm2] = rms;
    await pair.pay(2);
    for (const ordinal of [1, 2]) {
      await rm2.kill();
      await pair.disk(rm2).lose('database');
      rm2.start();
      expect(await pair.operator.endsRefused(rm2)).toMatch(/database mas2 is empty, and the data folder has had a database/);
      await pair.operator.rejoin(rm2, 'word first');
      await pair.isWhole(2, ordinal);
      await pair.pay(2);
      await pair.holdsWhatWasAnswered();
      // What it has become is what its folder says.
      await rm2.kill();
      rm2.start();
      await rm2.ready();
    }
  });

  test('another one\u2019s database is refused, and its owner goes on untouched', async () => {
    const [rm1, , rm3] = rms;
    await rm3.kill();
    const { cluster } = pair;
    const addresses = cluster.rmAddresses();
    const members = addresses.map((address, at) => `${at + 1}=${address}`).join(',');
    const program = join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js');
    const ran = await run(process.execPath, [
      program,
      'rm',
      '--id',
      '3',
      '--listen',
      addresses[2] ?? '',
      '--cluster',
      members,
      '--certs',
      cluster.certs(),
      '--data',
      cluster.dataOf('rm3'),
      '--log-level',
      'error',
      '--sql',
      `mysql://root@127.0.0.1:${cluster.sql?.port ?? 0}`,
      '--db',
      'mas1',
    ]);
    expect(ran).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^mas: database mas1 belongs to rm-1 \([0-9a-f]{8}\) of cluster [0-9a-f]{32}; this is rm-3 of cluster [0-9a-f]{32}\. Give each resource manager a database of its own with --db \(MAS_DB\)\.\n$/,
      ) as unknown,
    });
    expect(rm1.running()).toBe(true);
    await cluster.whole();
    await pair.pay(2);
    await pair.holdsWhatWasAnswered();
    expect(rm1.failures()).toEqual([]);
  });
});
