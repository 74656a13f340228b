/** As of a moment the rows of all buckets add up, whatever state each has come to since; a hand on any of them shows. */
import { present, SeededRandom, type AmountMinor } from '@mas/values';
import { commit, create, decideCommit, pay, payment, prepare, rollback, slotOf, USD, type Payment } from './testing/builders';
import { TestBucket } from './testing/test-bucket';
import {
  addedSums,
  BucketAudit,
  changeBy,
  differingParts,
  MAX_LISTED_LEGS,
  MomentAudit,
  MOMENT_PARTS,
  partOfTxn,
  withEarlier,
  type LegRow,
  type MomentReport,
  type OutcomeRow,
} from './index';

const ALL_PARTS = new Set(Array.from({ length: MOMENT_PARTS }, (_, part) => part));

interface Tamper {
  readonly leg?: (row: LegRow) => LegRow | null;
  readonly outcome?: (row: OutcomeRow) => OutcomeRow | null;
}

/** @param homes what the homes of prepared legs say, by txn: a commit time */
function reportOf(bucket: TestBucket, us: number, homes: ReadonlyMap<string, number> = new Map(), tamper: Tamper = {}, timesSinceUs = 0): MomentReport {
  const books = new BucketAudit(bucket.ledger.meta(), slotOf);
  const audit = new MomentAudit({ us, timesSinceUs, fromUs: 0, parts: ALL_PARTS });
  const legs = bucket.rows.sortedLegs().flatMap((row) => (tamper.leg === undefined ? row : (tamper.leg(row) ?? [])));
  for (const row of bucket.rows.sortedAccounts()) {
    books.addAccounts([row]);
    for (const leg of legs.filter(({ account }) => account === row.number)) {
      books.addLegs([leg]);
      audit.addLeg(leg);
    }
    audit.endAccount(row, books.endAccount(row.number));
  }
  for (const leg of audit.takeUnanswered()) {
    const commitUs = homes.get(leg.txn);
    if (commitUs !== undefined) audit.addDecidedLeg(leg, commitUs);
  }
  for (const row of bucket.rows.sortedOutcomes()) {
    const outcome = tamper.outcome === undefined ? row : tamper.outcome(row);
    if (outcome !== null) audit.addOutcome(outcome);
  }
  return audit.finish(bucket.ledger.meta().stampMs);
}

/** a pays b across buckets: promised by b, decided at a; b may not have been told yet. */
class Pair {
  readonly a = new TestBucket('a');
  readonly b = new TestBucket('b');
  readonly decided = new Map<string, number>();
  private n = 0;

  constructor() {
    for (const number of ['a1', 'a2']) this.a.run(create(number, 100n));
    for (const number of ['b1', 'b2']) this.b.run(create(number, 100n));
  }

  promise(amountMinor: AmountMinor): Payment {
    const p = payment((this.n += 1), pay('a1', 'b1', amountMinor));
    this.b.run(prepare(p, 'b1'));
    return p;
  }

  decide(p: Payment): number {
    this.a.run(decideCommit(p, ['b1'], { notBeforeUs: this.b.leg('b1', p.txn)?.preparedUs ?? null }));
    const commitUs = this.a.leg('a1', p.txn)?.commitUs ?? 0;
    this.decided.set(p.txn, commitUs);
    return commitUs;
  }

  tell(p: Payment): void {
    this.b.run(commit(p, 'b1', this.decided.get(p.txn) ?? null));
  }

  at(us: number): readonly [MomentReport, MomentReport] {
    return [reportOf(this.a, us), reportOf(this.b, us, this.decided)];
  }
}

const money = (reports: readonly MomentReport[], of: 'balances' | 'issued'): bigint => reports.reduce((sum, report) => sum + (report[of].get(USD) ?? 0n), 0n);
const differing = (reports: readonly MomentReport[]): readonly number[] =>
  differingParts(addedSums(reports.map(({ legSums }) => legSums)), addedSums(reports.map(({ decidedSums }) => decidedSums)));

test('at every moment money and legs add up, told or not; and the same comes out of every later state', () => {
  const pair = new Pair();
  const payments = [5n, 7n, 11n].map((amount) => pair.promise(amount));
  const moments = payments.map((p) => pair.decide(p));
  const before = moments.map((us) => pair.at(us));
  before.forEach((reports, at) => {
    expect(money(reports, 'balances')).toBe(400n);
    expect(money(reports, 'issued')).toBe(400n);
    expect(reports[1].balances.get(USD)).toBe([205n, 212n, 223n][at]);
    expect(reports.map(({ legs, decidedLegs }) => [legs, decidedLegs])).toEqual([
      [at + 1, 2 * (at + 1)],
      [at + 1, 0],
    ]);
    expect(differing(reports)).toEqual([]);
  });
  for (const p of payments) pair.tell(p);
  pair.decide(pair.promise(13n));
  pair.a.run(create('a3', 1_000n));
  expect(moments.map((us) => pair.at(us))).toEqual(before.map((reports) => reports.map((report) => ({ ...report, legSums: expect.anything() as Uint8Array }))));
  moments.forEach((us, at) => expect(pair.at(us).map(({ legSums }) => legSums)).toEqual(before[at]?.map(({ legSums }) => legSums)));
});

test('what is promised and not decided, and what is rolled back, counts nowhere', () => {
  const pair = new Pair();
  const [undecided, aborted] = [pair.promise(5n), pair.promise(7n)];
  pair.b.run(rollback(aborted, 'b1'));
  const us = pair.b.ledger.momentUs;
  const reports = pair.at(us);
  expect(reports.map(({ legs }) => legs)).toEqual([0, 0]);
  // The home is closed there when it is asked.
  pair.a.close(us);
  pair.decide(undecided);
  expect(differing(pair.at(us))).toEqual([]);
  expect(pair.at(us)[1].balances).toEqual(reports[1].balances);
});

describe('a hand on a row of a payment across buckets shows, and the listing of its part names it', () => {
  const pair = new Pair();
  const payments = [5n, 7n].map((amount) => pair.promise(amount));
  const us = Math.max(...payments.map((p) => pair.decide(p)));
  for (const p of payments) pair.tell(p);
  const first = payments[0]?.txn;
  const onFirst = <Row extends { readonly txn: LegRow['txn'] }>(row: Row, change: Partial<Row> | null): Row | null =>
    row.txn !== first ? row : change === null ? null : { ...row, ...change };

  test.each<[string, Tamper, Tamper]>([
    ['a leg that is gone', {}, { leg: (row) => onFirst(row, null) }],
    ['an aborted leg', {}, { leg: (row) => onFirst(row, { state: 'aborted' }) }],
    ['an amount', {}, { leg: (row) => onFirst(row, { spec: { ...row.spec, amountMinor: 6n } }) }],
    ['a commit time', {}, { leg: (row) => onFirst(row, { commitUs: (row.commitUs ?? 0) - 1 }) }],
    ['a decision that is gone', { outcome: (row) => onFirst(row, null) }, {}],
    [
      'another decision',
      { outcome: (row) => onFirst(row, { decision: { kind: 'aborted', atMs: 1, reason: { name: 'CANCELLED', account: null, facts: {} } } }) },
      {},
    ],
  ])('%s', (_name, ofA, ofB) => {
    const reports = [reportOf(pair.a, us, new Map(), ofA), reportOf(pair.b, us, new Map(), ofB)];
    expect(differing(reports)).toEqual(first === undefined ? [] : [partOfTxn(first)]);
    const texts = (side: 'legs' | 'decided'): string[] =>
      reports
        .flatMap(({ listing }) => listing?.[side] ?? [])
        .filter(({ txn }) => txn === first)
        .map(({ txn, account, amountMinor, commitUs }) => [txn, account, amountMinor, commitUs].join(' '))
        .sort();
    expect(texts('legs')).not.toEqual(texts('decided'));
  });
});

test('commit times of before all buckets had moments count as none: one side may have one that the other has not', () => {
  const pair = new Pair();
  const p = pair.promise(5n);
  const us = pair.decide(p);
  pair.tell(p);
  const tamper: Tamper = { leg: (row) => (row.txn === p.txn ? { ...row, commitUs: null } : row) };
  const reports = (sinceUs: number): readonly MomentReport[] => [
    reportOf(pair.a, us, new Map(), {}, sinceUs),
    reportOf(pair.b, us, new Map(), tamper, sinceUs),
  ];
  expect(differing(reports(us))).toEqual([]);
  expect(differing(reports(us - 1))).toHaveLength(1);
});

/** As whoever goes on from an earlier report reads: all accounts, and of legs and outcomes those that may count later. */
function laterReport(bucket: TestBucket, us: number, earlier: MomentReport, homes: ReadonlyMap<string, number>): MomentReport {
  const audit = new MomentAudit({ us, timesSinceUs: 0, fromUs: earlier.momentUs, parts: ALL_PARTS });
  for (const row of bucket.rows.sortedAccounts()) {
    const legs = bucket.rows.sortedLegs().filter(({ account }) => account === row.number);
    const read = legs.filter(({ preparedAtMs, state }) => preparedAtMs >= earlier.laterMs || state === 'prepared');
    for (const leg of read) audit.addLeg(leg);
    audit.endAccount(
      row,
      read.reduce((minor, leg) => (leg.state === 'committed' ? minor - changeBy(leg) : minor), row.balanceMinor),
    );
  }
  for (const leg of audit.takeUnanswered()) {
    const commitUs = homes.get(leg.txn);
    if (commitUs !== undefined) audit.addDecidedLeg(leg, commitUs);
  }
  for (const row of bucket.rows.sortedOutcomes()) if (row.decision.atMs >= earlier.laterMs) audit.addOutcome(row);
  return audit.finish(bucket.ledger.meta().stampMs);
}

test('an earlier report and what came later are the whole, whatever was undecided or not told in between', () => {
  const pair = new Pair();
  const random = new SeededRandom(7);
  const open: Payment[] = [];
  const untold: Payment[] = [];
  const reports = (us: number): readonly MomentReport[] => pair.at(us);
  let base = { us: 0, of: null as readonly MomentReport[] | null };
  const take = (from: Payment[]): Payment | undefined => from.splice(random.below(Math.max(1, from.length)), 1)[0];
  for (let step = 0; step < 200; step += 1) {
    const dice = random.below(10);
    if (dice < 4) open.push(pair.promise(1n));
    const decided = dice < 7 ? take(open) : undefined;
    if (decided !== undefined) {
      pair.decide(decided);
      untold.push(decided);
    }
    const told = dice > 2 ? take(untold) : undefined;
    if (told !== undefined) pair.tell(told);
    if (dice === 9) pair.b.run(create(`b${10 + Math.floor(step / 3)}`, 3n));
    if (step % 15 !== 14) continue;
    const us = Math.max(pair.a.ledger.momentUs, pair.b.ledger.momentUs);
    pair.a.close(us);
    pair.b.close(us);
    const whole = reports(us);
    const earlier = base.of;
    if (earlier !== null) {
      const later = [pair.a, pair.b].map((bucket, at) => laterReport(bucket, us, present(earlier[at], 'report'), pair.decided));
      expect(later.map((report, at) => withEarlier(present(earlier[at], 'report'), report))).toEqual(
        whole.map((report) => ({ ...report, listing: expect.anything() as unknown })),
      );
      expect(later.every((report, at) => report.legs < present(whole[at], 'report').legs)).toBe(true);
    }
    expect(differing(whole)).toEqual([]);
    for (const { balances, moved } of whole) expect(balances).toEqual(moved);
    base = { us, of: whole };
  }
});

test('sums of another replica differ when an account was opened with something else', () => {
  const [one, two] = [new TestBucket('a'), new TestBucket('a')];
  one.run(create('a1', 100n));
  two.run(create('a1', 101n));
  const us = one.ledger.momentUs;
  expect(reportOf(one, us).accountSum).not.toBe(reportOf(two, us).accountSum);
  expect(reportOf(one, us).accountSum).toBe(reportOf(one, us + 5).accountSum);
  expect(reportOf(one, us - 1).accounts).toBe(0);
});

test('a listing is cut where it would not fit into a message', () => {
  const audit = new MomentAudit({ us: Number.MAX_SAFE_INTEGER, timesSinceUs: 0, fromUs: 0, parts: ALL_PARTS });
  const pair = new Pair();
  const p = pair.promise(5n);
  pair.decide(p);
  const outcome = pair.a.rows.outcome(p.key);
  for (let n = 0; outcome !== undefined && n < MAX_LISTED_LEGS; n += 1) audit.addOutcome(outcome);
  const { listing, decidedLegs } = audit.finish(0);
  expect([listing?.decided.length, listing?.isCut, decidedLegs]).toEqual([MAX_LISTED_LEGS, true, 2 * MAX_LISTED_LEGS]);
});
