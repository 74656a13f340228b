/**
 * A copy takes the place of a disk (docs/adr/0011, rule 3): it has forgotten what it acknowledged, so it is refused, start after
 * start, whatever it has written by itself meanwhile.
 */
import type { MasProcess } from './harness/mas-process';
import { PayingPair } from './testing/paying-pair';

const STARTS = 3;
const STARTS_ALONE = 8;
const WAY_BACK =
  'so it has forgotten what it acknowledged. If its disk is lost for good: start it with an empty folder and --rejoin, and allow it with "mas-client cluster replace-node 3".';
const OLD_COPY = expect.stringMatching(/^(?:mas: )?The data of rm-3 is a copy of an earlier time/) as unknown;

describe('a folder of an earlier time', () => {
  let pair: PayingPair;
  let rms: readonly [MasProcess, MasProcess, MasProcess];

  beforeAll(async () => {
    pair = await PayingPair.open({ storage: 'embedded' });
    rms = ['rm1', 'rm2', 'rm3'].map((name) => pair.cluster.process(name)) as unknown as typeof rms;
  });
  afterAll(() => pair?.cluster.stop());

  test('is refused, start after start, with one line; the others go on paying', async () => {
    const [, , rm3] = rms;
    await rm3.kill();
    await pair.disk(rm3).copy('folder');
    rm3.start();
    await rm3.ready();
    await pair.pay(3);
    await pair.hasCaughtUp(3);
    await rm3.kill();
    await pair.disk(rm3).restore('folder');
    for (let i = 0; i < STARTS; i += 1) {
      rm3.start();
      const line = await pair.operator.endsRefused(rm3);
      expect(line).toEqual(OLD_COPY);
      expect(line).toContain(WAY_BACK);
    }
    await pair.pay(1);
  });

  test('is so still after it was started by itself again and again, which makes its log longer', async () => {
    const [rm1, rm2, rm3] = rms;
    await Promise.all([rm1.kill(), rm2.kill()]);
    for (let i = 0; i < STARTS_ALONE; i += 1) {
      rm3.start();
      await rm3.ready();
      await rm3.stop();
    }
    for (const rm of [rm1, rm2, rm3]) rm.start();
    expect(await pair.operator.endsRefused(rm3)).toEqual(OLD_COPY);
    await pair.holdsWhatWasAnswered();
  });
});
