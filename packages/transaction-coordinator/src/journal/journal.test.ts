/**
 * Silence of Redis is told from a stall of the coordinator itself. The world's time is the virtual clock's; the process takes part in it only
 * while it does not stand still: what falls into a stall is done at its end, timers first, as an event loop has it.
 */
import { silentLogger, type Clock, type Timer } from '@mas/values';
import { coordinatorConfig } from '../coordinator-config';
import { CoordinatorCounters } from '../coordinator-counters';
import { FaultyDao } from '../testing/faulty-dao';
import { VirtualClock } from '../testing/virtual-clock';
import { Journal } from './journal';

const SILENCE_MS = 20;

interface Stall {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Of a process that stands still at times. */
class StallingClock implements Clock {
  constructor(
    private readonly world: VirtualClock,
    private readonly stalls: readonly Stall[],
  ) {}

  wallMs(): number {
    return this.world.wallMs();
  }

  monotonicMs(): number {
    return this.world.monotonicMs();
  }

  schedule(delayMs: number, callback: () => void): Timer {
    return this.world.schedule(this.awakeFrom(this.monotonicMs() + delayMs) - this.monotonicMs(), callback);
  }

  defer(callback: () => void): void {
    this.world.defer(callback);
  }

  /** Something reaches the process after so long: it hears of it after the timers that are due by then. */
  arrive(afterMs: number, callback: () => void): void {
    this.world.schedule(this.awakeFrom(this.monotonicMs() + afterMs) - this.monotonicMs(), () => this.world.defer(callback));
  }

  private awakeFrom(atMs: number): number {
    return this.stalls.find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)?.untilMs ?? atMs;
  }
}

/** @param answersAfterMs null: never. @returns what came of a payment's beginning, and after how long. */
async function begin(
  answersAfterMs: number | null,
  stallsAfterMs: readonly Stall[],
): Promise<{ readonly written: boolean; readonly afterMs: number; readonly isQuiet: boolean }> {
  const world = new VirtualClock();
  const startMs = world.monotonicMs();
  const clock = new StallingClock(
    world,
    stallsAfterMs.map(({ fromMs, untilMs }) => ({ fromMs: startMs + fromMs, untilMs: startMs + untilMs })),
  );
  const dao = new FaultyDao(world);
  dao.begin = () =>
    new Promise((resolve) => {
      if (answersAfterMs !== null) clock.arrive(answersAfterMs, () => resolve({ exclusivelyLocked: [] }));
    });
  const config = coordinatorConfig({ coordinatorId: 'tc-1', redisSilenceMs: SILENCE_MS });
  if (!config.ok) throw new Error('the configuration is wrong');
  const journal = new Journal(dao, clock, silentLogger, new CoordinatorCounters(), config.value);
  const written = await world.until(
    new Promise<boolean>((resolve) => {
      journal.beginAll({ size: 1, entries: () => [], addLockIds: () => undefined, done: resolve });
    }),
  );
  return { written, afterMs: world.monotonicMs() - startMs, isQuiet: journal.isQuiet };
}

const ONE_STALL = [{ fromMs: 1, untilMs: 300 }];
/** Awake for a moment every 50 ms. */
const BUSY = Array.from({ length: 40 }, (_, at) => ({ fromMs: 50 * at + 1, untilMs: 50 * (at + 1) }));

test.each<[string, number | null, readonly Stall[], boolean, number, number]>([
  ['an answer in time', 1, [], true, 1, 1],
  ['no answer, by a process that listens all the time', null, [], false, SILENCE_MS, SILENCE_MS],
  ['an answer just too late', SILENCE_MS + 1, [], false, SILENCE_MS, SILENCE_MS],
  ['an answer within a stall that is longer than silence may be', 2, ONE_STALL, true, 300, 300],
  ['an answer soon after such a stall', 302, ONE_STALL, true, 302, 302],
  ['no answer, before and after such a stall', null, ONE_STALL, false, 300 + SILENCE_MS / 2, 300 + SILENCE_MS],
  ['an answer to a process that is always late', 120, BUSY, true, 150, 150],
  ['no answer to a process that is always late: it does not wait without end', null, BUSY, false, 100, 250],
])('%s', async (_name, answersAfterMs, stalls, written, fromMs, untilMs) => {
  const end = await begin(answersAfterMs, stalls);
  expect(end.written).toBe(written);
  expect(end.isQuiet).toBe(!written);
  expect(end.afterMs).toBeGreaterThanOrEqual(fromMs);
  expect(end.afterMs).toBeLessThanOrEqual(untilMs);
});
