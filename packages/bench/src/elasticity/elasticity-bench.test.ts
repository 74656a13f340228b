/** What moves of slots cost, as it is added up and shown. */
import type { Cluster, LogLine } from '@mas/e2e';
import { parseElasticity } from './elasticity-bench';
import { isWell, renderElasticity, type ElasticityReport } from './elasticity-report';
import { MovesSeen } from './slots-under-load';

const paced = (committedPerSecond: number, p99Ms: number, failed: Readonly<Record<string, number>> = {}) => ({
  perSecond: 800,
  seconds: 10,
  payments: 8_000,
  committedPerSecond,
  p50Ms: 5,
  p99Ms,
  maxMs: 2 * p99Ms,
  failed,
});
const moves = { moves: 6, accounts: 100, rows: 900, tookMs: 3_000, blockedP50Ms: 9, blockedP99Ms: 40, blockedMaxMs: 41 };
const report: ElasticityReport = {
  storage: 'embedded',
  seconds: 10,
  seed: 1,
  accounts: 10_000,
  loadAverage: [1, 1, 1],
  figures: {
    warmUp: { payments: 40_000, seconds: 20, cpuMicros: [500], steady: true },
    mostPerSecond: 1_000,
    before: paced(800, 20),
    growing: paced(760, 50, { ABANDONED: 3 }),
    growth: moves,
    shrinking: paced(800, 20),
    shrinkage: moves,
    after: paced(800, 20),
  },
  audit: { conserved: true, incomplete: false, audit: 'balances: 10000 compared, 0 differences' },
  failure: null,
};

test('ratios are taken over what was measured before in the same run', () => {
  const text = renderElasticity(report);
  expect(text).toMatch(/a new bucket gets its share +760 +0\.95 +5\.0 +50\.0 +2\.50 +100 +10 +3 × ABANDONED/);
  expect(text).toMatch(/to the new bucket: 6 moves, 100 accounts, 900 rows in 3\.0 s \(300 rows\/s\); without an owner p50 9, p99 40, at most 41 ms/);
  expect(text).toMatch(/money conserved: yes/);
  expect(isWell(report)).toBe(true);
  expect(isWell({ ...report, audit: null })).toBe(false);
  expect(isWell({ ...report, failure: 'rm2 ended with 1' })).toBe(false);
});

test('what moved is read from the logs, each move once, and from one call to the next', () => {
  const listeners: ((line: LogLine) => void)[] = [];
  const rms = [{ onLine: (listener: (line: LogLine) => void) => listeners.push(listener) }];
  const seen = new MovesSeen({ rms } as unknown as Pick<Cluster, 'rms'>);
  const say = (line: LogLine): void => listeners.forEach((listener) => listener(line));
  for (const [move, blockedMs] of [
    [7, 12],
    [8, 30],
  ])
    say({ level: 'info', msg: 'slots have a new owner', move, blockedMs });
  for (const move of [7, 7, 8]) say({ level: 'info', msg: 'slots have moved to another bucket', move, accounts: 10, legs: 80, outcomes: 10 });
  say({ level: 'info', msg: 'something else', move: 9, blockedMs: 1_000 });
  expect(seen.take()).toEqual({ moves: 2, accounts: 20, rows: 200, blockedP50Ms: 12, blockedP99Ms: 30, blockedMaxMs: 30 });
  expect(seen.take()).toMatchObject({ moves: 0, rows: 0, blockedMaxMs: 0 });
});

test('wrong arguments are told the usage', () => {
  expect(parseElasticity(['--accounts', '500', '--seconds', '3'])).toMatchObject({ accounts: 500, ground: { durationMs: 3_000, storage: 'embedded' } });
  expect(() => parseElasticity(['--accounts', '1'])).toThrow(/usage: npm run bench -- elasticity/);
});
