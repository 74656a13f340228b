/** Payments have an order in common across buckets (docs/adr/0021): each rule of it, by the interleaving that needs it. */
import * as fc from 'fast-check';
import { commit, commitMany, create, decideAbort, decideCommit, lock, OPERATOR, pay, payment, POLICY, prepare, resolve, rollback } from './testing/builders';
import { START_MS, TestBucket } from './testing/test-bucket';
import { MOMENTS_SINCE, SEMANTICS_VERSION, type Instruction, type LegRow, type OutcomeRow } from './index';

const START_US = START_MS * 1_000;
const AHEAD_US = START_US + 3_600_000_000;
const raise: Instruction = { kind: 'set-policy', policy: POLICY, semanticsVersion: SEMANTICS_VERSION, subject: OPERATOR };

function opened(letter: string, semanticsVersion?: number): TestBucket {
  const bucket = new TestBucket(letter, semanticsVersion);
  for (const n of [1, 2]) bucket.run(create(`${letter}${n}`, 100n));
  return bucket;
}

const momentOf = (bucket: TestBucket): number => bucket.ledger.momentUs;
const legOf = (bucket: TestBucket, account: string, p: { readonly txn: LegRow['txn'] }): LegRow | undefined => bucket.leg(account, p.txn);
const recordOf = (bucket: TestBucket, p: { readonly key: OutcomeRow['key'] }): OutcomeRow['decision'] | undefined => bucket.rows.outcome(p.key)?.decision;

test('moments rise strictly, instruction by instruction, whatever the stamps say', () => {
  const entries = fc.array(
    fc.record({
      stampMs: fc.constantFrom(0, START_MS - 5, START_MS, START_MS + 1, START_MS + 5_000),
      count: fc.nat(4),
      behindUs: fc.constantFrom(null, 1, START_US + 7, AHEAD_US),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(entries, (list) => {
      const bucket = opened('a');
      let n = 0;
      for (const { stampMs, count, behindUs } of list) {
        const beforeUs = momentOf(bucket);
        const payments = Array.from({ length: count }, () => payment((n += 1), pay('a1', 'a2', 1n)));
        bucket.stampMs = stampMs;
        if (behindUs === null) bucket.runEntry(payments.map((p) => decideCommit(p)));
        else
          bucket.close(
            behindUs,
            payments.map((p) => decideCommit(p)),
          );
        const moments = payments.map((p) => legOf(bucket, 'a1', p)?.commitUs ?? 0);
        const fromUs = Math.max(beforeUs, behindUs ?? 0);
        expect(moments.every((us, at) => us > (moments[at - 1] ?? fromUs) && us >= bucket.ledger.stampMs * 1_000)).toBe(true);
        expect(momentOf(bucket)).toBe(moments.at(-1) ?? fromUs);
      }
    }),
  );
});

test('a decision lies behind the promises that it carries, and COMMIT carries the bucket of its leg behind the decision', () => {
  const [a, b] = [opened('a'), opened('b')];
  const p = payment(1, pay('a1', 'b1', 10n));
  b.close(AHEAD_US);
  const promised = b.run(prepare(p, 'b1'));
  expect(promised).toMatchObject({ kind: 'prepared', leg: { preparedUs: AHEAD_US + 1, commitUs: null } });
  a.run(decideCommit(p, ['b1'], { notBeforeUs: AHEAD_US + 1 }));
  const commitUs = AHEAD_US + 2;
  expect(recordOf(a, p)).toMatchObject({ kind: 'committed', commitUs });
  expect(legOf(a, 'a1', p)).toMatchObject({ preparedUs: commitUs, commitUs });
  expect(a.ledger.stampMs).toBe(START_MS);
  b.run(commit(p, 'b1', commitUs));
  expect(legOf(b, 'b1', p)).toMatchObject({ preparedUs: AHEAD_US + 1, commitUs });
});

test('COMMIT lifts the bucket where the money arrives: what is paid with it comes later', () => {
  const b = opened('b');
  const arriving = payment(1, pay('a1', 'b1', 10n));
  b.run(prepare(arriving, 'b1'));
  b.run(commit(arriving, 'b1', AHEAD_US));
  expect(momentOf(b)).toBe(AHEAD_US);
  const spending = payment(2, pay('b1', 'b2', 105n));
  b.run(decideCommit(spending));
  expect(recordOf(b, spending)).toMatchObject({ kind: 'committed', commitUs: AHEAD_US + 1 });
});

test('COMMIT of many: each leg has its own commit time, the bucket lies behind all of them', () => {
  const b = opened('b');
  const all = [1, 2, 3].map((n) => payment(n, pay('a1', 'b1', 1n)));
  for (const p of all) b.run(prepare(p, 'b1'));
  const times = [AHEAD_US + 50, AHEAD_US, AHEAD_US + 20];
  b.run(commitMany(all.map((p, n) => ({ txn: p.txn, account: p.body.legs[1]!.account, commitUs: times[n]! }))));
  expect(all.map((p) => legOf(b, 'b1', p)?.commitUs)).toEqual(times);
  expect(momentOf(b)).toBeGreaterThanOrEqual(AHEAD_US + 50);
});

test('an entry that closes the bucket needs no instructions, and closes nothing that is closed already', () => {
  const a = opened('a');
  const before = a.content();
  a.close(AHEAD_US);
  a.close(AHEAD_US - 1);
  expect([momentOf(a), a.content()]).toEqual([AHEAD_US, before]);
  const p = payment(1, pay('a1', 'a2', 1n));
  a.close(AHEAD_US, [decideCommit(p)]);
  expect(legOf(a, 'a1', p)?.commitUs).toBe(AHEAD_US + 1);
  // Its time has not moved.
  expect([a.ledger.stampMs, a.run(lock('a1', 'auditor'))]).toEqual([
    START_MS,
    expect.objectContaining({ lock: expect.objectContaining({ untilMs: START_MS + 1_000 }) as unknown }),
  ]);
});

test('a repeated PREPARE answers the moment of the promise', () => {
  const b = opened('b');
  const p = payment(1, pay('a1', 'b1', 10n));
  const first = b.run(prepare(p, 'b1'));
  b.close(AHEAD_US);
  expect(b.run(prepare(p, 'b1'))).toEqual(first);
});

test('what has ended otherwise has no commit time', () => {
  const b = opened('b');
  const [aborted, tombstone, refused] = [payment(1, pay('a1', 'b1', 1n)), payment(2, pay('a1', 'b1', 1n)), payment(3, pay('b1', 'b2', 1n))];
  b.run(prepare(aborted, 'b1'));
  for (const p of [aborted, tombstone]) b.run(rollback(p, 'b1'));
  b.run(decideAbort(refused));
  expect([aborted, tombstone].map((p) => legOf(b, 'b1', p)?.commitUs)).toEqual([null, null]);
  expect([legOf(b, 'b1', aborted)?.preparedUs, legOf(b, 'b1', tombstone)?.preparedUs]).toEqual([expect.any(Number), null]);
  expect(b.run(resolve(refused))).toMatchObject({ kind: 'decided', outcome: { decision: { kind: 'aborted' } } });
});

test('a commit time that is not behind the promise, and a second one, are alarms; the decision stands', () => {
  const b = opened('b');
  const p = payment(1, pay('a1', 'b1', 10n));
  const preparedUs = momentOf(b) + 1;
  b.run(prepare(p, 'b1'));
  expect(b.run(commit(p, 'b1', preparedUs))).toMatchObject({ kind: 'alarm', alarm: { name: 'COMMIT_NOT_BEHIND_PREPARE', txn: p.txn } });
  expect([legOf(b, 'b1', p), b.account('b1').balanceMinor]).toEqual([expect.objectContaining({ state: 'committed', preparedUs, commitUs: preparedUs }), 110n]);
  expect(b.repeat(commit(p, 'b1', preparedUs))).toMatchObject({ kind: 'leg-ended' });
  expect(b.repeat(commit(p, 'b1', preparedUs + 1))).toMatchObject({ kind: 'alarm', alarm: { name: 'COMMIT_TIMES_DIFFER', txn: p.txn } });
  expect(b.repeat(commit(p, 'b1'))).toMatchObject({ kind: 'leg-ended' });
});

describe('a bucket of an earlier version', () => {
  const everything = (bucket: TestBucket, commitUs: number | null): void => {
    const [arriving, dropped, leaving, away] = [
      payment(1, pay('a1', 'b1', 5n)),
      payment(2, pay('a1', 'b1', 5n)),
      payment(3, pay('b1', 'b2', 7n)),
      payment(4, pay('b1', 'a1', 1n)),
    ];
    for (const p of [arriving, dropped]) bucket.run(prepare(p, 'b1'));
    bucket.run(commit(arriving, 'b1', commitUs));
    bucket.run(rollback(dropped, 'b1'));
    bucket.run(decideCommit(leaving));
    bucket.run(decideCommit(away, ['a1']));
    bucket.run({
      kind: 'change-account',
      key: leaving.key,
      txn: leaving.txn,
      number: leaving.body.legs[0]!.account,
      change: { kind: 'freeze' },
      subject: OPERATOR,
      lockToken: null,
      undecided: [],
    });
  };
  const momentsIn = (bucket: TestBucket): unknown[] => [
    ...bucket.rows.sortedAccounts().map(({ createdUs }) => createdUs),
    ...bucket.rows.sortedLegs().flatMap(({ preparedUs, commitUs }) => [preparedUs, commitUs]),
    ...bucket.rows.sortedOutcomes().map(({ decision }) => (decision.kind === 'committed' ? decision.commitUs : null)),
  ];

  test('has no moments in any row, whatever it is told', () => {
    const [silent, told] = [opened('b', MOMENTS_SINCE - 1), opened('b', MOMENTS_SINCE - 1)];
    everything(silent, null);
    everything(told, AHEAD_US);
    silent.close(AHEAD_US);
    for (const bucket of [silent, told]) expect(new Set(momentsIn(bucket))).toEqual(new Set([null]));
    expect(silent.ledger.meta()).toMatchObject({ momentUs: 0, momentsSinceUs: 0 });
    expect(told.content()).toBe(silent.content());
    expect([silent, told].map(momentOf)).toEqual([0, 0]);
  });

  test('begins with its time when its version is raised, and answers no earlier moment', () => {
    const bucket = opened('b', MOMENTS_SINCE - 1);
    everything(bucket, null);
    bucket.stampMs += 9;
    bucket.run(raise);
    expect(bucket.ledger.meta()).toMatchObject({ momentUs: START_US + 9_000, momentsSinceUs: START_US + 9_000 });
    const p = payment(9, pay('b2', 'b1', 1n));
    bucket.run({ ...raise });
    bucket.run(prepare(p, 'b2'));
    expect(legOf(bucket, 'b2', p)?.preparedUs).toBe(START_US + 9_002);
    expect(bucket.ledger.momentsSinceUs).toBe(START_US + 9_000);
  });

  test('begins behind what it was told before: those legs lie before all its moments', () => {
    const bucket = opened('b', MOMENTS_SINCE - 1);
    everything(bucket, AHEAD_US);
    bucket.restart();
    bucket.run(raise);
    expect(bucket.ledger.meta()).toMatchObject({ momentUs: AHEAD_US, momentsSinceUs: AHEAD_US });
  });

  test('a promise of before is committed at the home’s commit time', () => {
    const bucket = opened('b', MOMENTS_SINCE - 1);
    const p = payment(1, pay('a1', 'b1', 5n));
    bucket.run(prepare(p, 'b1'));
    bucket.run(raise);
    expect(bucket.run(commit(p, 'b1', START_US - 4))).toMatchObject({ kind: 'leg-ended', leg: { preparedUs: null, commitUs: START_US - 4 } });
  });
});

test('a home that had no commit time to give: the leg has the moment at which it was told, and earlier ones are not answered', () => {
  const b = opened('b');
  const p = payment(1, pay('a1', 'b1', 5n));
  b.run(prepare(p, 'b1'));
  b.close(AHEAD_US);
  b.run(commit(p, 'b1'));
  expect(legOf(b, 'b1', p)?.commitUs).toBe(AHEAD_US + 1);
  expect(b.ledger.momentsSinceUs).toBe(AHEAD_US + 1);
  expect(b.repeat(commit(p, 'b1'))).toMatchObject({ kind: 'leg-ended' });
  expect(b.ledger.momentsSinceUs).toBe(AHEAD_US + 1);
});

test('a restart goes on at the same moment', () => {
  const [restarted, straight] = [opened('b'), opened('b')];
  for (const bucket of [restarted, straight]) {
    bucket.close(AHEAD_US);
    if (bucket === restarted) bucket.restart();
    bucket.run(decideCommit(payment(1, pay('b1', 'b2', 7n))));
  }
  expect(restarted.text()).toBe(straight.text());
  expect(momentOf(restarted)).toBe(AHEAD_US + 1);
});
