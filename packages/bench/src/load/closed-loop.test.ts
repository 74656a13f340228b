/** What counts: calls that end within the counted time, whenever they began. */
import { closedLoop } from './closed-loop';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a call that is still under way when the time is up does not count; one that began in the warm-up does', async () => {
  let release: () => void = () => undefined;
  const events: string[] = [];
  const result = await closedLoop({
    callers: 1,
    warmUpMs: 20,
    durationMs: 30,
    call: () => {
      // A timer may be a millisecond early, and then another call begins.
      if (events.includes('counted')) return Promise.resolve();
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
  const result = await closedLoop({ callers: 4, durationMs: 50, unitsPerCall: 7, call: turn });
  expect(result.units % 7).toBe(0);
  expect(result.unitsPerSecond).toBeCloseTo((result.units * 1000) / 50);
  expect(result.units).toBeGreaterThan(0);
  expect(result.p50Ms).toBeLessThanOrEqual(result.p99Ms);
  expect(result.p99Ms).toBeLessThanOrEqual(result.maxMs);
});
