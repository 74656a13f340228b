/** How much silence is allowed: little on a quiet machine, as much as its pauses take on a busy one, and never for good. */
import fc from 'fast-check';
import { LearnedSilence } from './learned-silence';
import { LongestPause } from './longest-pause';

const BOUNDS = { floorMs: 300, capMs: 1_500 };
const GROWN_UP_MS = 10_000;

function allowedAfter(pausesMs: readonly number[], waitMs = 0): number {
  const [silence, peer] = [new LearnedSilence(BOUNDS, 0), new LongestPause()];
  for (const pause of pausesMs) silence.paused(peer, pause, GROWN_UP_MS);
  return silence.allowedMs(peer, GROWN_UP_MS + waitMs);
}

test.each<[string, readonly number[], number, number]>([
  ['a quiet machine: signs of life every 40 ms', [40, 45, 41, 60], 0, 300],
  ['a collection of garbage now and then', [40, 130], 0, 300],
  ['a busy machine', [40, 250, 90], 0, 475],
  ['a very busy one', [450], 0, 775],
  ['the same, a minute later', [450], 60_000, 300],
  ['just before the minute is over', [450], 59_999, 775],
  ['never more than the cap', [1_400], 0, 1_500],
  ['an outage is no pause', [1_501, 30_000], 0, 300],
])('%s', (_, pauses, waitMs, allowed) => expect(allowedAfter(pauses, waitMs)).toBe(allowed));

test('a young process begins in the middle', () => {
  const [silence, peer] = [new LearnedSilence(BOUNDS, 5_000), new LongestPause()];
  expect([5_000, 14_999, 15_000].map((nowMs) => silence.allowedMs(peer, nowMs))).toEqual([500, 500, 300]);
});

test('what this process stalls, it allows the others', () => {
  const silence = new LearnedSilence(BOUNDS, 0);
  silence.stalled(400, GROWN_UP_MS);
  expect(silence.allowedMs(new LongestPause(), GROWN_UP_MS)).toBe(700);
});

test('one peer that pauses does not slow down the judgement of another', () => {
  const [silence, lazy, prompt] = [new LearnedSilence(BOUNDS, 0), new LongestPause(), new LongestPause()];
  silence.paused(lazy, 600, GROWN_UP_MS);
  expect([lazy, prompt].map((peer) => silence.allowedMs(peer, GROWN_UP_MS))).toEqual([1_000, 300]);
});

test('a pause that was seen is allowed again within the minute, whatever else is seen', () => {
  const pause = fc.record({ durationMs: fc.integer({ min: 1, max: 1_500 }), afterMs: fc.integer({ min: 0, max: 20_000 }) });
  fc.assert(
    fc.property(fc.array(pause, { minLength: 1, maxLength: 40 }), (pauses) => {
      const [silence, peer] = [new LearnedSilence(BOUNDS, 0), new LongestPause()];
      const seen: { readonly durationMs: number; readonly atMs: number }[] = [];
      let nowMs = 0;
      for (const { durationMs, afterMs } of pauses) {
        nowMs += afterMs;
        silence.paused(peer, durationMs, nowMs);
        seen.push({ durationMs, atMs: nowMs });
        const longest = Math.max(...seen.filter(({ atMs }) => nowMs - atMs < 60_000).map((one) => one.durationMs));
        const allowed = silence.allowedMs(peer, nowMs);
        expect(allowed).toBeGreaterThanOrEqual(Math.max(300, longest));
        expect(allowed).toBeLessThanOrEqual(1_500);
      }
    }),
  );
});

test('the sliding maximum is that of what is remembered', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 50 })), { maxLength: 60 }),
      (steps) => {
        const longest = new LongestPause();
        const all: { readonly durationMs: number; readonly untilMs: number }[] = [];
        let nowMs = 0;
        for (const [durationMs, afterMs, keptMs] of steps) {
          nowMs += afterMs;
          longest.note(durationMs, nowMs, keptMs);
          all.push({ durationMs, untilMs: nowMs + keptMs });
          expect(longest.at(nowMs)).toBe(Math.max(0, ...all.filter(({ untilMs }) => untilMs > nowMs).map((one) => one.durationMs)));
        }
      },
    ),
  );
});
