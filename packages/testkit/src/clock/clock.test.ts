/** Every clock that tests and programs run on keeps the contract of the port; what a killed or frozen process sees of it. */
import { systemClock } from '@mas/bin';
import { clockContract, type ClockUnderTest } from './clock-contract';
import { ProcessClock } from './process-clock';
import { VirtualClock } from './virtual-clock';

const LIMIT_MS = 10_000;

function virtual(clockOf: (time: VirtualClock) => ClockUnderTest['clock']): ClockUnderTest {
  const time = new VirtualClock();
  return {
    clock: clockOf(time),
    eventually: async (what, condition) => {
      if (!(await time.until(condition, LIMIT_MS))) throw new Error(`not within ${LIMIT_MS} virtual ms: ${what}`);
    },
  };
}

clockContract('virtual', () => virtual((time) => time));
clockContract('of a process over virtual time', () => virtual((time) => new ProcessClock(time)));
clockContract('of the machine', () => ({
  clock: systemClock,
  eventually: async (what, condition) => {
    const untilMs = performance.now() + LIMIT_MS;
    while (!condition()) {
      if (performance.now() > untilMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
}));

test('a frozen process does late what was due meanwhile, in order; a killed one does nothing any more', async () => {
  const time = new VirtualClock();
  const clock = new ProcessClock(time);
  const ran: string[] = [];
  clock.schedule(10, () => ran.push('timer'));
  clock.schedule(10, () => cancelled.cancel());
  const cancelled = clock.schedule(10, () => ran.push('cancelled by what was late too'));
  clock.defer(() => ran.push('deferred'));
  clock.freeze();
  await time.advance(100);
  expect(ran).toEqual([]);
  clock.thaw();
  expect(ran).toEqual(['deferred', 'timer']);
  clock.schedule(10, () => ran.push('after its death'));
  clock.kill();
  await time.advance(100);
  expect(ran).toEqual(['deferred', 'timer']);
});
