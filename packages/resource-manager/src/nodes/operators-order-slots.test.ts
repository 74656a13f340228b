/**
 * What operators want of buckets and slots (docs/adr/0032), on Resource Managers over the real Raft host: orders are refused by name before anything changes, wishes outlive
 * whoever leads, and the slots come to be where they are wanted, with all that was in them.
 */
import { countSlots, founderOf, META_GROUP, movesOf, PlacementIndex, slotOfAccount, wishesOf, type NodeOrder, type PlacementMap } from '@mas/placement';
import type { ParticipantReply } from '@mas/two-phase-commit';
import { bucketId, present, rmId, slot, type BucketId, type RmId } from '@mas/values';
import { accountsIn, createAccount } from '../testing/payments';
import { RealCluster } from '../testing/real-cluster';

const ALL = [1, 2, 3].map(rmId) as [RmId, RmId, RmId];
const [RM_1, , RM_3] = ALL;
const [ONE, TWO, THREE, FOUR] = [1, 2, 3, 4].map(bucketId) as [BucketId, BucketId, BucketId, BucketId];
const ACCOUNTS = accountsIn(0, 4_095, 30);
const range = (from: number, to: number): Extract<NodeOrder, { kind: 'move-slots' }>['slots'] => ({ from: slot(from), to: slot(to) });
const add = (bucket: BucketId): NodeOrder => ({ kind: 'add-bucket', bucket, replicas: [], isDryRun: false });
const retire = (bucket: BucketId): NodeOrder => ({ kind: 'retire-bucket', bucket, isDryRun: false });
const move = (from: BucketId, to: BucketId, first: number, last: number): NodeOrder => ({
  kind: 'move-slots',
  slots: range(first, last),
  from,
  to,
  isDryRun: false,
});
const pause = (isPaused: boolean): NodeOrder => ({ kind: 'pause-moves', isPaused });
const BALANCE: NodeOrder = { kind: 'rebalance', replicas: null, ofSlots: true, isDryRun: false };
const CANCEL: NodeOrder = { kind: 'cancel-moves' };

class Ground {
  private constructor(readonly cluster: RealCluster) {}

  static async start(seed: number): Promise<Ground> {
    const ground = new Ground(await new RealCluster(seed, {}, 'map').start());
    await ground.open();
    return ground;
  }

  get map(): PlacementMap {
    return this.cluster.newestMap();
  }

  async order(order: NodeOrder, token = 'operator'): Promise<ParticipantReply> {
    return this.cluster.settling(this.cluster.ask(META_GROUP, { kind: 'node-order', order, token }));
  }

  async ordered(order: NodeOrder): Promise<Extract<ParticipantReply, { kind: 'ordered' }>> {
    const reply = await this.order(order);
    if (reply.kind !== 'ordered') throw new Error(JSON.stringify(reply));
    return reply;
  }

  async until(what: string, condition: () => boolean, limitMs = 180_000): Promise<void> {
    await this.cluster.clock.until(() => condition() || this.cluster.failures.length > 0, limitMs);
    if (this.cluster.failures.length === 0 && condition()) return;
    const { buckets, cluster } = this.map;
    throw new Error(`${what}: not within ${limitMs} virtual ms: ${JSON.stringify({ buckets, cluster, failures: this.cluster.failures.map(String) })}`);
  }

  isQuiet(): boolean {
    return movesOf(this.map).length === 0 && this.map.cluster?.wishes === undefined;
  }

  counts(): readonly number[] {
    return this.map.buckets.map(({ slots }) => countSlots(slots));
  }

  async stands(bucket: BucketId): Promise<void> {
    await this.until(`bucket ${bucket} stands`, () => this.map.buckets.some((one) => one.bucket === bucket) && founderOf(this.map, bucket) === null);
  }

  /** Each account is where the map says, with what it was opened with. */
  async isWhole(): Promise<void> {
    const index = new PlacementIndex(this.map);
    for (const [at, number] of ACCOUNTS.entries()) {
      const bucket = index.bucketOf(slotOfAccount(number));
      const read = await this.cluster.settling(
        this.cluster.ask(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers: [number], token: null, at: 'now' }),
      );
      expect(read).toMatchObject({ kind: 'accounts', readings: [{ number, balanceMinor: BigInt(at) }] });
    }
    expect(this.cluster.failures).toEqual([]);
  }

  private async open(): Promise<void> {
    const index = new PlacementIndex(this.map);
    for (const [at, number] of ACCOUNTS.entries()) {
      const bucket = index.bucketOf(slotOfAccount(number));
      const items = [createAccount(number, BigInt(at))];
      const reply = await this.cluster.settling(this.cluster.ask(bucket, { kind: 'instructions', bucket, phase: 'phase-1', items }));
      expect(reply).toMatchObject({ kind: 'outcomes', outcomes: [{ outcome: { kind: 'account' } }] });
    }
  }
}

test('a bucket is added, gets its share by a rebalance, gives it away again and is gone', async () => {
  const ground = await Ground.start(21);
  expect((await ground.ordered(add(FOUR))).map.buckets).toHaveLength(4);
  // Said again, also before it stands.
  expect((await ground.ordered(add(FOUR))).map.buckets).toHaveLength(4);
  const plan = await ground.ordered({ ...BALANCE, isDryRun: true } as NodeOrder);
  expect(countSlots(plan.slots.map(({ slots }) => slots))).toBe(1_024);
  expect(wishesOf(plan.map).isBalancing).toBe(false);
  expect((await ground.ordered(BALANCE)).slots).toEqual(plan.slots);
  await ground.until('the slots are even', () => ground.isQuiet());
  expect(ground.counts()).toEqual([1_024, 1_024, 1_024, 1_024]);
  await ground.isWhole();
  await ground.ordered(retire(FOUR));
  await ground.until('bucket 4 is retired', () => ground.isQuiet() && ground.map.buckets.length === 3);
  await ground.until('nothing is left of it', () => ALL.every((rm) => ground.cluster.replica(rm, FOUR) === undefined && ground.cluster.hasDropped(rm, FOUR)));
  await ground.isWhole();
});

test.each([31, 32, 33])('whoever leads dies meanwhile: what was wanted is reached all the same (seed %i)', async (seed) => {
  const ground = await Ground.start(seed);
  const { cluster } = ground;
  await ground.ordered(move(ONE, TWO, 0, 699));
  await ground.ordered(retire(THREE));
  for (let deaths = 0; deaths < 4; deaths += 1) {
    await cluster.clock.advance(cluster.random.below(3_000));
    const leading = ALL.find((rm) => cluster.replica(rm, META_GROUP)?.role === 'leader') ?? RM_1;
    cluster.kill(deaths % 2 === 0 ? leading : present(ALL[cluster.random.below(3)], 'rm'));
    await cluster.clock.advance(cluster.random.below(2_000));
    for (const rm of ALL) if (!cluster.running().includes(rm)) await cluster.boot(rm);
  }
  await ground.until('it is reached', () => ground.isQuiet() && ground.map.buckets.length === 2);
  expect(new PlacementIndex(ground.map).bucketOf(slot(0))).toBe(TWO);
  expect(new PlacementIndex(ground.map).bucketOf(slot(699))).toBe(TWO);
  await ground.isWhole();
});

test('nothing begins while moves are paused, and all goes on afterwards', async () => {
  const ground = await Ground.start(41);
  await ground.ordered(pause(true));
  await ground.ordered(move(ONE, TWO, 0, 599));
  await ground.cluster.clock.advance(20_000);
  expect([movesOf(ground.map), ground.counts()]).toEqual([[], [1_365, 1_365, 1_366]]);
  // Ordered just before the next pause is heard: it ends, or waits.
  await ground.ordered(pause(false));
  await ground.until('a move is under way', () => movesOf(ground.map).length > 0);
  await ground.ordered(pause(true));
  await ground.cluster.clock.advance(20_000);
  const before = ground.map.version;
  await ground.cluster.clock.advance(20_000);
  expect(ground.map.version).toBe(before);
  await ground.ordered(pause(false));
  await ground.until('the slots have moved', () => ground.isQuiet());
  expect(ground.counts()).toEqual([765, 1_965, 1_366]);
  await ground.isWhole();
});

test('once it is cancelled nothing is wanted, and each slot has one owner', async () => {
  const ground = await Ground.start(51);
  await ground.ordered(move(ONE, TWO, 0, 1_364));
  await ground.until('a move is under way', () => movesOf(ground.map).length > 0);
  expect(wishesOf((await ground.ordered(CANCEL)).map).wanted).toEqual([]);
  await ground.until('the moves have ended', () => ground.isQuiet());
  const counts = ground.counts();
  await ground.cluster.clock.advance(10_000);
  expect(ground.counts()).toEqual(counts);
  expect(counts[0]).toBeGreaterThan(0);
  await ground.isWhole();
});

test('nothing moves to a bucket that lacks a replica, until it is back', async () => {
  const ground = await Ground.start(61);
  await ground.ordered(move(ONE, TWO, 0, 9));
  ground.cluster.kill(RM_3);
  await ground.cluster.clock.advance(3_000);
  await ground.ordered(move(ONE, TWO, 100, 109));
  await ground.cluster.clock.advance(30_000);
  expect(movesOf(ground.map).filter(({ slots }) => slots.from === 100)).toEqual([]);
  expect(wishesOf(ground.map).wanted.map(({ slots }) => slots)).toContainEqual(range(100, 109));
  await ground.cluster.boot(RM_3);
  await ground.until('the slots have moved', () => ground.isQuiet());
  expect(new PlacementIndex(ground.map).bucketOf(slot(100))).toBe(TWO);
});

test('a bucket whose founder never comes is retired at once', async () => {
  const ground = await Ground.start(71);
  await ground.cluster.settling(ground.cluster.change({ kind: 'add-bucket', bucket: FOUR, replicas: [RM_3, ALL[1], RM_1] }));
  ground.cluster.kill(RM_3);
  await ground.ordered(retire(FOUR));
  expect(ground.map.buckets).toHaveLength(3);
});

test('what cannot be is refused by name, and nothing has changed', async () => {
  const ground = await Ground.start(81);
  await ground.cluster.settling(ground.cluster.change({ kind: 'add-bucket', bucket: FOUR, replicas: [...ALL] }));
  await ground.stands(FOUR);
  ground.cluster.kill(RM_3);
  await ground.cluster.clock.advance(3_000);
  const { version } = ground.map;
  const five = bucketId(5);
  const refusals: readonly (readonly [NodeOrder, string])[] = [
    [{ kind: 'add-bucket', bucket: bucketId(7), replicas: [...ALL], isDryRun: false }, 'BUCKET_ID_NOT_NEXT'],
    [{ kind: 'add-bucket', bucket: five, replicas: [RM_1], isDryRun: false }, 'REPLICAS_INVALID'],
    [{ kind: 'add-bucket', bucket: five, replicas: [RM_1, ALL[1], rmId(9)], isDryRun: false }, 'UNKNOWN_NODE'],
    [{ kind: 'add-bucket', bucket: five, replicas: [...ALL], isDryRun: false }, 'NODE_SILENT'],
    [add(five), 'TOO_FEW_NODES'],
    [move(ONE, bucketId(9), 0, 9), 'UNKNOWN_BUCKET'],
    [move(ONE, TWO, 2_800, 2_809), 'SLOTS_ELSEWHERE'],
    [move(ONE, ONE, 0, 9), 'SAME_BUCKET'],
    [retire(bucketId(9)), 'UNKNOWN_BUCKET'],
  ];
  for (const [order, name] of refusals) expect(await ground.order(order)).toMatchObject({ kind: 'order-refused', name });
  expect(await ground.order(add(five), 'account:x')).toEqual({ kind: 'permission-denied', reason: 'OPERATORS_ONLY' });
  expect(ground.map.version).toBe(version);
});
