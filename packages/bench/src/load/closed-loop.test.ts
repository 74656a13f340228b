/** What counts: calls that end within the counted time, whenever they began. Time is virtual: how fast the machine is does not matter. */
import { jest } from '@jest/globals';
import { closedLoop, type LoadOptions, type LoadResult } from './closed-loop';

const millisecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function load(options: LoadOptions): Promise<LoadResult> {
  const result = closedLoop(options);
  await jest.advanceTimersByTimeAsync(1_000);
  return result;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('a call that is still under way when the time is up does not count; one that began in the warm-up does', async () => {
  let release: () => void = () => undefined;
  const events: string[] = [];
  const result = await load({
    callers: 1,
    warmUpMs: 20,
    durationMs: 30,
    call: () => {
      events.push('call');
      return new Promise((resolve) => {
        release = resolve;
      });
    },
    onCounting: () => {
      events.push('counting');
      setTimeout(() => release(), 5);
    },
    onCounted: () => {
      events.push('counted');
      setTimeout(() => release(), 5);
    },
  });
  expect(events).toEqual(['call', 'counting', 'call', 'counted']);
  expect(result.units).toBe(1);
});

test('the rate is units over the counted time, and latencies are in order', async () => {
  const result = await load({ callers: 4, durationMs: 50, unitsPerCall: 7, call: millisecond });
  // One call of each caller ends in each of 50 milliseconds.
  expect(result.units).toBe(4 * 7 * 50);
  expect(result.unitsPerSecond).toBeCloseTo((result.units * 1000) / 50);
  expect(result.p50Ms).toBeLessThanOrEqual(result.p99Ms);
  expect(result.p99Ms).toBeLessThanOrEqual(result.maxMs);
});
