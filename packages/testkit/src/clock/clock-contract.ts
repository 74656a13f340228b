/** What every Clock must do, whoever moves it: nothing runs at once, too early, twice or after it was cancelled, and what is due first runs first. */
import type { Clock } from '@mas/values';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets time pass until it holds, a few seconds at most. @throws when it does not come to hold. */
  eventually(what: string, condition: () => boolean): Promise<void>;
}

export function clockContract(name: string, create: () => ClockUnderTest): void {
  describe(`Clock contract: ${name}`, () => {
    let under: ClockUnderTest;
    beforeEach(() => {
      under = create();
    });

    test('a timer runs once, not at once, and not before its time', async () => {
      const { clock } = under;
      const startedMs = clock.monotonicMs();
      const ranAtMs: number[] = [];
      clock.schedule(20, () => ranAtMs.push(clock.monotonicMs()));
      clock.schedule(0, () => ranAtMs.push(clock.monotonicMs()));
      expect(ranAtMs).toEqual([]);
      let isLater = false;
      clock.schedule(60, () => (isLater = true));
      await under.eventually('more time has passed than both have asked for', () => isLater);
      expect(ranAtMs).toHaveLength(2);
      expect(ranAtMs[0]).toBeGreaterThanOrEqual(startedMs);
      // A timer of the platform counts whole milliseconds.
      expect(ranAtMs[1]).toBeGreaterThanOrEqual(startedMs + 19);
    });

    test('what is due first runs first; of equal times, what was asked for first', async () => {
      const order: string[] = [];
      under.clock.schedule(60, () => order.push('late'));
      under.clock.schedule(10, () => order.push('first'));
      under.clock.schedule(10, () => order.push('second'));
      await under.eventually('all have run', () => order.length === 3);
      expect(order).toEqual(['first', 'second', 'late']);
    });

    test('a cancelled timer never runs, also when another one that is due with it cancels it; cancelling again is harmless', async () => {
      const ran: string[] = [];
      const early = under.clock.schedule(5, () => ran.push('cancelled before'));
      early.cancel();
      under.clock.schedule(10, () => other.cancel());
      const other = under.clock.schedule(10, () => ran.push('cancelled by its neighbour'));
      const last = under.clock.schedule(60, () => ran.push('last'));
      await under.eventually('the last one has run', () => ran.includes('last'));
      for (const timer of [early, other, last]) timer.cancel();
      expect(ran).toEqual(['last']);
    });

    test('a deferred callback runs in a later turn, in its order; one that is deferred meanwhile comes in the turn after', async () => {
      const order: string[] = [];
      under.clock.defer(() => {
        order.push('first');
        under.clock.defer(() => order.push('third'));
      });
      under.clock.defer(() => order.push('second'));
      expect(order).toEqual([]);
      await under.eventually('all have run', () => order.length === 3);
      expect(order).toEqual(['first', 'second', 'third']);
    });

    test('monotonic time never goes back, and both kinds of time pass together', async () => {
      const { clock } = under;
      const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
      let now = monotonicMs;
      for (let i = 0; i < 5; i += 1) {
        let isOver = false;
        clock.schedule(10, () => (isOver = true));
        await under.eventually('ten milliseconds have passed', () => isOver);
        expect(clock.monotonicMs()).toBeGreaterThanOrEqual(now);
        now = clock.monotonicMs();
      }
      expect(clock.wallMs() - wallMs - (clock.monotonicMs() - monotonicMs)).toBeCloseTo(0, -2);
    });
  });
}
