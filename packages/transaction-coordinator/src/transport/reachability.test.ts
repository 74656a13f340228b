import { rmId } from '@mas/values';
import { Rig, verdict } from '../testing/rig';
import { VirtualClock } from '../testing/virtual-clock';
import { Reachability } from './reachability';

const [ONE, OTHER] = [rmId(1), rmId(2)];

async function failing(reachability: Reachability, clock: VirtualClock, rms: readonly ReturnType<typeof rmId>[], rounds = 4): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const askedMs = clock.monotonicMs();
    await clock.pass(500);
    for (const rm of rms) reachability.failed(rm, askedMs);
  }
}

describe('reachability', () => {
  test('cut off: nobody of several has answered for a while; one payment in half a second passes', async () => {
    const clock = new VirtualClock();
    const reachability = new Reachability(clock);
    await failing(reachability, clock, [ONE, OTHER], 2);
    expect(reachability.admits()).toBe(true);
    await failing(reachability, clock, [ONE, OTHER], 2);
    expect([reachability.admits(), reachability.admits()]).toEqual([true, false]);
    await clock.pass(500);
    expect([reachability.admits(), reachability.admits()]).toEqual([true, false]);
    reachability.answered();
    expect([reachability.admits(), reachability.admits()]).toEqual([true, true]);
  });

  test('one that is silent proves nothing, nor does what is long past', async () => {
    const clock = new VirtualClock();
    const reachability = new Reachability(clock);
    await failing(reachability, clock, [ONE]);
    expect([reachability.admits(), reachability.admits()]).toEqual([true, true]);
    await failing(reachability, clock, [ONE, OTHER]);
    await clock.pass(6_000);
    expect([reachability.admits(), reachability.admits()]).toEqual([true, true]);
  });

  test('a question that was asked long ago counts from the last answer', async () => {
    const clock = new VirtualClock();
    const reachability = new Reachability(clock);
    const askedMs = clock.monotonicMs();
    await clock.pass(10_000);
    reachability.answered();
    await clock.pass(100);
    for (const rm of [ONE, OTHER]) reachability.failed(rm, askedMs);
    expect([reachability.admits(), reachability.admits()]).toEqual([true, true]);
  });
});

test('a coordinator that reaches nobody refuses payments at once, and takes them again when it does', async () => {
  const rig = new Rig();
  const [from, to] = [rig.open(1, 100n), rig.open(2, 0n)];
  rig.cluster.tap = () => 'lose-request';
  const waiting = rig.coordinator.createPayment(rig.caller(), rig.request(from, to, 1n));
  await rig.clock.pass(5_000);
  const probe = rig.coordinator.createPayment(rig.caller(), rig.request(from, to, 1n));
  expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('error CUT_OFF');
  rig.cluster.tap = () => 'pass';
  await rig.clock.pass(5_000);
  expect(verdict(await rig.pay(rig.request(from, to, 1n)))).toBe('committed');
  expect(await Promise.all([waiting, probe].map(async (reply) => verdict(await rig.clock.until(reply, 'an answer'))))).not.toContain('error CUT_OFF');
});
