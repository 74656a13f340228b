/** A lock table that is away is asked again each second; it is said once for each time that it goes away, and an expected silence shows no stack. */
import { VirtualClock } from '@mas/testkit/clock';
import { silentLogger, type Logger } from '@mas/values';
import { LockRepublisher } from './lock-republisher';
import { LockStoreUnavailable } from './lock-store';
import { MemoryLockStore } from './memory-lock-store';

test('one line for each outage', async () => {
  const clock = new VirtualClock();
  const warned: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => void warned.push(fields) };
  let failure: Error | null = new LockStoreUnavailable('Redis is not connected');
  const identity = (): Promise<string> => (failure === null ? Promise.resolve('run-1') : Promise.reject(failure));
  const republisher = new LockRepublisher({ store: new MemoryLockStore(clock), identity, effectiveLocks: () => Promise.resolve([]), clock, logger });
  for (let second = 0; second < 5; second += 1) expect(await republisher.check()).toBe(false);
  expect(warned).toEqual([{ reason: 'Redis is not connected' }]);
  failure = null;
  expect([await republisher.check(), await republisher.check()]).toEqual([true, false]);
  failure = new Error('nobody expected this');
  await republisher.check();
  await republisher.check();
  expect(warned.slice(1)).toEqual([{ err: failure }]);
});

test('what is put back with a lower token than the table knows changes nothing: it is what a bucket said before', async () => {
  const table = new MemoryLockStore(new VirtualClock());
  await table.tryAcquire({ lockIds: ['a'], mode: 'exclusive', owner: 'later', timeoutMs: 1_000 });
  await table.recordToken('a', 'later', 8, 1_000);
  await table.republish([{ lockId: 'a', owner: 'earlier', token: 7, remainingMs: 1_000 }]);
  expect(await table.holder('a')).toMatchObject({ owners: ['later'], token: 8 });
  await table.republish([{ lockId: 'a', owner: 'latest', token: 9, remainingMs: 1_000 }]);
  expect(await table.holder('a')).toMatchObject({ owners: ['latest'], token: 9 });
});
