/** Reads that name no moment, against the books: each rule can say no. */
import { Findings, History, type ReadHistory } from '@mas/auditor';
import { accountNumber, bucketId, currency } from '@mas/values';
import type { Version } from './books';
import { auditViews } from './views';

const ANN = accountNumber('ann');
/** ann at rev 1 from the beginning, at rev 2 from second 1 on. */
const BOOKS: ReadonlyMap<typeof ANN, readonly Version[]> = new Map([[ANN, [version(1, 100n, 0), version(2, 70n, 1_000)]]]);

function version(rev: number, balanceMinor: bigint, fromMs: number): Version {
  return { balanceMinor, holdsMinor: 5n, pendingMinor: 3n, minimumMinor: 0n, status: 'open', rev, fromMs };
}

function read(level: ReadHistory['level'], startMs: number, rev: number, shown: object = {}): ReadHistory {
  const view = {
    number: ANN,
    currency: currency('USD'),
    status: 'open' as const,
    owner: '',
    balanceMinor: rev === 1 ? 100n : 70n,
    minimumMinor: 0n,
    holdsMinor: 5n,
    pendingCreditsMinor: 3n,
    level,
    ageMs: null,
    momentUs: null,
    rev,
    createdAtMs: 0,
    bucket: bucketId(1),
    leader: null,
    ...shown,
  };
  return { level, numbers: [ANN], startMs, endMs: startMs + 10, views: [view], through: 'tm-1' };
}

function rulesOf(...reads: readonly ReadHistory[]): readonly string[] {
  const [history, findings] = [new History(), new Findings()];
  history.reads.push(...reads);
  auditViews(history, BOOKS, findings);
  return findings.list().map(({ rule }) => rule);
}

test.each<[string, ReadHistory, readonly string[]]>([
  ['as it stands', read('uncommitted', 500, 1), []],
  ['as it comes to stand meanwhile', read('uncommitted', 995, 2), []],
  ['as it stood', read('uncommitted', 1_001, 1), ['no stale read']],
  ['as it will stand', read('uncommitted', 980, 2), ['no stale read']],
  ['with other holds', read('uncommitted', 500, 1, { holdsMinor: 4n }), ['holds are explained by open promises']],
  ['with other money on its way', read('uncommitted', 500, 1, { pendingCreditsMinor: 4n }), ['holds are explained by open promises']],
  ['with another balance', read('uncommitted', 500, 1, { balanceMinor: 99n }), ['holds are explained by open promises']],
  ['from the cache', read('cached', 60_000, 1), []],
  ['from the cache with another balance', read('cached', 500, 1, { balanceMinor: 99n }), ['what is cached was so']],
  ['from the cache after more than a minute', read('cached', 69_001, 1), ['what is cached is not too old']],
])('an account is shown %s', (_name, one, rules) => {
  expect(rulesOf(one)).toEqual(rules);
});

test('through one coordinator no rev goes back, unless the reads met', () => {
  const rule = 'through one coordinator nothing goes back';
  expect(rulesOf(read('cached', 2_000, 2), read('cached', 2_010, 1))).toEqual([rule]);
  expect(rulesOf(read('cached', 2_000, 2), read('cached', 2_009, 1))).toEqual([]);
  expect(rulesOf(read('cached', 2_000, 2), { ...read('cached', 2_010, 1), through: 'tm-2' })).toEqual([]);
});
