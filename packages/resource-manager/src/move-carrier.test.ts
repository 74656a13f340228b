/**
 * The carrier of a move (docs/adr/0029) in the replicas of two buckets, with payments on the slots that go: whoever dies at whatever step, whoever is silent, and
 * whenever it is called off, the slots have one owner, with all that was in them.
 */
import { NO_MOVES, type MoveStage } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { InstructionItem, MoveStatus, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { present, slot } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, RM_3 } from './testing/cluster';
import { authorization, createAccount, decideCommit, OPERATOR, OPERATOR_TOKEN, payment, prepare } from './testing/payments';

import { ADAM, ALICE, ANNA, BOB, CAROL, Ground, MOVE, OPENING, SLOTS, STEPS, stepOf, type Step } from './testing/moving-ground';
const LOCKED = { kind: 'outcome', outcome: { kind: 'lock' } };

test('slots go with all that is in them, while payments, accounts, locks and authorizations on them come and end', async () => {
  // Copying takes seconds, so that much changes meanwhile.
  const ground = await Ground.start({ moveRowsPerSecond: 4, deliverAfterMs: 2_000, resolveAfterMs: 600_000 });
  const { cluster } = ground;
  const lock = (lockId: string, kind: 'acquire-lock' | 'release-lock'): InstructionItem => {
    const of = { slot: slotOfAccount(ALICE), lockId, owner: `owner-of-${lockId}` };
    return kind === 'release-lock'
      ? { token: null, instruction: { kind, ...of } }
      : { token: OPERATOR_TOKEN, instruction: { kind, ...of, mode: 'shared', ttlMs: 600_000, subject: OPERATOR } };
  };
  const held = authorization('held', ANNA, 40n, cluster.clock.wallMs() + 600_000);
  await cluster.one(BUCKET_1, decideCommit(held, []));
  expect(await cluster.instruct(BUCKET_1, [lock('gone', 'acquire-lock'), lock('kept', 'acquire-lock')])).toMatchObject([LOCKED, LOCKED]);
  // Promised before, decided behind.
  const late = payment('late', BOB, ALICE, 9n);
  await cluster.one(BUCKET_1, prepare(late, ALICE));
  ground.order();
  await cluster.clock.until('rows to have come', () => (ground.ledgerOf(BUCKET_2)?.moves.arriving[0]?.parts ?? 0) > 0);
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  await cluster.instruct(BUCKET_1, [createAccount(ADAM, OPENING), lock('gone', 'release-lock'), lock('new', 'acquire-lock')]);
  for (const [from, to] of [
    [ALICE, BOB],
    [BOB, ALICE],
    [ALICE, ANNA],
    [ANNA, ADAM],
    [CAROL, ADAM],
  ] as const)
    await ground.pay(from, to, 3n);
  for (let i = 0; ground.ownerOf(ALICE) !== BUCKET_2; i += 1) {
    if (i % 2 === 0) await ground.pay(BOB, ADAM);
    await cluster.clock.advance(100);
  }
  expect(await ground.over()).toEqual(['adopted']);
  expect([ALICE, ANNA, ADAM, CAROL].map((account) => ground.ownerOf(account))).toEqual([BUCKET_2, BUCKET_2, BUCKET_2, BUCKET_1]);
  // Every one of these finds what it builds on.
  expect(await cluster.one(BUCKET_2, prepare(late, ALICE))).toMatchObject({ kind: 'prepared' });
  expect(await cluster.one(BUCKET_2, decideCommit(late, []))).toMatchObject({ kind: 'decided', outcome: { decision: { kind: 'committed' } } });
  expect(await cluster.one(BUCKET_2, decideCommit(held, []))).toMatchObject({ kind: 'decided', fresh: false });
  const locks = await cluster.ask(BUCKET_2, { kind: 'locks', bucket: BUCKET_2, lockId: null });
  expect(locks.kind === 'locks' ? locks.locks.map(({ lockId }) => lockId).sort() : locks).toEqual(['kept', 'new']);
  await ground.pay(ADAM, BOB, 2n);
  await ground.isWhole([ALICE, ANNA, ADAM, CAROL, BOB], OPENING * 5n);
});

const CRASHES = STEPS.flatMap((step) => (['before', 'behind'] as const).map((when) => [step, when] as const));

test.each(CRASHES)('the leader that gives slots away dies when it says %s, %s it is taken: another one goes on', async (step, when) => {
  const ground = await Ground.start();
  const died = ground.at(step, when, () => ground.cluster.kill(RM_1));
  ground.order();
  await ground.cluster.clock.await(died);
  await ground.succeed(RM_1);
  await ground.pay(BOB, ALICE);
  expect(await ground.over()).toEqual(['adopted']);
  await ground.pay(ALICE, CAROL);
  await ground.isWhole();
});

test('it dies when the slots are confirmed to be the next owner’s, and nobody has told the meta group', async () => {
  const ground = await Ground.start();
  ground.order();
  await ground.over();
  ground.order();
  ground.cluster.kill(RM_1);
  await ground.succeed(RM_1);
  expect(await ground.over()).toEqual(['adopted']);
  await ground.isWhole();
});

test.each(CRASHES)('the leader that takes slots dies when it is told %s, %s it has taken it: its successor goes on', async (step, when) => {
  const ground = await Ground.start();
  const died = ground.at(step, when, () => ground.cluster.kill(RM_2));
  ground.order();
  await ground.cluster.clock.await(died);
  ground.cluster.raft.elect(BUCKET_2, RM_3);
  await ground.pay(BOB, ALICE);
  expect(await ground.over()).toEqual(['adopted']);
  await ground.cluster.restart(RM_2);
  await ground.pay(ALICE, CAROL);
  await ground.isWhole();
});

test.each<[Step, 'before' | 'behind', 'adopted' | 'declined']>([
  ['begin-import', 'before', 'declined'],
  ['begin-import', 'behind', 'declined'],
  ['import-rows', 'before', 'declined'],
  ['import-rows', 'behind', 'declined'],
  // It is told again before anybody hears of it.
  ['adopt-slots', 'before', 'adopted'],
  ['adopt-slots', 'behind', 'adopted'],
])('a move is called off when %s is on its way, %s it is taken: %s in both logs', async (step, when, end) => {
  const ground = await Ground.start();
  const called = ground.at(step, when, () => ground.order({ ...MOVE, calledOff: true }));
  ground.order();
  await ground.cluster.clock.await(called);
  await ground.pay(BOB, ALICE);
  expect(await ground.over()).toEqual([end]);
  expect(ground.ownerOf(ALICE)).toBe(end === 'adopted' ? BUCKET_2 : BUCKET_1);
  await ground.pay(ALICE, CAROL);
  await ground.isWhole();
});

test('it is called off behind the release, while the next owner does not hear: the slots stay as soon as it does', async () => {
  const ground = await Ground.start({ moveBlockedMs: 600_000 });
  const { cluster } = ground;
  const silent = ground.at('adopt-slots', 'before', () => ['1>2', '1>3'].forEach((link) => cluster.cutLinks.add(link as '1>2')));
  ground.order();
  await cluster.clock.await(silent);
  await cluster.clock.advance(5_000);
  expect(ground.ownerOf(ALICE)).toBeNull();
  ground.order({ ...MOVE, calledOff: true });
  await cluster.clock.advance(5_000);
  cluster.cutLinks.clear();
  expect(await ground.over()).toEqual(['declined']);
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  await ground.isWhole();
});

test('a move that is called off before it begins never does, also where somebody asks for it later', async () => {
  const ground = await Ground.start();
  ground.order({ ...MOVE, calledOff: true });
  expect(await ground.over()).toEqual(['declined']);
  ground.order();
  expect(await ground.over()).toEqual(['declined']);
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  await ground.isWhole();
});

test('nothing is released to a bucket that does not answer; once it does, the slots go', async () => {
  const ground = await Ground.start();
  const { cluster } = ground;
  const silent = ground.at('import-rows', 'before', () => {
    cluster.cutLinks.add('1>2');
    cluster.cutLinks.add('1>3');
  });
  ground.order();
  await cluster.clock.await(silent);
  for (let i = 0; i < 6; i += 1) {
    await cluster.clock.advance(2_000);
    await ground.pay(ALICE, CAROL);
    expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  }
  cluster.cutLinks.clear();
  expect(await ground.over()).toEqual(['adopted']);
  await ground.isWhole();
});

test('it falls silent behind the release: after two seconds it is asked to decline, and when it can be asked the slots stay', async () => {
  const ground = await Ground.start({ moveBlockedMs: 2_000 });
  const { cluster } = ground;
  const silent = ground.at('adopt-slots', 'before', () => {
    cluster.cutLinks.add('1>2');
    cluster.cutLinks.add('1>3');
  });
  ground.order();
  await cluster.clock.await(silent);
  await cluster.clock.advance(10_000);
  expect(ground.ownerOf(ALICE)).toBeNull();
  cluster.cutLinks.clear();
  expect(await ground.over()).toEqual(['declined']);
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  await ground.pay(ALICE, BOB);
  await ground.isWhole();
});

test('what a leader before has sent comes late: its adoption is refused, and that of its successor counts', async () => {
  const ground = await Ground.start();
  const { cluster } = ground;
  const late: { request?: ParticipantRequest } = {};
  cluster.tap = (_to, request) => {
    if (stepOf(request) !== 'adopt-slots') return undefined;
    late.request = request;
    cluster.tap = () => undefined;
    cluster.kill(RM_1);
    return { kind: 'unknown', reason: 'the exchange was lost' };
  };
  ground.order();
  await cluster.clock.until('an adoption to be on its way', () => late.request !== undefined);
  const stages: (MoveStage | null)[] = [];
  cluster.tap = (to, request) => {
    if (stepOf(request) !== 'import-rows') return undefined;
    cluster.tap = () => undefined;
    void cluster
      .manager(to)
      .handle(present(late.request, 'late request'), 'rm')
      .then((reply) => stages.push(stageOf(reply)));
    return undefined;
  };
  cluster.raft.elect(BUCKET_1, RM_3);
  expect(await ground.over()).toEqual(['adopted']);
  expect(stages).toEqual([{ kind: 'refused', reason: 'NOT_IMPORTING' }]);
  // And once more when all is over.
  expect(stageOf(await cluster.clock.await(cluster.manager(RM_2).handle(present(late.request, 'late request'), 'rm')))).toEqual({ kind: 'adopted' });
  await cluster.restart(RM_1);
  await ground.isWhole();
});

test('slots go there and back, and there again', async () => {
  const ground = await Ground.start();
  for (const [number, from, to] of [
    [1, BUCKET_1, BUCKET_2],
    [2, BUCKET_2, BUCKET_1],
    [3, BUCKET_1, BUCKET_2],
  ] as const) {
    ground.order({ ...MOVE, number, from, to });
    expect(await ground.over()).toEqual(['adopted']);
    expect(ground.ownerOf(ALICE)).toBe(to);
    for (const [payer, payee] of [
      [ALICE, BOB],
      [CAROL, ALICE],
      [ANNA, ALICE],
    ] as const)
      await ground.pay(payer, payee);
  }
  await ground.isWhole();
});

test('several are carried one after the other, and slots without rows go as well', async () => {
  const ground = await Ground.start();
  const empty = { from: slot(1_900), to: slot(1_900) };
  expect(slotOfAccount(CAROL)).not.toBe(empty.from);
  ground.order();
  ground.order({ ...MOVE, number: 2, slots: empty });
  expect(await ground.over()).toEqual(['adopted']);
  expect(ground.cluster.moves.endings.map(({ move }) => move)).toEqual([1, 2]);
  expect(ground.ledgerOf(BUCKET_2)?.ownsSlot(empty.from)).toBe(true);
  await ground.isWhole();
});

test('more changes than can be noted: the copy is begun anew, and the slots go when there are fewer', async () => {
  const ground = await Ground.start({ maxNotedRows: 4, moveRowsPerSecond: 4 });
  ground.order();
  await ground.cluster.clock.until('rows to have come', () => (ground.ledgerOf(BUCKET_2)?.moves.arriving[0]?.parts ?? 0) > 0);
  const attempt = ground.ledgerOf(BUCKET_2)?.moves.arriving[0]?.attempt;
  for (let i = 0; i < 4; i += 1) await ground.pay(ALICE, ANNA);
  await ground.cluster.clock.until('another attempt', () => (ground.ledgerOf(BUCKET_2)?.moves.arriving[0]?.attempt ?? 0) > present(attempt, 'attempt'));
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  expect(await ground.over()).toEqual(['adopted']);
  await ground.isWhole();
});

test('more accounts than one move takes do not go, and nothing is released', async () => {
  const ground = await Ground.start({ maxMovedAccounts: 1 });
  ground.order();
  await ground.cluster.clock.advance(10_000);
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  ground.order({ ...MOVE, calledOff: true });
  expect(await ground.over()).toEqual(['declined']);
  await ground.isWhole();
});

function stageOf(reply: ParticipantReply): MoveStage | null {
  const [item] = reply.kind === 'outcomes' ? reply.outcomes : [];
  return item?.kind === 'outcome' && item.outcome.kind === 'move' ? item.outcome.stage : null;
}

test('slots that another bucket has are not brought anywhere; called off, the move is over', async () => {
  const ground = await Ground.start();
  ground.order({ ...MOVE, slots: { from: slot(2_047), to: slot(2_048) } });
  await ground.cluster.clock.advance(5_000);
  expect([BUCKET_1, BUCKET_2].map((bucket) => ground.ledgerOf(bucket)?.moves)).toEqual([NO_MOVES, NO_MOVES]);
  ground.order({ ...MOVE, slots: { from: slot(2_047), to: slot(2_048) }, calledOff: true });
  expect(await ground.over()).toEqual(['declined']);
  await ground.isWhole();
});

async function movesAt(ground: Ground): Promise<readonly MoveStatus[]> {
  const reply = await ground.cluster.clock.await(ground.cluster.manager(RM_1).handle({ kind: 'status' }, 'tm'));
  return reply.kind === 'status' ? reply.replicas.flatMap(({ moves }) => moves) : [];
}

test('status says how far a move is, since when nothing has come of it and why; numbers say what has come', async () => {
  const ground = await Ground.start();
  const { cluster } = ground;
  const silent = ground.at('import-rows', 'before', () => ['1>2', '1>3'].forEach((link) => cluster.cutLinks.add(link as '1>2')));
  ground.order();
  await cluster.clock.await(silent);
  await cluster.clock.advance(20_000);
  const [stalled] = await movesAt(ground);
  expect(stalled).toMatchObject({ move: 1, slots: SLOTS, to: BUCKET_2, blockedMs: null, stalled: { why: expect.stringMatching(/bucket 2/) as unknown } });
  expect(stalled?.stalled?.forMs).toBeGreaterThan(15_000);
  cluster.cutLinks.clear();
  expect(await ground.over()).toEqual(['adopted']);
  await cluster.clock.advance(1_000);
  expect(await movesAt(ground)).toEqual([]);
  const numbers = cluster
    .manager(RM_1)
    .numbers()
    .replicas.find(({ group }) => group === BUCKET_1)?.moves;
  expect(numbers).toMatchObject({ underWay: 0, stalled: 0, adopted: 1, declined: 0 });
  expect(numbers?.rowsSent).toBeGreaterThan(0);
  expect(numbers?.blockedTimes.cumulative().at(-1)).toBe(1);
});

test('paused while rows are copied: the slots stay, and nothing is stalled; afterwards they go', async () => {
  const ground = await Ground.start();
  const { cluster } = ground;
  const paused = ground.at('import-rows', 'before', () => cluster.moves.pause(true));
  ground.order();
  await cluster.clock.await(paused);
  await cluster.clock.advance(20_000);
  expect(ground.ownerOf(ALICE)).toBe(BUCKET_1);
  expect(await movesAt(ground)).toMatchObject([{ stage: 'waiting', stalled: null }]);
  cluster.moves.pause(false);
  expect(await ground.over()).toEqual(['adopted']);
  await ground.isWhole();
});

test('paused behind the release: the move ends', async () => {
  const ground = await Ground.start();
  const { cluster } = ground;
  const paused = ground.at('adopt-slots', 'before', () => cluster.moves.pause(true));
  ground.order();
  await cluster.clock.await(paused);
  expect(await ground.over()).toEqual(['adopted']);
  await ground.isWhole();
});
