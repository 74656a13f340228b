/** A database that is away, one that is full and answers every read, and when each is over. */
import { bucketId } from '@mas/values';
import { VirtualClock } from '../testing/virtual-clock';
import { StoreHealth } from './store-health';

const [ONE, TWO] = [bucketId(1), bucketId(2)];
const AWAY_MS = 500;

function health(): { readonly clock: VirtualClock; readonly of: StoreHealth; readonly changes: boolean[] } {
  const clock = new VirtualClock();
  const changes: boolean[] = [];
  return { clock, of: new StoreHealth(clock, AWAY_MS, (failing) => changes.push(failing)), changes };
}

test('one that is silent is away after a while, and back with its first answer', async () => {
  const { clock, of, changes } = health();
  of.failed();
  expect([of.failing(), of.away()]).toEqual([true, false]);
  await clock.advance(AWAY_MS);
  expect(of.away()).toBe(true);
  of.answered();
  expect([of.failing(), of.away(), changes]).toEqual([false, false, [true, false]]);
});

test('one that takes no writes fails however many reads it answers, and is not away: what it holds can be read', async () => {
  const { clock, of, changes } = health();
  of.writeFailed(ONE);
  of.answered();
  await clock.advance(AWAY_MS);
  expect([of.failing(), of.away(), changes]).toEqual([true, false, [true]]);
  of.writeFailed(TWO);
  of.answered();
  of.writes(ONE);
  expect(of.failing()).toBe(true);
  of.writes(TWO);
  expect([of.failing(), changes]).toEqual([false, [true, false]]);
});

test('one that was away is back with its first answer, whatever it had not taken meanwhile', () => {
  const { of } = health();
  of.writeFailed(ONE);
  of.failed();
  of.answered();
  expect(of.failing()).toBe(false);
});

test('a write that is taken says nothing for a read that has no answer', () => {
  const { of } = health();
  of.failed();
  of.writes(ONE);
  expect(of.failing()).toBe(true);
  of.answered();
  expect(of.failing()).toBe(false);
});
