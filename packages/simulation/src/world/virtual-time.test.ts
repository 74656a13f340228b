/** Order is what makes a seed a history: by time, then by who asked first, with all promises done in between. */
import { clockContract } from '@mas/testkit/clock';
import { SimProcess } from './sim-process';
import { VirtualTime } from './virtual-time';

test('events run in the order of their times, equal ones in the order of asking', async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  for (const [name, at] of [
    ['c', 5],
    ['a', 1],
    ['d', 5],
    ['b', 2],
  ] as const)
    time.at(at, () => void seen.push(name));
  await time.runUntil(10);
  expect(seen).toEqual(['a', 'b', 'c', 'd']);
  expect(time.nowMs()).toBe(10);
});

test('promises are done before the next event, however long their chain', async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  time.at(1, () => {
    void (async () => {
      for (let i = 0; i < 50; i += 1) await Promise.resolve();
      seen.push('promises');
    })();
  });
  time.at(1, () => void seen.push('next event'));
  await time.runUntil(1);
  expect(seen).toEqual(['promises', 'next event']);
});

test('a thousand random times come out sorted', async () => {
  const time = new VirtualTime();
  const seen: number[] = [];
  for (let i = 0; i < 1_000; i += 1) time.at((i * 7919) % 1_009, () => void seen.push(time.nowMs()));
  await time.runUntil(2_000);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen).toHaveLength(1_000);
});

describe('a process', () => {
  const start = (): { time: VirtualTime; process: SimProcess; seen: string[] } => {
    const time = new VirtualTime();
    const process = new SimProcess('p', time, { wallMs: 0, monotonicMs: 1_000 });
    const seen: string[] = [];
    process.clock.schedule(5, () => void seen.push(`timer at ${time.nowMs()}`));
    return { time, process, seen };
  };

  test('that is dead runs nothing', async () => {
    const { time, process, seen } = start();
    process.kill();
    await time.runUntil(10);
    expect(seen).toEqual([]);
  });

  test('that stands still does later what it missed, and a cancelled timer never', async () => {
    const { time, process, seen } = start();
    const cancelled = process.clock.schedule(6, () => void seen.push('cancelled'));
    process.pause();
    await time.runUntil(10);
    cancelled.cancel();
    process.resume();
    await time.runUntil(11);
    expect(seen).toEqual(['timer at 10']);
  });

  test('sees its own clocks: a jump of the wall moves no interval', async () => {
    const { time, process } = start();
    const [wallMs, monotonicMs] = [process.clock.wallMs(), process.clock.monotonicMs()];
    process.jumpWallClock(-5_000);
    await time.runUntil(100);
    expect(process.clock.wallMs() - wallMs).toBe(100 - 5_000);
    expect(process.clock.monotonicMs() - monotonicMs).toBe(100);
  });
});

clockContract('of a simulated process', () => {
  const time = new VirtualTime();
  return {
    clock: new SimProcess('process', time, { wallMs: 0, monotonicMs: 500 }).clock,
    eventually: async (what, condition) => {
      if (!(await time.runUntil(time.nowMs() + 10_000, condition))) throw new Error(`not within 10 virtual s: ${what}`);
    },
  };
});
