/** A run of payments across three buckets, faults drawn from the seed, and everything that must hold at its end. */
import type { InstructionItem, ItemReply } from '@mas/two-phase-commit';
import { slotOfAccount } from '@mas/placement';
import { present, type AccountNumber, type BucketId } from '@mas/values';
import { accountsIn, commitLeg, createAccount, decideCommit, payment, prepare, type Payment } from './payments';
import { RealCluster } from './real-cluster';

const OPENING = 1_000n;
const ACCOUNTS = [...accountsIn(0, 1364, 3), ...accountsIn(1366, 2729, 3), ...accountsIn(2732, 4095, 3)];

async function instruct(cluster: RealCluster, bucket: BucketId, items: readonly InstructionItem[]): Promise<readonly ItemReply[] | null> {
  const reply = await cluster.ask(bucket, { kind: 'instructions', bucket, phase: 'phase-1', items });
  return reply.kind === 'outcomes' ? reply.outcomes : null;
}

/** A coordinator without a memory: prepare, decide, and only sometimes the second phase. The home's decision, or null. */
async function pay(cluster: RealCluster, p: Payment, from: AccountNumber, to: AccountNumber, tellLegs: boolean): Promise<'committed' | 'aborted' | null> {
  const [home, remote] = [cluster.bucketOf(from), cluster.bucketOf(to)];
  let promisedUs: number | null = null;
  if (home !== remote) {
    const prepared = (await instruct(cluster, remote, [prepare(p, to)]))?.[0];
    if (prepared?.kind !== 'outcome') return null;
    if (prepared.outcome.kind === 'prepared') promisedUs = prepared.outcome.leg.preparedUs;
  }
  const decided = (await instruct(cluster, home, [decideCommit(p, home === remote ? [] : [to], promisedUs)]))?.[0];
  if (decided?.kind !== 'outcome' || decided.outcome.kind !== 'decided') return null;
  const { decision } = decided.outcome.outcome;
  if (tellLegs && home !== remote && decision.kind === 'committed') await instruct(cluster, remote, [commitLeg(p, to, decision.commitUs)]);
  return decision.kind;
}

async function undecidedLegs(cluster: RealCluster): Promise<number> {
  let legs = 0;
  for (const { bucket } of cluster.placement.buckets) {
    const reply = await cluster.ask(bucket, { kind: 'totals', bucket, atUs: null });
    legs += reply.kind === 'totals' ? reply.totals.undecidedLegs : 1;
  }
  return legs;
}

async function balancesOf(cluster: RealCluster): Promise<readonly bigint[]> {
  return Promise.all(
    ACCOUNTS.map(async (account) => {
      const bucket = cluster.bucketOf(account);
      const reply = await cluster.ask(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers: [account], token: null, at: 'now' });
      if (reply.kind !== 'accounts') throw new Error(JSON.stringify(reply));
      return present(reply.readings[0], account).balanceMinor;
    }),
  );
}

export interface Fire {
  /** Slots of accounts move between the buckets all the while; some of the moves are called off. */
  readonly movesSlots: boolean;
}

export interface Survived {
  /** Snapshots that were installed on the way. */
  readonly installs: number;
  /** Of moves, by how they ended. */
  readonly adopted: number;
  readonly declined: number;
}

/** Copying takes a while, but no round. */
const ROWS_PER_SECOND = 500;

export async function paymentsUnderFire(seed: number, { movesSlots }: Fire): Promise<Survived> {
  const cluster = await new RealCluster(seed, { cachedAccounts: 2, cachedLegs: 2, cachedOutcomes: 2, moveRowsPerSecond: ROWS_PER_SECOND }).start();
  for (const account of ACCOUNTS)
    expect(await cluster.settling(instruct(cluster, cluster.bucketOf(account), [createAccount(account, OPENING)]))).not.toBeNull();

  const answers = new Map<Payment, { readonly from: AccountNumber; readonly to: AccountNumber; readonly answer: 'committed' | 'aborted' | null }>();
  let kills = 0;
  for (let round = 0; round < 12; round += 1) {
    if (movesSlots) orderMoves(cluster, round);
    const work = Array.from({ length: 10 }, async (_, i) => {
      const from = present(ACCOUNTS[cluster.random.below(ACCOUNTS.length)], 'payer');
      const to = present(ACCOUNTS.filter((other) => other !== from)[cluster.random.below(ACCOUNTS.length - 1)], 'payee');
      const p = payment(`${round}-${i}`, from, to, BigInt(1 + cluster.random.below(300)));
      answers.set(p, { from, to, answer: await pay(cluster, p, from, to, cluster.random.chance(0.5)) });
    });
    if (round % 3 === 1) {
      await cluster.clock.advance(cluster.random.below(30));
      const victim = present(cluster.running()[cluster.random.below(3)], 'victim');
      cluster.kill(victim);
      kills += 1;
      await cluster.clock.advance(cluster.random.below(3_000));
      await cluster.boot(victim);
    }
    if (round % 3 === 2) {
      const database = present([...cluster.databases.values()][cluster.random.below(3)], 'database');
      database.lostCommits = 1;
      await cluster.clock.advance(cluster.random.below(300));
      database.down = true;
      await cluster.clock.advance(cluster.random.below(6_000));
      database.down = false;
    }
    await cluster.settling(Promise.all(work));
  }

  const committed = [...answers.values()].filter(({ answer }) => answer === 'committed').length;
  expect(kills).toBe(4);
  expect(committed).toBeGreaterThan(60);

  await cluster.settling(allOver(cluster));

  let left = 1;
  for (let i = 0; i < 30 && left > 0; i += 1) {
    await cluster.clock.advance(1_000);
    left = await cluster.settling(undecidedLegs(cluster));
  }
  expect(left).toBe(0);

  // Asked again, every payment gives the answer that it gave; those are what the balances consist of.
  const expected = new Map(ACCOUNTS.map((account) => [account, OPENING]));
  for (const [p, { from, to, answer }] of answers) {
    const again = await cluster.settling(pay(cluster, p, from, to, true));
    if (answer !== null) expect(again).toBe(answer);
    if (again !== 'committed') continue;
    const amount = present(p.body.legs[0], 'leg').amountMinor;
    expected.set(from, present(expected.get(from), from) - amount);
    expected.set(to, present(expected.get(to), to) + amount);
  }
  await cluster.clock.advance(8_000);
  expect(await cluster.settling(balancesOf(cluster))).toEqual([...expected.values()]);

  for (const { bucket } of cluster.placement.buckets) {
    const sums = [];
    for (const rm of cluster.running()) sums.push(await cluster.checksum(rm, bucket));
    expect(sums.map(({ differences }) => differences)).toEqual([[], [], []]);
    expect(new Set(sums.map(({ appliedIndex, sha256 }) => `${appliedIndex} ${sha256}`)).size).toBe(1);
  }
  expect(cluster.failures).toEqual([]);
  const ended = new Map(cluster.moves.endings.map(({ move, end }) => [move, end]));
  const adopted = [...ended.values()].filter((end) => end === 'adopted').length;
  return { installs: cluster.installs, adopted, declined: ended.size - adopted };
}

/** Of slots that no move is about: to another bucket; and one of the moves under way is called off now and then. */
function orderMoves(cluster: RealCluster, round: number): void {
  const { moves, random } = cluster;
  const open = cluster.placement.buckets.flatMap(({ bucket }) => moves.from(bucket));
  const victim = open[random.below(4)];
  if (victim !== undefined) moves.order({ ...victim, calledOff: true });
  for (let at = 0; at < 2; at += 1) {
    const account = present(ACCOUNTS[random.below(ACCOUNTS.length)], 'account');
    const ofAccount = slotOfAccount(account);
    const from = cluster.bucketOf(account);
    const others = cluster.placement.buckets.map(({ bucket }) => bucket).filter((bucket) => bucket !== from);
    const to = present(others[random.below(others.length)], 'bucket');
    const isBusy = [...open, ...cluster.placement.buckets.flatMap(({ bucket }) => moves.from(bucket))].some(
      ({ slots }) => slots.from <= ofAccount && ofAccount <= slots.to,
    );
    if (!isBusy) moves.order({ number: 1 + round * 2 + at, slots: { from: ofAccount, to: ofAccount }, from, to, calledOff: false });
  }
}

async function allOver(cluster: RealCluster): Promise<void> {
  while (cluster.moves.open > 0) await new Promise<void>((resolve) => cluster.clock.schedule(100, resolve));
}
