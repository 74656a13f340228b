/** Stamps never go back, follow what most agree on, and a second of them lasts a second whatever clocks do. */
import { VirtualClock } from '../testing/virtual-clock';
import { StampClock } from './stamp-clock';

interface Rig {
  readonly clock: VirtualClock;
  readonly stamps: StampClock;
  /** Agreed time minus the wall clock; null: there is none. */
  agreedOffMs: number | null;
}

function rig(agreedOffMs: number | null = 0): Rig {
  const clock = new VirtualClock();
  const made: Rig = { clock, agreedOffMs, stamps: new StampClock(clock, () => (made.agreedOffMs === null ? null : clock.wallMs() + made.agreedOffMs)) };
  return made;
}

test('follows the agreed time, whatever the own wall clock says', async () => {
  const { clock, stamps } = rig(-86_400_000);
  const first = stamps.next();
  expect(first).toBe(clock.wallMs() - 86_400_000);
  await clock.advance(1_000);
  expect(stamps.next()).toBe(first + 1_000);
});

test('a leader that takes over never stamps below what it has applied, and goes at half the pace until it is no longer ahead', async () => {
  const { clock, stamps } = rig();
  const ahead = clock.wallMs() + 5_000;
  stamps.observe(ahead);
  expect(stamps.next()).toBe(ahead);
  await clock.advance(4_000);
  expect(stamps.next()).toBe(ahead + 2_000);
  await clock.advance(8_000);
  expect(stamps.next()).toBe(clock.wallMs());
});

test('half a millisecond is not lost between entries that are closer than one', async () => {
  const { clock, stamps } = rig();
  const ahead = clock.wallMs() + 5_000;
  stamps.observe(ahead);
  for (let i = 0; i < 100; i += 1) {
    await clock.advance(1);
    stamps.next();
  }
  expect(stamps.now()).toBe(ahead + 50);
});

test('without an agreement since the start time goes on from the last stamp, as the monotonic clock does', async () => {
  const { clock, stamps } = rig(null);
  const last = clock.wallMs() - 3_600_000;
  stamps.observe(last);
  clock.wallOffsetMs += 86_400_000;
  await clock.advance(1_000);
  expect(stamps.next()).toBe(last + 1_000);
});

test('what comes after a stop of the whole cluster is stamped with the agreed time', () => {
  const { clock, stamps } = rig();
  stamps.observe(clock.wallMs() - 3_600_000);
  expect(stamps.next()).toBe(clock.wallMs());
});

test('a bucket\u2019s first stamp without an agreement is the wall clock\u2019s', () => {
  const { clock, stamps } = rig(null);
  expect(stamps.next()).toBe(clock.wallMs());
});

test('any course of clocks gives stamps that never go back', async () => {
  const made = rig();
  const { clock, stamps } = made;
  let last = 0;
  for (let i = 0; i < 200; i += 1) {
    made.agreedOffMs = i % 7 === 0 ? null : ((i * 7919) % 4_001) - 2_000;
    await clock.advance((i * 31) % 50);
    if (i % 3 === 0) stamps.observe(clock.wallMs() - ((i * 17) % 900));
    const stampMs = stamps.next();
    expect(stampMs).toBeGreaterThanOrEqual(last);
    last = stampMs;
  }
});
