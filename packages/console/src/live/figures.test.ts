import type { ClusterStatus } from '@mas/rpc';
import { Figures } from './figures';
import { percentile } from './latency';

type Counted = NonNullable<ClusterStatus['coordinator']>;

function counted(more: Partial<Counted>): Counted {
  return { id: 'tc-1', uptimeMs: 60_000, paymentsInFlight: 0, committed: 0, aborted: [], unknown: 0, refused: 0, latency: [], ...more };
}

const bins = (...counts: readonly number[]): Counted['latency'] =>
  counts.map((count, at) => ({ upToMs: at === counts.length - 1 ? null : 10 * 2 ** at, count }));

test('rates are differences between two answers, of all managers together; the first answer of one says nothing', () => {
  const figures = new Figures();
  figures.note([{ address: 'a', counted: counted({ committed: 1_000_000, paymentsInFlight: 2 }) }], 0);
  expect(figures.view(0, 0)).toMatchObject({ now: { committedPerSecond: null, p50Ms: null }, inFlight: 2, minute: { committed: 0 } });
  figures.note(
    [
      { address: 'a', counted: counted({ committed: 1_000_050, uptimeMs: 60_500, paymentsInFlight: 3 }) },
      { address: 'b', counted: counted({ id: 'tc-2', committed: 700, paymentsInFlight: 4 }) },
    ],
    500,
  );
  expect(figures.view(500, 0)).toMatchObject({ now: { committedPerSecond: 100 }, inFlight: 7, minute: { committed: 50 } });
  figures.note(
    [
      { address: 'a', counted: counted({ committed: 1_000_050, uptimeMs: 61_000 }) },
      { address: 'b', counted: counted({ id: 'tc-2', committed: 750, uptimeMs: 60_500 }) },
    ],
    1_000,
  );
  expect(figures.view(1_000, 0)).toMatchObject({ now: { committedPerSecond: 100 }, minute: { committed: 100 } });
});

test('a manager that has started again has done since what it says, and nothing negative', () => {
  const figures = new Figures();
  const aborted = [{ reason: 'INSUFFICIENT_FUNDS', count: 9 }];
  figures.note([{ address: 'a', counted: counted({ committed: 500, aborted, latency: bins(400, 109, 0) }) }], 0);
  figures.note(
    [{ address: 'a', counted: counted({ uptimeMs: 300, committed: 10, aborted: [{ reason: 'INSUFFICIENT_FUNDS', count: 2 }], latency: bins(12, 0, 0) }) }],
    1_000,
  );
  expect(figures.view(1_000, 0).minute).toEqual({ committed: 10, unknown: 0, refused: 0, aborted: [{ reason: 'INSUFFICIENT_FUNDS', count: 2 }] });
});

test('one that was silent for a while is counted over that while, and what is older than a minute no more', () => {
  const figures = new Figures();
  figures.note([{ address: 'a', counted: counted({ committed: 0 }) }], 0);
  figures.note([], 500);
  figures.note([{ address: 'a', counted: null }], 1_000);
  figures.note([{ address: 'a', counted: counted({ committed: 40, uptimeMs: 64_000 }) }], 4_000);
  expect(figures.view(4_000, 0).now.committedPerSecond).toBe(10);
  figures.note([{ address: 'a', counted: counted({ committed: 40, uptimeMs: 130_000 }) }], 70_000);
  expect(figures.view(70_000, 0).minute.committed).toBe(0);
});

test.each<[number, readonly number[], number | null]>([
  [0.5, [0, 0, 0], null],
  [0.5, [100, 0, 0], 5],
  [0.5, [50, 50, 0], 10],
  [0.99, [0, 100, 0], 19.9],
  [0.99, [0, 0, 7], 20],
])('the share of %d in %j', (share, counts, expected) => {
  const found = percentile(bins(...counts), share);
  if (expected === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(expected);
});
