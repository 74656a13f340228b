/**
 * Slots that move, in the replicas of two buckets (docs/adr/0029): rows come in by the log and reach the tables, a restart at any step loses nothing, what
 * waits to be proposed is named anew, and whoever asks the wrong bucket hears so.
 */
import { countedSlots, MovedSumming, NO_HOLDINGS, type Handover, type Instruction, type MovedRows, type MoveStage } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { ParticipantReply, ReadMoment } from '@mas/two-phase-commit';
import { present, SlotSet, type AccountNumber, type BucketId, type SlotRange } from '@mas/values';
import type { Proposer } from './propose/proposer';
import { BUCKET_1, BUCKET_2, RM_1, TestCluster } from './testing/cluster';
import { accountsIn, commitLeg, createAccount, decideCommit, payment, prepare } from './testing/payments';

const [ALICE, CAROL] = accountsIn(0, 2047, 2) as [AccountNumber, AccountNumber];
const [BOB] = accountsIn(2048, 4095, 1) as [AccountNumber];
const SLOTS: SlotRange = { from: slotOfAccount(ALICE), to: slotOfAccount(ALICE) };
const OF_MOVE = { move: 1, slots: SLOTS };
const STEPS = ['begin', 'release', 'import', 'adopt', 'confirm'] as const;

class Moving {
  private handover: Handover | null = null;

  constructor(readonly cluster: TestCluster) {}

  static async start(): Promise<Moving> {
    const cluster = await new TestCluster({ buckets: 2, config: { cachedLegs: 1, resolveAfterMs: 1_000_000, deliverAfterMs: 900_000 } }).start();
    // Each step is the test's.
    cluster.heldAt.add('before-carry');
    await cluster.instruct(BUCKET_1, [createAccount(ALICE, 100n), createAccount(CAROL, 100n)]);
    await cluster.instruct(BUCKET_2, [createAccount(BOB, 100n)]);
    await cluster.one(BUCKET_1, decideCommit(payment('p0', ALICE, CAROL, 5n), []));
    return new Moving(cluster);
  }

  async step(name: (typeof STEPS)[number]): Promise<void> {
    const stage = await this.tell(name === 'release' || name === 'confirm' ? BUCKET_1 : BUCKET_2, await this.instruction(name));
    if (stage.kind === 'released') this.handover = stage.handover;
    expect(stage.kind).toBe({ begin: 'importing', release: 'released', import: 'importing', adopt: 'adopted', confirm: 'confirmed' }[name]);
  }

  async instruction(name: (typeof STEPS)[number]): Promise<Instruction> {
    switch (name) {
      case 'begin':
        return { kind: 'begin-import', ...OF_MOVE, from: BUCKET_1, attempt: 1 };
      case 'release':
        return { kind: 'release-slots', ...OF_MOVE, to: BUCKET_2 };
      case 'import':
        return { kind: 'import-rows', ...OF_MOVE, attempt: 1, part: 0, rows: await this.rows() };
      case 'adopt':
        return { kind: 'adopt-slots', ...OF_MOVE, attempt: 1, parts: 1, sums: await this.sums(), handover: present(this.handover, 'handover') };
      case 'confirm':
        return { kind: 'confirm-release', ...OF_MOVE, sums: await this.sums() };
    }
  }

  /** Through the leader's queue, as its drivers propose. */
  async tell(bucket: BucketId, instruction: Instruction): Promise<MoveStage> {
    const [fate] = await this.cluster.clock.await(this.proposer(bucket).submit([instruction]));
    if (fate?.kind !== 'applied' || fate.outcome.kind !== 'move') throw new Error(JSON.stringify(fate));
    return fate.outcome.stage;
  }

  proposer(bucket: BucketId): Proposer {
    return present(this.cluster.manager(RM_1)['replicas'].get(bucket), 'replica').proposer;
  }

  /** As the tables have them, which is where a carrier reads them. */
  async rows(): Promise<MovedRows> {
    await this.cluster.clock.advance(3_000);
    const chunks = this.cluster.database(RM_1).table(BUCKET_1).rows.chunks(1_000);
    const own = <Row extends { readonly slot: number }>(rows: readonly Row[]): readonly Row[] => rows.filter(({ slot }) => slot === SLOTS.from);
    return {
      accounts: chunks.flatMap((chunk) => (chunk.kind === 'accounts' ? own(chunk.rows) : [])),
      legs: chunks.flatMap((chunk) => (chunk.kind === 'legs' ? own(chunk.rows) : [])),
      outcomes: chunks.flatMap((chunk) => (chunk.kind === 'outcomes' ? own(chunk.rows) : [])),
      locks: chunks.flatMap((chunk) => (chunk.kind === 'locks' ? own(chunk.rows) : [])),
    };
  }

  async sums(): Promise<ReturnType<MovedSumming['sums']>> {
    const summing = new MovedSumming();
    summing.rows(await this.rows());
    return summing.sums();
  }

  read(bucket: BucketId, account: AccountNumber): Promise<ParticipantReply> {
    return this.cluster.ask(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers: [account], token: null, at: 'now' });
  }

  async restart(): Promise<void> {
    this.cluster.kill(RM_1);
    await this.cluster.restart(RM_1);
  }
}

test.each([null, ...STEPS])('an account goes with its history and a promise that was given before; the process dies behind: %s', async (deadly) => {
  const moving = await Moving.start();
  const { cluster } = moving;
  const p = payment('p1', BOB, ALICE, 30n);
  expect((await cluster.one(BUCKET_1, prepare(p, ALICE))).kind).toBe('prepared');
  for (const name of STEPS) {
    await moving.step(name);
    if (name === deadly) await moving.restart();
    const checksums = await Promise.all([BUCKET_1, BUCKET_2].map((bucket) => cluster.checksum(RM_1, bucket)));
    expect(checksums.map(({ differences }) => differences)).toEqual([[], []]);
  }
  expect(await moving.read(BUCKET_1, ALICE)).toEqual({ kind: 'wrong-bucket', slot: SLOTS.from });
  expect(await cluster.one(BUCKET_1, prepare(p, ALICE))).toMatchObject({ kind: 'wrong-bucket', slot: SLOTS.from });
  const decided = await cluster.one(BUCKET_2, decideCommit(p, []));
  expect(decided).toMatchObject({ kind: 'decided', outcome: { decision: { kind: 'committed' } } });
  expect(await moving.read(BUCKET_2, ALICE)).toMatchObject({ kind: 'accounts', readings: [{ balanceMinor: 125n }] });
  expect(await moving.read(BUCKET_1, CAROL)).toMatchObject({ kind: 'accounts', readings: [{ balanceMinor: 105n }] });
  const query = { account: ALICE, direction: 'oldest-first', cursorSeq: null, limit: 10, state: null, fromMs: null, untilMs: null } as const;
  const legs = await cluster.ask(BUCKET_2, { kind: 'list-legs', bucket: BUCKET_2, query, token: null, sinceUs: null });
  expect(legs.kind === 'legs' ? legs.legs.map(({ spec, state }) => [spec.amountMinor, state]) : legs).toEqual([
    [5n, 'committed'],
    [30n, 'committed'],
  ]);
  await moving.restart();
  expect(await moving.read(BUCKET_2, ALICE)).toMatchObject({ kind: 'accounts', readings: [{ balanceMinor: 125n }] });
  expect(await cluster.checksum(RM_1, BUCKET_1)).toMatchObject({ accounts: 1, differences: [] });
  expect(await cluster.checksum(RM_1, BUCKET_2)).toMatchObject({ accounts: 2, differences: [] });
  expect(cluster.fatal).toEqual([]);
});

test('what waits behind the adoption of its slots is named anew, and proposed with its rows', async () => {
  const moving = await Moving.start();
  const { cluster } = moving;
  for (const name of ['begin', 'release', 'import'] as const) await moving.step(name);
  const group = cluster.raft.group(BUCKET_2);
  const adoption = await moving.instruction('adopt');
  group.stalled = true;
  const adopted = moving.proposer(BUCKET_2).submit([adoption]);
  await cluster.clock.advance(10);
  const p = payment('p2', BOB, ALICE, 30n);
  const decided = cluster.manager(RM_1).handle({ kind: 'instructions', bucket: BUCKET_2, phase: 'phase-1', items: [decideCommit(p, [])] }, 'tm');
  await cluster.clock.advance(10);
  group.stalled = false;
  cluster.raft.advance(BUCKET_2);
  expect(await cluster.clock.await(adopted)).toMatchObject([{ kind: 'applied', outcome: { stage: { kind: 'adopted' } } }]);
  expect(await cluster.clock.await(decided)).toMatchObject({ outcomes: [{ outcome: { kind: 'decided', outcome: { decision: { kind: 'committed' } } } }] });
  expect(await moving.read(BUCKET_2, ALICE)).toMatchObject({ readings: [{ balanceMinor: 125n }] });
  expect(cluster.fatal).toEqual([]);
});

test('rows of slots that were dropped are not found in SQL again, before or behind the checkpoint that drops them', async () => {
  const moving = await Moving.start();
  const { cluster } = moving;
  for (const name of STEPS) await moving.step(name);
  await cluster.one(BUCKET_2, decideCommit(payment('p3', ALICE, BOB, 7n), []));
  const back = { move: 2, slots: SLOTS };
  await moving.tell(BUCKET_1, { kind: 'begin-import', ...back, from: BUCKET_2, attempt: 1 });
  expect(await moving.tell(BUCKET_1, { kind: 'decline-import', ...back })).toEqual({ kind: 'declined' });
  await cluster.clock.advance(3_000);
  expect((await moving.rows()).legs).toEqual([]);
  expect(await moving.read(BUCKET_1, ALICE)).toEqual({ kind: 'wrong-bucket', slot: SLOTS.from });
  const query = {
    kind: 'query',
    bucket: BUCKET_1,
    keys: [{ key: payment('p0', ALICE, CAROL, 5n).key, homeSlot: SLOTS.from }],
    closedAtUs: null,
    isPast: false,
  } as const;
  expect(await cluster.ask(BUCKET_1, { ...query, decisionsOnly: true })).toEqual({ kind: 'wrong-bucket', slot: SLOTS.from });
  expect(await cluster.ask(BUCKET_2, { ...query, bucket: BUCKET_2, decisionsOnly: true })).toMatchObject({
    kind: 'decisions',
    decisions: [{ decision: { kind: 'committed' } }],
  });
  expect(cluster.fatal).toEqual([]);
});

test('sums, and accounts of a range: who gives slots away counts them until it is told that they were adopted, and lists them no more', async () => {
  const moving = await Moving.start();
  const { cluster } = moving;
  const counted = async (bucket: BucketId): Promise<readonly [number, number]> => {
    const reply = await cluster.ask(bucket, { kind: 'totals', bucket, atUs: null });
    if (reply.kind !== 'totals') throw new Error(JSON.stringify(reply));
    return [reply.totals.accountCount, countedSlots(reply.totals.holdings ?? NO_HOLDINGS).common(SlotSet.of([SLOTS])).size];
  };
  const list = (bucket: BucketId): Promise<ParticipantReply> => cluster.ask(bucket, { kind: 'list-accounts', bucket, after: null, limit: 10, slots: SLOTS });
  const size = SLOTS.to - SLOTS.from + 1;
  const nowhere = { kind: 'wrong-bucket', slot: SLOTS.from };
  const [before, none] = [await counted(BUCKET_1), await counted(BUCKET_2)];
  const all = await list(BUCKET_1);
  if (all.kind !== 'account-list') throw new Error(JSON.stringify(all));
  expect([before[1], none[1], all.accounts.length > 0]).toEqual([size, 0, true]);
  for (const name of ['begin', 'release', 'import'] as const) {
    await moving.step(name);
    expect([await counted(BUCKET_1), await counted(BUCKET_2)]).toEqual([before, none]);
    expect(await list(BUCKET_2)).toEqual(nowhere);
  }
  expect(await list(BUCKET_1)).toEqual(nowhere);
  const both = [before[0], none[0] + all.accounts.length];
  await moving.step('adopt');
  expect([(await counted(BUCKET_1))[0], (await counted(BUCKET_2))[0]]).toEqual(both);
  expect(await list(BUCKET_2)).toEqual(all);
  await moving.step('confirm');
  expect([await counted(BUCKET_1), await counted(BUCKET_2)]).toEqual([
    [before[0] - all.accounts.length, 0],
    [both[1], size],
  ]);
  expect(await cluster.one(BUCKET_2, commitLeg(payment('p9', BOB, ALICE, 1n), ALICE))).toMatchObject({ kind: 'alarm' });
});

test('a moment is chosen behind what a home has decided that has moved, or not at all: a bucket that owns it no more says so', async () => {
  const moving = await Moving.start();
  const { cluster } = moving;
  for (const name of STEPS) await moving.step(name);
  const read = (bucket: BucketId, numbers: readonly AccountNumber[], at: ReadMoment): Promise<ParticipantReply> =>
    cluster.ask(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers, token: null, at });
  const p = payment('p4', ALICE, CAROL, 7n);
  const promised = await cluster.one(BUCKET_1, prepare(p, CAROL));
  // The new home is ahead of the bucket that had it.
  const own = await read(BUCKET_2, [BOB], { choose: [] });
  await read(BUCKET_2, [BOB], (own.kind === 'accounts' ? (own.momentUs ?? 0) : 0) + 60_000_000);
  const decided = await cluster.one(BUCKET_2, decideCommit(p, [CAROL], promised.kind === 'prepared' ? promised.leg.preparedUs : null));
  const decision = decided.kind === 'decided' ? decided.outcome.decision : null;
  const commitUs = decision?.kind === 'committed' ? present(decision.commitUs, 'commit time') : 0;
  // Who asks about Carol has an old map, and so has her bucket: both take it for the home.
  expect(await read(BUCKET_1, [CAROL], { choose: [{ from: slotOfAccount(CAROL), to: slotOfAccount(CAROL) }] })).toMatchObject({
    kind: 'unavailable',
    reason: expect.stringContaining('wrong-bucket') as string,
  });
  expect(await read(BUCKET_1, [], { ofHomes: [SLOTS.from] })).toEqual({ kind: 'wrong-bucket', slot: SLOTS.from });
  const home = await read(BUCKET_2, [], { ofHomes: [SLOTS.from] });
  expect(home.kind === 'accounts' ? home.momentUs : home).toBeGreaterThanOrEqual(commitUs);
});
