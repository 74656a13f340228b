/** Loads of several processes add up: rates as sums, percentiles over all calls, and what failed is not counted as done. Time is virtual. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { addUp, timedLoad, type LoadPart, type TimedLoad } from './timed-load';

const millisecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function loaded(load: TimedLoad): Promise<LoadPart> {
  const part = timedLoad(load);
  await jest.advanceTimersByTimeAsync(1_000);
  return part;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a timed load', () => {
  it('keeps every caller busy with one call at a time, and counts failures apart', async () => {
    let now = 0;
    let most = 0;
    const part = await loaded({
      callers: 4,
      warmUpMs: 0,
      durationMs: 50,
      call: async (caller) => {
        now += 1;
        most = Math.max(most, now);
        await millisecond();
        now -= 1;
        return caller !== 3;
      },
    });
    expect(most).toBe(4);
    // Three callers, a call in each of 50 milliseconds; who fails waits for five more.
    expect(part.done).toBe(3 * 50);
    expect(part.failed).toBe(9);
  });

  it('does not count what ended in the warm-up', async () => {
    const part = await loaded({ callers: 1, warmUpMs: 60_000, durationMs: -59_990, call: () => millisecond().then(() => true) });
    expect(part.done).toBe(0);
  });

  it('adds up over processes', async () => {
    const one = await loaded({ callers: 1, warmUpMs: 0, durationMs: 20, call: () => millisecond().then(() => true) });
    const both = addUp([one, one]);
    expect(both.perSecond).toBeCloseTo(2 * addUp([one]).perSecond, 5);
    expect(both.p50Ms).toBe(addUp([one]).p50Ms);
  });
});
