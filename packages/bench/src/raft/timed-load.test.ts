/** Loads of several processes add up: rates as sums, percentiles over all calls, and what failed is not counted as done. */
import { describe, expect, it } from '@jest/globals';
import { addUp, timedLoad } from './timed-load';

describe('a timed load', () => {
  it('keeps every caller busy with one call at a time, and counts failures apart', async () => {
    let now = 0;
    let most = 0;
    const part = await timedLoad({
      callers: 4,
      warmUpMs: 0,
      durationMs: 50,
      call: async (caller) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return caller !== 3;
      },
    });
    expect(most).toBe(4);
    expect(part.done).toBeGreaterThan(0);
    expect(part.failed).toBeGreaterThan(0);
  });

  it('does not count what ended in the warm-up', async () => {
    const part = await timedLoad({ callers: 1, warmUpMs: 60_000, durationMs: -59_990, call: () => new Promise((resolve) => setImmediate(() => resolve(true))) });
    expect(part.done).toBe(0);
  });

  it('adds up over processes', async () => {
    const one = await timedLoad({ callers: 1, warmUpMs: 0, durationMs: 20, call: () => new Promise((resolve) => setImmediate(() => resolve(true))) });
    const both = addUp([one, one]);
    expect(both.perSecond).toBeCloseTo(2 * addUp([one]).perSecond, 5);
    expect(both.p50Ms).toBe(addUp([one]).p50Ms);
  });
});
