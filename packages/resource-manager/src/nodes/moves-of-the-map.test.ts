/** Slots move because the meta group orders it, and the map has them with their new owner once both buckets' logs say that it is over (docs/adr/0029). */
import { movesOf, PlacementIndex, slotOfAccount } from '@mas/placement';
import { bucketId, rmId, type AccountNumber } from '@mas/values';
import { accountsIn, createAccount } from '../testing/payments';
import { RealCluster } from '../testing/real-cluster';

const [ALICE] = accountsIn(0, 255, 1) as [AccountNumber];
const SLOTS = { from: slotOfAccount(ALICE), to: slotOfAccount(ALICE) };
const [ONE, TWO] = [bucketId(1), bucketId(2)];
const NOT_WITHIN_MS = 60_000;

test.each([false, true])('an order of the map is carried out, and the map hears of it; the leader dies: %s', async (dies) => {
  const cluster = await new RealCluster(7, {}, 'map').start();
  const created = await cluster.settling(cluster.ask(ONE, { kind: 'instructions', bucket: ONE, phase: 'phase-1', items: [createAccount(ALICE, 70n)] }));
  expect(created).toMatchObject({ kind: 'outcomes', outcomes: [{ outcome: { kind: 'account' } }] });
  const ordered = await cluster.settling(cluster.change({ kind: 'move-slots', slots: SLOTS, from: ONE, to: TWO }));
  expect(movesOf(ordered)).toMatchObject([{ number: ordered.version, calledOff: false }]);
  if (dies) {
    cluster.kill(rmId(1));
    await cluster.clock.advance(2_000);
    await cluster.boot(rmId(1));
  }
  const isOver = (): boolean => movesOf(cluster.newestMap()).length === 0 && new PlacementIndex(cluster.newestMap()).bucketOf(SLOTS.from) === TWO;
  await cluster.clock.until(isOver, NOT_WITHIN_MS);
  expect(isOver()).toBe(true);
  const read = await cluster.settling(cluster.ask(TWO, { kind: 'read-accounts', bucket: TWO, level: 'committed', numbers: [ALICE], token: null, at: 'now' }));
  expect(read).toMatchObject({ kind: 'accounts', readings: [{ balanceMinor: 70n }] });
  expect(cluster.failures).toEqual([]);
});
