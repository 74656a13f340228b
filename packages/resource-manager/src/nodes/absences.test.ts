/** Who stays away is replaced after a while, one at a time, and nobody because this process was away itself. */
import { rmId, type RmId } from '@mas/values';
import { VirtualClock } from '@mas/testkit/clock';
import { Absences } from './absences';

const ALL = [1, 2, 3, 4].map(rmId);
const AFTER_MS = 10_000;

async function lookingFor(ms: number, clock: VirtualClock, absences: Absences, up: readonly number[]): Promise<RmId | null> {
  let found: RmId | null = null;
  for (let passed = 0; passed <= ms; passed += 1_000) {
    found = absences.looked(ALL, new Set(up.map(rmId)));
    await clock.advance(1_000);
  }
  return found;
}

test('one that is silent for long enough, and not before', async () => {
  const clock = new VirtualClock();
  const absences = new Absences(AFTER_MS, clock);
  expect(await lookingFor(AFTER_MS - 1_000, clock, absences, [1, 2, 4])).toBeNull();
  expect(absences.looked(ALL, new Set([1, 2, 4].map(rmId)))).toBe(3);
});

test('one that has answered in between begins anew', async () => {
  const clock = new VirtualClock();
  const absences = new Absences(AFTER_MS, clock);
  await lookingFor(AFTER_MS - 1_000, clock, absences, [1, 2, 4]);
  absences.looked(ALL, new Set(ALL));
  expect(await lookingFor(AFTER_MS - 1_000, clock, absences, [1, 2, 4])).toBeNull();
});

test('nobody while more than a third are silent', async () => {
  const clock = new VirtualClock();
  expect(await lookingFor(3 * AFTER_MS, clock, new Absences(AFTER_MS, clock), [1, 2])).toBeNull();
});

test('time in which this process has heard nobody does not count', async () => {
  const clock = new VirtualClock();
  const absences = new Absences(AFTER_MS, clock);
  absences.looked(ALL, new Set([1, 2, 4].map(rmId)));
  await clock.advance(60_000);
  expect(absences.looked(ALL, new Set([1, 2, 4].map(rmId)))).toBeNull();
});
