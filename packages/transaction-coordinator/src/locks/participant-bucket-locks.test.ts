/** What is put back into an emptied lock table lasts as long as the bucket says: clocks of machines may be minutes apart. */
import { LeaderDirectory, slotOfAccount } from '@mas/placement';
import { SeededRandom, silentLogger, type Clock } from '@mas/values';
import { CoordinatorCounters } from '../coordinator-counters';
import { coordinatorConfig } from '../coordinator-config';
import { OPERATOR, Rig } from '../testing/rig';
import { ParticipantBucketLocks } from './participant-bucket-locks';

const MINUTE_MS = 60_000;

test.each([-14 * MINUTE_MS, 0, 14 * MINUTE_MS])('a coordinator whose wall clock is %i ms off hands on the time that is left', async (offMs) => {
  const rig = new Rig();
  const account = rig.open(1, 100n);
  const slot = slotOfAccount(account);
  rig.cluster.run(slot, { kind: 'acquire-lock', slot, lockId: account, owner: 'auditor', mode: 'exclusive', ttlMs: 5_000, subject: OPERATOR });
  const config = coordinatorConfig({ coordinatorId: 'tc-off' });
  if (!config.ok) throw new Error('a configuration that should do');
  const clock: Clock = {
    wallMs: () => rig.clock.wallMs() + offMs,
    monotonicMs: () => rig.clock.monotonicMs(),
    schedule: (delayMs, run) => rig.clock.schedule(delayMs, run),
    defer: (run) => rig.clock.defer(run),
  };
  const locks = new ParticipantBucketLocks({
    participants: rig.cluster,
    directory: new LeaderDirectory(rig.cluster.placement),
    clock,
    random: new SeededRandom(1),
    logger: silentLogger,
    counters: new CoordinatorCounters(),
    config: config.value,
  });
  const [lock, ...others] = await rig.clock.until(locks.effective());
  expect(lock).toMatchObject({ lockId: account, owner: 'auditor', token: 1 });
  expect(lock?.remainingMs).toBeGreaterThan(4_900);
  expect(lock?.remainingMs).toBeLessThanOrEqual(5_000);
  expect(others).toEqual([]);
});
