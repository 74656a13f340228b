/** A move of slots step by step (docs/adr/0029); what an adversary makes of it is in moving.model.test.ts. */
import { bucketId, slot, type SlotRange } from '@mas/values';
import { MovedSumming, type Handover, type MovedRows, type MoveStage } from './index';
import { acc, acknowledge, change, commit, create, decideCommit, lock, pay, payment, prepare, resolve, rollback, share, slotOf, txn } from './testing/builders';
import { TestBucket } from './testing/test-bucket';

const SLOTS: SlotRange = { from: slot(0), to: slot(1) };
const OF_MOVE = { move: 7, slots: SLOTS };

class Two {
  readonly s = new TestBucket('a');
  readonly t = new TestBucket('b');

  constructor() {
    for (const number of ['a0', 'a1', 'a2']) this.s.run(create(number, 100n));
    for (const number of ['b0', 'b1']) this.t.run(create(number, 100n));
  }

  begin(attempt = 1): MoveStage {
    return stageOf(this.t, { kind: 'begin-import', ...OF_MOVE, from: bucketId(97), attempt });
  }

  release(): Handover {
    const stage = stageOf(this.s, { kind: 'release-slots', ...OF_MOVE, to: bucketId(98) });
    if (stage.kind !== 'released') throw new Error(`not released: ${stage.kind}`);
    return stage.handover;
  }

  import(rows = this.rows(), attempt = 1, part = 0): MoveStage {
    return stageOf(this.t, { kind: 'import-rows', ...OF_MOVE, attempt, part, rows });
  }

  adopt(handover: Handover, parts = 1, attempt = 1): MoveStage {
    return stageOf(this.t, { kind: 'adopt-slots', ...OF_MOVE, attempt, parts, sums: this.sums(), handover });
  }

  /** As far as the adoption. */
  move(): Handover {
    this.begin();
    const handover = this.release();
    this.import();
    expect(this.adopt(handover)).toEqual({ kind: 'adopted' });
    return handover;
  }

  rows(): MovedRows {
    return this.s.rows.inSlots(SLOTS);
  }

  sums(): ReturnType<MovedSumming['sums']> {
    const summing = new MovedSumming();
    summing.rows(this.rows());
    return summing.sums();
  }
}

function stageOf(bucket: TestBucket, instruction: Parameters<TestBucket['run']>[0]): MoveStage {
  const outcome = bucket.run(instruction);
  if (outcome.kind !== 'move') throw new Error(`not about a move: ${outcome.kind}`);
  return outcome.stage;
}

test('a payment goes on where its account has gone, as if nothing had been', () => {
  const two = new Two();
  const p = payment(1, pay('b0', 'a0', 30n));
  expect(two.s.run(prepare(p, 'a0')).kind).toBe('prepared');
  two.move();
  expect(two.s.run(prepare(p, 'a0'))).toMatchObject({ kind: 'wrong-bucket', slot: 0 });
  expect(two.t.run(prepare(p, 'a0')).kind).toBe('prepared');
  expect(two.t.run(decideCommit(p, ['a0'])).kind).toBe('decided');
  expect(two.t.account('a0').balanceMinor).toBe(130n);
  expect(two.t.differences()).toEqual([]);
});

test('a home goes with what it has decided and not told, and is never presumed to have aborted', () => {
  const two = new Two();
  const p = payment(1, pay('a0', 'b0', 30n));
  two.t.run(prepare(p, 'b0'));
  const decided = two.s.run(decideCommit(p, ['b0'], { notBeforeUs: two.t.ledger.momentUs }));
  two.begin();
  const handover = two.release();
  expect(two.s.run(resolve(p))).toMatchObject({ kind: 'wrong-bucket' });
  expect(two.t.run(resolve(p))).toMatchObject({ kind: 'wrong-bucket' });
  expect(two.s.run(acknowledge(p, 'b0'))).toMatchObject({ kind: 'wrong-bucket' });
  expect([...two.s.ledger.undelivered()]).toEqual([]);
  two.import();
  two.adopt(handover);
  expect([...two.t.ledger.undelivered()].map(({ key }) => key)).toEqual([p.key]);
  const again = two.t.run(resolve(p));
  expect(again).toMatchObject({ kind: 'decided', fresh: false, outcome: { decision: decided.kind === 'decided' ? decided.outcome.decision : null } });
  two.t.run(commit(p, 'b0', again.kind === 'decided' && again.outcome.decision.kind === 'committed' ? again.outcome.decision.commitUs : null));
  two.t.run(acknowledge(p, 'b0'));
  expect([...two.t.ledger.undelivered()]).toEqual([]);
});

test('the tombstone of a number without an account stays where it is, under a lower log index too', () => {
  const two = new Two();
  for (let entry = 0; entry < 50; entry += 1) two.s.runEntry([]);
  const p = payment(1, pay('b0', 'a1', 1n));
  const unknown = payment(2, pay('a0', 'b0', 1n));
  two.s.run(rollback(p, 'a1'));
  two.s.run(rollback(unknown, 'a0'));
  const handover = two.move();
  const later = payment(3, pay('b0', 'a1', 1n));
  two.t.run(prepare(later, 'a1'));
  const made = two.t.leg('a1', later.txn);
  expect(made?.seq).toBeGreaterThan(handover.lastSeq);
  expect(two.t.run(prepare(p, 'a1'))).toMatchObject({ kind: 'leg-ended', leg: { state: 'aborted' } });
});

test('tokens rise across owners, a lock that is over is not in force again, and one that holds keeps its token', () => {
  const two = new Two();
  two.s.run(share('a0', 'gone', 10));
  for (let more = 0; more < 20; more += 1) two.s.run(lock('a2', `owner-${more}`, 1));
  two.s.stampMs += 20;
  const held = two.s.run(lock('a1', 'holder', 1_000));
  const handover = two.move();
  expect(handover.lockSeq).toBe(two.s.ledger.meta().lockSeq);
  expect([...two.t.ledger.locks()].map(({ lockId, token }) => [lockId, token])).toEqual([['a1', held.kind === 'lock' ? held.lock.token : 0]]);
  expect(two.t.run(lock('a0', 'next'))).toMatchObject({ kind: 'lock', lock: { token: handover.lockSeq + 1 } });
});

test('moments rise across owners, and what moved lately is not said of accounts that have come', () => {
  const two = new Two();
  two.s.stampMs += 60_000;
  two.s.run(change(9, 'a0', { kind: 'freeze' }));
  const before = two.t.ledger.momentUs;
  expect(two.t.ledger.movesBehind(before)).toEqual([]);
  const handover = two.move();
  expect(two.t.ledger.momentUs).toBeGreaterThan(handover.momentUs);
  expect(two.t.ledger.movesBehind(before)).toBeNull();
  expect(two.t.ledger.movesBehind(two.t.ledger.momentUs)).toEqual([]);
});

test('money is counted by the one that gives it away until it hears of the adoption', () => {
  const two = new Two();
  two.s.run(decideCommit(payment(1, pay('a0', 'a2', 30n))));
  two.move();
  const total = (bucket: TestBucket): readonly bigint[] => [...bucket.ledger.meta().totals.values(), ...bucket.ledger.meta().issued.values()];
  expect([total(two.s), total(two.t)]).toEqual([
    [300n, 300n],
    [370n, 400n],
  ]);
  expect(two.s.differences()).toEqual([]);
  expect(stageOf(two.s, { kind: 'confirm-release', ...OF_MOVE, sums: two.sums() })).toEqual({ kind: 'confirmed' });
  expect(total(two.s)).toEqual([130n, 100n]);
  expect(two.s.rows.sortedAccounts().map(({ number }) => number)).toEqual(['a2']);
  expect(two.s.differences()).toEqual([]);
});

test('what is declined is declined for good, and reclaimed as it was', () => {
  const two = new Two();
  const p = payment(1, pay('b0', 'a0', 30n));
  two.s.run(prepare(p, 'a0'));
  two.begin();
  two.import();
  const handover = two.release();
  expect(stageOf(two.t, { kind: 'decline-import', ...OF_MOVE })).toEqual({ kind: 'declined' });
  expect(two.adopt(handover)).toEqual({ kind: 'declined' });
  expect(two.begin(2)).toEqual({ kind: 'declined' });
  expect(two.t.rows.sortedAccounts().map(({ number }) => number)).toEqual(['b0', 'b1']);
  expect(stageOf(two.s, { kind: 'reclaim-slots', ...OF_MOVE })).toEqual({ kind: 'reclaimed' });
  expect(two.s.run(commit(p, 'a0', two.s.ledger.momentUs)).kind).toBe('leg-ended');
  expect(two.s.account('a0').balanceMinor).toBe(130n);
});

test('a part comes once, in its attempt alone, and so does an adoption', () => {
  const two = new Two();
  const p = payment(1, pay('b0', 'a0', 30n));
  two.s.run(prepare(p, 'a0'));
  two.begin();
  const older = two.rows();
  expect(two.import(older)).toEqual({ kind: 'importing', attempt: 1, parts: 1 });
  two.s.run(rollback(p, 'a0'));
  const handover = two.release();
  expect(two.import(two.rows(), 1, 1)).toEqual({ kind: 'importing', attempt: 1, parts: 2 });
  // No money has moved: by its sums alone nobody could tell it from what came behind the release.
  expect(two.import(older)).toEqual({ kind: 'importing', attempt: 1, parts: 2 });
  expect(two.t.leg('a0', p.txn)?.state).toBe('aborted');
  expect(two.import(older, 1, 3)).toEqual({ kind: 'importing', attempt: 1, parts: 2 });
  expect(two.begin(2)).toEqual({ kind: 'importing', attempt: 2, parts: 0 });
  expect(two.begin(1)).toEqual({ kind: 'importing', attempt: 2, parts: 0 });
  expect(two.import(older, 1, 0)).toEqual({ kind: 'importing', attempt: 2, parts: 0 });
  two.import(two.rows(), 2, 0);
  expect(two.adopt(handover, 1, 1)).toEqual({ kind: 'refused', reason: 'NOT_IMPORTING' });
  expect(two.adopt(handover, 1, 2)).toEqual({ kind: 'adopted' });
  expect(two.t.leg('a0', p.txn)?.state).toBe('aborted');
  expect(two.t.differences()).toEqual([]);
});

test('there and back: an adoption that comes late is over', () => {
  const two = new Two();
  const handover = two.move();
  stageOf(two.s, { kind: 'confirm-release', ...OF_MOVE, sums: two.sums() });
  expect(stageOf(two.t, { kind: 'release-slots', ...OF_MOVE, move: 8, to: bucketId(97) })).toMatchObject({ kind: 'released' });
  expect(two.adopt(handover)).toEqual({ kind: 'over' });
  expect(two.begin(5)).toEqual({ kind: 'over' });
  expect(stageOf(two.t, { kind: 'begin-import', move: 9, slots: SLOTS, from: bucketId(97), attempt: 1 })).toEqual({ kind: 'refused', reason: 'STILL_LEAVING' });
});

test('whoever is told something impossible says so by name, and nothing has changed', () => {
  const two = new Two();
  const handover: Handover = { lockSeq: 1, momentUs: 1, momentsSinceUs: 1, lastSeq: 1, semanticsVersion: 9, policyVersion: 1 };
  const refused = (reason: string): object => ({ kind: 'refused', reason });
  expect(two.import()).toEqual(refused('NOT_IMPORTING'));
  expect(stageOf(two.s, { kind: 'begin-import', ...OF_MOVE, from: bucketId(98), attempt: 1 })).toEqual(refused('OWNED_ALREADY'));
  expect(stageOf(two.t, { kind: 'release-slots', ...OF_MOVE, to: bucketId(97) })).toEqual(refused('NOT_OWNED'));
  expect(stageOf(two.s, { kind: 'release-slots', ...OF_MOVE, to: bucketId(97) })).toEqual(refused('NOT_OWNED'));
  two.begin();
  const elsewhere = { ...two.rows(), accounts: [two.s.account('a2')] };
  expect(two.import(elsewhere)).toEqual(refused('ROWS_ELSEWHERE'));
  two.import();
  expect(two.adopt({ ...handover, semanticsVersion: 10 })).toEqual(refused('SEMANTICS_OLDER'));
  expect(two.adopt({ ...handover, policyVersion: 2 })).toEqual(refused('POLICY_OLDER'));
  expect(two.adopt(handover, 2)).toEqual(refused('INCOMPLETE'));
  two.t.nextIndex = 2 ** 40;
  expect(two.adopt(handover)).toEqual(refused('BUCKET_FULL'));
  expect(two.t.ledger.ownsSlot(slotOf(acc('a0')))).toBe(false);
});

test('a snapshot or a restart in the middle loses nothing', () => {
  const two = new Two();
  const p = payment(1, pay('b0', 'a0', 30n));
  two.s.run(prepare(p, 'a0'));
  two.begin();
  const handover = two.release();
  two.import();
  two.s.restart();
  two.t.restart();
  expect([...two.s.ledger.preparedLegs(), ...two.t.ledger.preparedLegs()]).toEqual([]);
  expect(two.adopt(handover)).toEqual({ kind: 'adopted' });
  expect([...two.t.ledger.preparedLegs()].map((leg) => leg.txn)).toEqual([txn(1)]);
});

test.each([
  ['no number', { kind: 'decline-import', move: 0, slots: SLOTS }, /positive whole number/],
  ['slots that are none', { kind: 'decline-import', move: 1, slots: { from: slot(9), to: slot(8) } }, /neighbouring/],
  ['too many slots', { kind: 'decline-import', move: 1, slots: { from: slot(0), to: slot(256) } }, /1 to 256/],
  ['an empty part', { kind: 'import-rows', ...OF_MOVE, attempt: 1, part: 0, rows: { accounts: [], legs: [], outcomes: [], locks: [] } }, /1 to 1024 rows/],
] as const)('%s is no move', (_name, instruction, problem) => {
  expect(() => new TestBucket('a').run(instruction)).toThrow(problem);
});

test('what changes whose slots are is alone in its entry, and unknown to an older bucket', () => {
  const release = { kind: 'release-slots', ...OF_MOVE, to: bucketId(98) } as const;
  expect(() => new TestBucket('a').runEntry([release, create('a0', 1n)])).toThrow(/well-formed/);
  expect(() => new TestBucket('a', 8).run(release)).toThrow(/an instruction comes to buckets that know it/);
});
