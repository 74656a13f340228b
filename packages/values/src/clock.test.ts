/** Periods and limits on a clock that only the test moves. */
import { VirtualClock } from '@mas/testkit/clock';
import { every, within } from './clock';

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});

describe('every', () => {
  test('first after one period, then again and again, until it is cancelled', async () => {
    const at: number[] = [];
    const startedMs = clock.monotonicMs();
    const timer = every(clock, 100, () => void at.push(clock.monotonicMs() - startedMs));
    await clock.advance(350);
    timer.cancel();
    await clock.advance(1_000);
    expect(at).toEqual([100, 200, 300]);
  });

  test('a period begins when the work before has ended; work that is under way when it is cancelled is the last', async () => {
    const at: number[] = [];
    const ends: (() => void)[] = [];
    const startedMs = clock.monotonicMs();
    const timer = every(clock, 100, () => {
      at.push(clock.monotonicMs() - startedMs);
      return new Promise<void>((resolve) => void ends.push(resolve));
    });
    await clock.advance(250);
    ends[0]?.();
    await clock.advance(120);
    expect(at).toEqual([100, 350]);
    timer.cancel();
    ends[1]?.();
    await clock.advance(1_000);
    expect(at).toEqual([100, 350]);
  });

  test('work may cancel it', async () => {
    let times = 0;
    const timer = every(clock, 10, () => {
      times += 1;
      timer.cancel();
    });
    await clock.advance(100);
    expect(times).toBe(1);
  });
});

describe('within', () => {
  test('what comes in time, what comes late, and what fails', async () => {
    const later = (ms: number): Promise<string> => new Promise((resolve) => clock.schedule(ms, () => resolve('done')));
    const all = Promise.all([within(clock, 50, later(40), 'late'), within(clock, 50, later(60), 'late')]);
    await clock.advance(100);
    expect(await all).toEqual(['done', 'late']);
    await expect(within(clock, 50, Promise.reject(new Error('no')), 'late')).rejects.toThrow('no');
  });

  test('nothing is left waiting behind it', async () => {
    const cancel = jest.fn();
    const stopwatch = { wallMs: () => 0, monotonicMs: () => 0, schedule: () => ({ cancel }), defer: () => undefined };
    expect(await within(stopwatch, 50, Promise.resolve(7), null)).toBe(7);
    await new Promise(setImmediate);
    expect(cancel).toHaveBeenCalledTimes(1);
  });
});
