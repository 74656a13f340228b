/**
 * Exclusive locks as rows: Redis queues and wakes, but a lock is in force from the entry that writes its row until
 * its time is over by the entries' stamps. Tokens rise per bucket and are never reused, so an expired holder can
 * always be told from the present one.
 */
import type { Applying } from './applying';
import type { AcquireLock, RefreshLock, ReleaseLock } from './instruction';
import type { Outcome } from './outcome';
import { checkRoomInBucket } from './room';
import type { LockRow } from './rows';
import { refused } from './verdict';

/** Every so many acquisitions the rows of expired locks are removed; all at once, so that replicas agree. */
const PURGE_PERIOD = 256;

/** Answers with the number of legs still prepared on the account: the lock is exclusive once there is none. */
export function acquireLock(a: Applying, { slot, lockId, owner, ttlMs, subject }: AcquireLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  if (subject.kind === 'account' && subject.account !== lockId) return refused('NOT_AUTHORIZED', null, { subject: subject.account, lock: lockId });
  const current = a.lockInForce(lockId);
  if (current !== undefined) return current.owner === owner ? extended(a, current, ttlMs) : { kind: 'locked', lock: current };
  const full = checkRoomInBucket(a);
  if (full !== null) return full;
  a.state.lockSeq += 1;
  if (a.state.lockSeq % PURGE_PERIOD === 0) purgeExpired(a);
  return held(a, { slot, lockId, owner, token: a.state.lockSeq, untilMs: a.stampMs + ttlMs });
}

export function refreshLock(a: Applying, { slot, lockId, owner, ttlMs }: RefreshLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  const current = a.lockInForce(lockId);
  return current?.owner === owner ? extended(a, current, ttlMs) : notOwned(lockId);
}

/** Only the owner releases, also a lock whose time is over. */
export function releaseLock(a: Applying, { slot, lockId, owner }: ReleaseLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  const current = a.lock(lockId);
  if (current?.owner !== owner) return notOwned(lockId);
  a.removeLock(current);
  return { kind: 'lock-released', lockId };
}

function extended(a: Applying, lock: LockRow, ttlMs: number): Outcome {
  return held(a, { ...lock, untilMs: a.stampMs + ttlMs });
}

function held(a: Applying, lock: LockRow): Outcome {
  a.putLock(lock);
  return { kind: 'lock', lock, preparedLegs: a.state.memory.preparedCountOn(lock.lockId) };
}

function notOwned(lockId: string): Outcome {
  return refused('LOCK_NOT_OWNED', null, { lock: lockId });
}

function purgeExpired(a: Applying): void {
  for (const lock of [...a.state.memory.locks.values()]) {
    if (lock.untilMs <= a.stampMs) a.removeLock(lock);
  }
}
