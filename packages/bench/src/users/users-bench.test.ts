/** What is asked for, what users do, and how it is told. */
import { SeededRandom } from '@mas/values';
import { userLoad, type User, type UsersPoint } from './user-load';
import { isWell, parseUsers, renderUsers, type UsersReport } from './users-bench';
import { usersCurve } from './users-curve';

const POINT: UsersPoint = { users: 100, seconds: 20, payments: 200, perSecond: 10, p50Ms: 5, p99Ms: 20, p999Ms: 30, maxMs: 40, failures: {} };
const REPORT: UsersReport = {
  ...{
    storage: 'servers',
    connections: 200,
    thinkSeconds: 10,
    peakMiB: { tm1: 100 },
    failures: [],
    conserved: true,
    incomplete: false,
    audit: 'rows: 3 compared',
  },
  points: [POINT, { ...POINT, users: 10_000, perSecond: 950, p99Ms: 180 }],
};

test('the defaults are those of the duty; what is wrong says what would be right', () => {
  expect(parseUsers([])).toMatchObject({ storage: 'servers', steps: [100, 300, 1_000, 3_000, 10_000], lastMs: 120_000, connections: 200 });
  for (const wrong of [
    ['--users', '100,50'],
    ['--users', '1'],
    ['--users', 'many'],
    ['--seconds', '0'],
    ['--think=-1'],
    ['--connections', '1000'],
    ['--seed', 'x'],
  ])
    expect(() => parseUsers(wrong)).toThrow('usage: npm run bench -- users');
});

test('each user pays others from its own account, one payment at a time; what fails is named', async () => {
  const underWay = new Set<string>();
  const ids = new Set<string>();
  const users = Array.from({ length: 5 }, (_, at): User => {
    const account = `u${at}`;
    const createPayment: User['client']['createPayment'] = async ({ id, from, to }) => {
      expect([from, underWay.has(account), ids.has(id), to === account]).toEqual([account, false, false, false]);
      underWay.add(account);
      ids.add(id);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay.delete(account);
      if (account === 'u1') throw Object.assign(new Error('lost'), { error: { reason: 'UNAVAILABLE' } });
      return { kind: account === 'u2' ? 'aborted' : 'committed' };
    };
    return { account, client: { createPayment } };
  });
  const point = await userLoad({ users, thinkMs: 5, durationMs: 200, random: new SeededRandom(1), run: 'r' });
  expect(Object.keys(point.failures).sort()).toEqual(['UNAVAILABLE', 'aborted']);
  expect(point.payments).toBeGreaterThan(0);
  expect(point.payments + (point.failures['UNAVAILABLE'] ?? 0) + (point.failures['aborted'] ?? 0)).toBeLessThanOrEqual(ids.size);
});

test('the table has a line for each step; a failure is told and makes the run one that is not well', () => {
  expect(renderUsers(REPORT)).toMatch(/ 100 [^]* 10000 [^]*no failure[^]*money conserved: yes/);
  expect(isWell(REPORT)).toBe(true);
  const failed = { ...REPORT, points: [{ ...POINT, failures: { OUTCOME_UNKNOWN: 2 } }] };
  expect(renderUsers(failed)).toContain('FAILURES: 100 users: 2 × OUTCOME_UNKNOWN');
  for (const bad of [failed, { ...REPORT, conserved: false }, { ...REPORT, failures: ['rm1 ended'] }, { ...REPORT, points: [{ ...POINT, payments: 0 }] }])
    expect(isWell(bad)).toBe(false);
});

test('the curve is drawn within its frame, for one step too', () => {
  for (const points of [REPORT.points, [POINT], [{ ...POINT, p99Ms: 0, perSecond: 0 }]]) {
    const svg = usersCurve(points, 'a & b');
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(svg).toContain('a &amp; b');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const [, x, y] of svg.matchAll(/<circle cx="([\d.-]+)" cy="([\d.-]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(720);
      expect(Number(y)).toBeGreaterThanOrEqual(0);
      expect(Number(y)).toBeLessThanOrEqual(400);
    }
  }
});
