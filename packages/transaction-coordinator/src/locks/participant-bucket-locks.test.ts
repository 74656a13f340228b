/** What is put back into an emptied lock table lasts as long as the bucket says: clocks of machines may be minutes apart. */
import { LeaderDirectory, slotOfAccount } from '@mas/placement';
import { bucketId, delay, SeededRandom, silentLogger, type Clock } from '@mas/values';
import { CoordinatorCounters } from '../coordinator-counters';
import { coordinatorConfig } from '../coordinator-config';
import { OPERATOR, Rig } from '../testing/rig';
import { ParticipantBucketLocks } from './participant-bucket-locks';

const MINUTE_MS = 60_000;

test('what is held in all buckets, and which of them do not say', async () => {
  const rig = new Rig();
  const [one, two, three] = [rig.open(1, 100n), rig.open(2, 100n), rig.open(3, 100n)];
  for (const [lockId, ttlMs] of [[one, 5_000] as const, [two, 1] as const, [three, 5_000] as const]) {
    const slot = slotOfAccount(lockId);
    rig.cluster.run(slot, { kind: 'acquire-lock', slot, lockId, owner: 'auditor', mode: 'exclusive', ttlMs, subject: OPERATOR });
  }
  const locks = locksOn(rig, rig.clock);
  await rig.clock.until(delay(rig.clock, 10));
  const listed = await rig.clock.until(locks.list(rig.clock.monotonicMs() + 1_000));
  expect(listed.silent).toEqual([]);
  expect(listed.locks.map(({ lockId, mode, holders }) => [lockId, mode, holders.map(({ token }) => token)])).toEqual(
    expect.arrayContaining([
      [one, 'exclusive', [1]],
      [three, 'exclusive', [1]],
    ]),
  );
  rig.cluster.silent.add(bucketId(3));
  expect((await rig.clock.until(locks.list(rig.clock.monotonicMs() + 1_000))).silent).toEqual([3]);
});

test.each([-14 * MINUTE_MS, 0, 14 * MINUTE_MS])('a coordinator whose wall clock is %i ms off hands on the time that is left', async (offMs) => {
  const rig = new Rig();
  const account = rig.open(1, 100n);
  const slot = slotOfAccount(account);
  rig.cluster.run(slot, { kind: 'acquire-lock', slot, lockId: account, owner: 'auditor', mode: 'exclusive', ttlMs: 5_000, subject: OPERATOR });
  const clock: Clock = {
    wallMs: () => rig.clock.wallMs() + offMs,
    monotonicMs: () => rig.clock.monotonicMs(),
    schedule: (delayMs, run) => rig.clock.schedule(delayMs, run),
    defer: (run) => rig.clock.defer(run),
  };
  const locks = locksOn(rig, clock);
  const [lock, ...others] = await rig.clock.until(locks.effective());
  expect(lock).toMatchObject({ lockId: account, owner: 'auditor', token: 1 });
  expect(lock?.remainingMs).toBeGreaterThan(4_900);
  expect(lock?.remainingMs).toBeLessThanOrEqual(5_000);
  expect(others).toEqual([]);
});

function locksOn(rig: Rig, clock: Clock): ParticipantBucketLocks {
  const config = coordinatorConfig({ coordinatorId: 'tc-off' });
  if (!config.ok) throw new Error('a configuration that should do');
  return new ParticipantBucketLocks({
    participants: rig.cluster,
    directory: new LeaderDirectory(rig.cluster.placement),
    clock,
    random: new SeededRandom(1),
    logger: silentLogger,
    counters: new CoordinatorCounters(),
    config: config.value,
  });
}
