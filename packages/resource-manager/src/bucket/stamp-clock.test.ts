/** Stamps never go back, and a wall clock that jumps moves a bucket's time by little. */
import { VirtualClock } from '../testing/virtual-clock';
import { StampClock } from './stamp-clock';

function running(): { readonly clock: VirtualClock; readonly stamps: StampClock; readonly base: number } {
  const clock = new VirtualClock();
  const stamps = new StampClock(clock);
  return { clock, stamps, base: stamps.next() };
}

test('follows the wall', async () => {
  const { clock, stamps, base } = running();
  await clock.advance(1_000);
  expect(stamps.next()).toBe(base + 1_000);
});

test('a wall that is set back stops the stamps, it does not turn them', async () => {
  const { clock, stamps, base } = running();
  clock.wallOffsetMs -= 3_600_000;
  await clock.advance(1_000);
  expect(stamps.next()).toBe(base);
});

test('a wall that jumps a day ahead moves stamps by what passed and half a second', async () => {
  const { clock, stamps, base } = running();
  clock.wallOffsetMs += 86_400_000;
  await clock.advance(1_000);
  expect(stamps.next()).toBe(base + 1_500);
});

test('a leader that takes over never stamps below what it has applied', () => {
  const clock = new VirtualClock();
  const stamps = new StampClock(clock);
  stamps.observe(clock.wallMs() + 5_000);
  expect(stamps.next()).toBe(clock.wallMs() + 5_000);
});

test('after a restart the wall counts: nobody knows how long the last stamp is ago', () => {
  const clock = new VirtualClock();
  const stamps = new StampClock(clock);
  stamps.observe(clock.wallMs() - 3_600_000);
  expect(stamps.next()).toBe(clock.wallMs());
});

test('any course of clocks gives stamps that never go back', async () => {
  const { clock, stamps } = running();
  let last = 0;
  for (let i = 0; i < 200; i += 1) {
    clock.wallOffsetMs += ((i * 7919) % 4_001) - 2_000;
    await clock.advance((i * 31) % 50);
    if (i % 3 === 0) stamps.observe(clock.wallMs() - ((i * 17) % 900));
    const stampMs = stamps.next();
    expect(stampMs).toBeGreaterThanOrEqual(last);
    last = stampMs;
  }
});
