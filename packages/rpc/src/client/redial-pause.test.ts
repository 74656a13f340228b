/** Who is refused comes ever later, never later than the bound; who was welcome once begins anew. */
import { VirtualClock } from '@mas/testkit/clock';
import { rmId } from '@mas/values';
import { MAX_REFUSED_PAUSE_MS, REDIAL_MS, RedialPause } from './redial-pause';
import { RefusedPeers } from './refused-peers';

const [ONE, TWO] = [rmId(1), rmId(2)];

test('twice the time after each refusal, up to the bound', () => {
  const pause = new RedialPause();
  const pauses = Array.from({ length: 10 }, () => pause.refused());
  expect(pauses.slice(0, 4)).toEqual([REDIAL_MS, 2 * REDIAL_MS, 4 * REDIAL_MS, 8 * REDIAL_MS]);
  expect(pauses.slice(-2)).toEqual([MAX_REFUSED_PAUSE_MS, MAX_REFUSED_PAUSE_MS]);
  pause.welcome();
  expect(pause.refused()).toBe(REDIAL_MS);
});

test('a refused peer is not dialled before its time, another one is; each refusal counts once', async () => {
  const clock = new VirtualClock();
  const peers = new RefusedPeers(clock);
  peers.add(ONE, 'it is of another cluster');
  expect([peers.reason(ONE), peers.reason(TWO)]).toEqual(['it is of another cluster', null]);
  await clock.advance(REDIAL_MS);
  expect(peers.reason(ONE)).toBeNull();
  peers.add(ONE, 'still');
  await clock.advance(2 * REDIAL_MS - 1);
  expect(peers.reason(ONE)).toBe('still');
  peers.welcome(ONE);
  expect(peers.reason(ONE)).toBeNull();
  peers.add(ONE, 'again');
  await clock.advance(REDIAL_MS);
  expect(peers.reason(ONE)).toBeNull();
});
