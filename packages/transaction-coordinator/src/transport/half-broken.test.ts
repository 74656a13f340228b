/** Leaders that hang, limp, or that this coordinator does not reach: how long its callers wait, and what is asked of whom (docs/adr/0013). */
import { bucketId, rmId, type RmId } from '@mas/values';
import { Rig, verdict } from '../testing/rig';

const [HOME, OTHER] = [bucketId(1), bucketId(2)];
const [L, F, G] = [rmId(1), rmId(2), rmId(3)];

/** Accounts in buckets 1 and 2, bucket 1 led by L, whose place everybody knows; leaders have terms. */
async function warm(rig: Rig) {
  const [from, to] = [rig.open(1, 1_000n), rig.open(2, 0n)];
  rig.cluster.elect(HOME, L);
  rig.cluster.elect(OTHER, F);
  const pay = async (): Promise<string> => verdict(await rig.pay(rig.request(from, to, 1n)));
  expect(await pay()).toBe('committed');
  const timed = async (): Promise<number> => {
    const startedMs = rig.clock.monotonicMs();
    expect(await pay()).toBe('committed');
    return rig.clock.monotonicMs() - startedMs;
  };
  return { from, to, pay, timed };
}

/** Requests (not questions) that went to this one since. */
function sentTo(rig: Rig, rm: RmId, sinceMs: number): number {
  return rig.cluster.sent.filter(({ to, atMs }) => to === rm && atMs >= sinceMs).length;
}

test.each<[string, (rig: Rig) => void]>([
  ['stands still', (rig) => rig.cluster.freeze(L)],
  [
    'is a black hole to everybody',
    (rig) => {
      rig.cluster.cut.add(L);
      rig.cluster.freeze(L);
    },
  ],
])('a leader that %s: the first payment commits soon after another leads, and the next ones do not wait', async (_how, strike) => {
  const rig = new Rig();
  const { timed } = await warm(rig);
  strike(rig);
  rig.clock.schedule(350, () => rig.cluster.elect(HOME, G));
  expect(await timed()).toBeLessThan(450);
  const sinceMs = rig.clock.monotonicMs();
  expect(await timed()).toBeLessThan(20);
  expect(sentTo(rig, L, sinceMs)).toBe(0);
});

test('whoever waits shares the questions: many reads of a frozen leader ask no more than one', async () => {
  const ask = async (readers: number): Promise<number> => {
    const rig = new Rig();
    const { from } = await warm(rig);
    rig.cluster.freeze(L);
    rig.clock.schedule(350, () => rig.cluster.elect(HOME, G));
    const before = rig.cluster.questions;
    await rig.clock.until(Promise.all(Array.from({ length: readers }, () => rig.coordinator.getAccounts(rig.caller(), [from], 'uncommitted', null))));
    return rig.cluster.questions - before;
  };
  expect(await ask(200)).toBe(await ask(1));
});

test('a leader that is slow is not asked twice, however long it takes', async () => {
  const rig = new Rig();
  const { timed } = await warm(rig);
  rig.cluster.lagMs = (request) => ('bucket' in request && request.bucket === HOME ? 1_500 : 0);
  const sinceMs = rig.clock.monotonicMs();
  expect(await timed()).toBeGreaterThan(1_500);
  expect(
    rig.cluster.sent.filter(
      ({ request, atMs }) =>
        atMs >= sinceMs &&
        request.kind === 'instructions' &&
        request.bucket === HOME &&
        request.items.some(({ instruction }) => instruction.kind === 'decide-commit'),
    ),
  ).toHaveLength(1);
});

test('a slow leader that is replaced is left, and its answer afterwards is dropped: the payment is done once', async () => {
  const rig = new Rig();
  const { from, timed } = await warm(rig);
  rig.cluster.lagMs = (request) => ('bucket' in request && request.bucket === HOME && rig.cluster.leaders.get(HOME) === L ? 1_500 : 0);
  rig.clock.schedule(200, () => rig.cluster.elect(HOME, G));
  expect(await timed()).toBeLessThan(300);
  await rig.clock.pass(3_000);
  expect(rig.balance(from)).toBe(998n);
  expect(rig.leftovers()).toEqual([]);
});

test('a read that goes through a whole bucket is not given up for slowness', async () => {
  const rig = new Rig();
  await warm(rig);
  rig.cluster.lagMs = (request) => (request.kind === 'totals' ? 4_000 : 0);
  const sinceMs = rig.clock.monotonicMs();
  const audit = await rig.clock.until(rig.audit({ ...rig.caller(), deadlineMs: sinceMs + 60_000 }));
  expect(audit.ok).toBe(true);
  const totals = rig.cluster.sent.filter(({ request, atMs }) => atMs >= sinceMs && request.kind === 'totals' && request.bucket === HOME);
  expect(totals.length).toBeGreaterThan(0);
  expect(totals.filter(({ to }) => to !== L)).toEqual([]);
});

describe('only this coordinator does not reach the leader', () => {
  test('the request goes through a replica that does, and so do the next ones, at once', async () => {
    const rig = new Rig();
    const { timed } = await warm(rig);
    rig.cluster.cut.add(L);
    expect(await timed()).toBeLessThan(400);
    const sinceMs = rig.clock.monotonicMs();
    expect(await timed()).toBeLessThan(20);
    expect(sentTo(rig, L, sinceMs)).toBe(0);
    expect(rig.cluster.sent.filter(({ passage, atMs }) => atMs >= sinceMs && passage?.kind === 'relay').length).toBeGreaterThan(0);
    await rig.clock.pass(3_000);
    expect(rig.leftovers()).toEqual([]);
  });

  test('it is not cut off as long as one Resource Manager answers and passes on', async () => {
    const rig = new Rig();
    const { timed } = await warm(rig);
    rig.cluster.cut.add(L);
    rig.cluster.cut.add(G);
    await timed();
    for (let round = 0; round < 20; round += 1) {
      await rig.clock.pass(250);
      expect(await timed()).toBeLessThan(100);
    }
  });

  test('what it did not reach is asked directly again within half a second after it answers', async () => {
    const rig = new Rig();
    const { timed } = await warm(rig);
    rig.cluster.cut.add(L);
    await timed();
    rig.cluster.cut.delete(L);
    for (let passedMs = 0; passedMs <= 600; passedMs += 100) {
      await timed();
      await rig.clock.pass(100);
    }
    const sinceMs = rig.clock.monotonicMs();
    await timed();
    expect(rig.cluster.sent.filter(({ passage, atMs }) => atMs >= sinceMs && passage !== undefined)).toEqual([]);
    expect(sentTo(rig, L, sinceMs)).toBeGreaterThan(0);
  });

  test('while it is silent it is asked twice a second, with a question and not with a payment', async () => {
    const rig = new Rig();
    const { timed } = await warm(rig);
    rig.cluster.cut.add(L);
    await timed();
    const [sinceMs, before] = [rig.clock.monotonicMs(), rig.cluster.questions];
    for (let passedMs = 0; passedMs < 5_000; passedMs += 50) {
      await timed();
      await rig.clock.pass(50);
    }
    expect(sentTo(rig, L, sinceMs)).toBe(0);
    expect(rig.cluster.questions - before).toBeLessThanOrEqual(2 * ((rig.clock.monotonicMs() - sinceMs) / 1_000) + 1);
  });
});

test('an attempt that was left may have taken effect: no NO_QUORUM is made of what follows', async () => {
  const rig = new Rig();
  const { pay } = await warm(rig);
  rig.cluster.lagMs = (request) => ('bucket' in request && request.bucket === HOME && rig.cluster.leaders.get(HOME) === L ? 60_000 : 0);
  rig.clock.schedule(200, () => {
    rig.cluster.elect(HOME, G);
    // L may have it in its log; from now on all replicas miss a quorum.
    rig.cluster.tap = (_rm, request) =>
      'bucket' in request && request.bucket === HOME && request.kind !== 'who-leads'
        ? { kind: 'no-quorum', missing: { up: 1, of: 3, needed: 2, forMs: 1_000 } }
        : 'pass';
  });
  expect(await pay()).toBe('unknown');
});
