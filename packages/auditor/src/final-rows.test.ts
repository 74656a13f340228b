/** Replicas that differ at rest are named: both Resource Managers, the part, and a row that only one of them has. */
import { slotOfAccount } from '@mas/placement';
import { accountNumber, rmId, type RmId } from '@mas/values';
import { expectEqualReplicas, finalState, Findings, type BucketRows, type Finding } from './index';
import type { Mutable } from './testing/mutable';
import { USD } from './testing/plan';
import { soundLedger } from './testing/sound-ledger';

type Rows = Mutable<BucketRows>;

/** Bucket 1 as three replicas hold it. */
function findingsWhere(tamper: (rows: Rows) => void, on: 1 | 2 | 3): readonly Finding[] {
  const replicas = ([1, 2, 3] as const).map((rm): readonly [RmId, Rows] => [rmId(rm), soundLedger().bucketOf('ann')]);
  tamper(replicas[on - 1]![1]);
  const findings = new Findings();
  expectEqualReplicas(replicas, findings);
  return findings.list();
}

test.each<[string, (rows: Rows) => void, RegExp]>([
  ['appliedIndex', (rows) => void (rows.appliedIndex = 8), /9 \| 8$/],
  ['meta', (rows) => void rows.meta!.totals.set(USD, 75n), /"76n".* \| .*"75n"/],
  ['meta', (rows) => void (rows.meta = null), / \| null$/],
  ['accounts', (rows) => void (rows.accounts[0]!.balanceMinor += 1n), /"balanceMinor":"60n".* \| .*"balanceMinor":"61n"/],
  ['accounts', (rows) => void rows.accounts.pop(), /"number":"cid".* \| $/],
  ['legs', (rows) => void (rows.legs[0]!.state = 'prepared'), /"state":"committed".* \| .*"state":"prepared"/],
  ['legs', (rows) => void rows.legs.push({ ...rows.legs[0]! }), / \| $/],
  [
    'outcomes',
    (rows) => void rows.outcomes.forEach((outcome) => outcome.untold.push({ account: accountNumber('bob') })),
    /"untold":\[\].* \| .*"untold":\[\{"account":"bob"\}\]/,
  ],
  ['locks', (rows) => void (rows.locks[0]!.token = 8), /"token":9.* \| .*"token":8/],
])('a replica that differs in %s is named', (part, tamper, difference) => {
  const text = new RegExp(`^bucket 1: rm-1 and rm-3 differ in ${part} at rest: .*${difference.source}`);
  expect(findingsWhere(tamper, 3)).toEqual([{ rule: 'equal replicas', text: expect.stringMatching(text) as string }]);
});

test('where the first replica differs, each of the others says so', () => {
  const named = findingsWhere((rows) => void rows.locks.pop(), 1).map(({ text }) => text.slice(0, text.indexOf(':', 10)));
  expect(named).toEqual(['bucket 1: rm-1 and rm-2 differ in locks at rest', 'bucket 1: rm-1 and rm-3 differ in locks at rest']);
});

test('the order of rows, and of the fields in them, is no difference', () => {
  expect(
    findingsWhere((rows) => {
      rows.legs.reverse();
      rows.accounts = rows.accounts.map((row) => Object.fromEntries(Object.entries(row).reverse()) as unknown as typeof row);
    }, 2),
  ).toEqual([]);
});

test('a bucket without replicas has nothing to compare', () => {
  const findings = new Findings();
  expectEqualReplicas([], findings);
  expect(findings.isEmpty).toBe(true);
});

test("the state of all buckets finds an account's legs by their sequence, whatever order they were read in, and a payment's on both sides", () => {
  const { buckets } = soundLedger();
  for (const rows of buckets) rows.legs.reverse();
  const state = finalState(buckets);
  expect(state.legsOf.get(accountNumber('ann'))?.map((leg) => leg.seq)).toEqual([1, 2, 3, 4, 5]);
  const bill = state.outcomes.find((outcome) => outcome.key.endsWith('bill'))!;
  expect(
    state.legsByTxn
      .get(bill.txn)
      ?.map((leg) => leg.slot)
      .sort(),
  ).toEqual([slotOfAccount(accountNumber('bob')), slotOfAccount(accountNumber('ann'))].sort());
  expect([...state.accounts.keys()].sort()).toEqual(['ann', 'bob', 'cid', 'dan']);
});
