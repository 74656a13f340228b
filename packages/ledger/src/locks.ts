/**
 * Locks as rows: Redis queues and wakes, but a lock is in force from the entry that writes its row until its time is over by
 * the entries' stamps. Shared ones are rows as well: what only Redis knew of, an emptied Redis would forget, and an exclusive
 * lock would be given beside them. Tokens rise per bucket and are never reused, so an expired holder can always be told from
 * the present one.
 */
import type { Applying } from './applying';
import type { AcquireLock, BreakLock, RefreshLock, ReleaseLock } from './instruction';
import { BREAK_REMEMBERED_MS, BROKEN_OWNER, MAX_SHARED_HOLDERS, sharedKey, subjectText } from './lock-row';
import type { Outcome } from './outcome';
import { checkRoomInBucket } from './room';
import type { LockRow } from './rows';
import { LOCK_HOLDERS_SINCE } from './semantics';
import { refused } from './verdict';

/** Every so many acquisitions the rows of expired locks are removed; all at once, so that replicas agree. */
const PURGE_PERIOD = 256;

/** Answers with the number of legs still prepared on the account: an exclusive lock is effective once there is none. */
export function acquireLock(a: Applying, { slot, lockId, owner, mode, ttlMs, subject }: AcquireLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  if (subject.kind === 'account' && subject.account !== lockId) return refused('NOT_AUTHORIZED', null, { subject: subject.account, lock: lockId });
  const current = ownLock(a, lockId, owner);
  if (current?.mode === mode) return extended(a, current, ttlMs);
  const other = otherHolder(a, lockId, owner, mode);
  if (other !== undefined) return { kind: 'locked', lock: other };
  if (mode === 'shared' && a.sharedInForce(lockId).length >= MAX_SHARED_HOLDERS)
    return refused('TOO_MANY_LOCK_HOLDERS', null, { lock: lockId, most: String(MAX_SHARED_HOLDERS) });
  const full = checkRoomInBucket(a);
  if (full !== null) return full;
  a.state.lockSeq += 1;
  if (a.state.lockSeq % PURGE_PERIOD === 0) purgeExpired(a);
  if (current !== undefined) a.removeLock(current);
  const heldBy = a.state.semanticsVersion >= LOCK_HOLDERS_SINCE ? subjectText(subject) : '';
  return held(a, { slot, lockId, mode, owner, token: a.state.lockSeq, untilMs: a.stampMs + ttlMs, heldBy });
}

export function refreshLock(a: Applying, { slot, lockId, owner, ttlMs }: RefreshLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  const current = ownLock(a, lockId, owner);
  return current === undefined ? notOwned(lockId) : extended(a, current, ttlMs);
}

/** Only the owner releases, also a lock whose time is over. */
export function releaseLock(a: Applying, { slot, lockId, owner }: ReleaseLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  const exclusive = a.lock(lockId);
  const current = exclusive?.owner === owner ? exclusive : a.lock(sharedKey(lockId, owner));
  if (current?.owner !== owner) return notOwned(lockId);
  a.removeLock(current);
  return { kind: 'lock-released', lockId };
}

/**
 * Ends all holders up to the token that the operator has seen, whoever they are, and notes who broke it and when. A holder of
 * a later token is another one: the same request again, or one that was overtaken, does not touch it.
 */
export function breakLock(a: Applying, { slot, lockId, upToToken, subject }: BreakLock): Outcome {
  const wrong = a.wrongBucket(slot);
  if (wrong !== null) return wrong;
  const exclusive = a.lockInForce(lockId);
  const holders = [...(exclusive === undefined ? [] : [exclusive]), ...a.sharedInForce(lockId)].filter((lock) => lock.token <= upToToken);
  if (holders.length === 0) return a.lock(sharedKey(lockId, BROKEN_OWNER))?.token === upToToken ? { kind: 'lock-released', lockId } : notOwned(lockId);
  for (const holder of holders) a.removeLock(holder);
  a.putLock({ slot, lockId, mode: 'broken', owner: BROKEN_OWNER, token: upToToken, untilMs: a.stampMs + BREAK_REMEMBERED_MS, heldBy: subjectText(subject) });
  return { kind: 'lock-released', lockId };
}

function ownLock(a: Applying, lockId: string, owner: string): LockRow | undefined {
  const exclusive = a.lockInForce(lockId);
  return exclusive?.owner === owner ? exclusive : a.sharedInForce(lockId).find((lock) => lock.owner === owner);
}

/** Who keeps `owner` from having it so; of several the one who has it longest, so that replicas name the same one. */
function otherHolder(a: Applying, lockId: string, owner: string, mode: AcquireLock['mode']): LockRow | undefined {
  const exclusive = a.lockInForce(lockId);
  if (exclusive !== undefined && exclusive.owner !== owner) return exclusive;
  if (mode === 'shared') return undefined;
  const others = a.sharedInForce(lockId).filter((lock) => lock.owner !== owner);
  return others.reduce<LockRow | undefined>(
    (longest, lock) =>
      longest === undefined || lock.untilMs > longest.untilMs || (lock.untilMs === longest.untilMs && lock.token > longest.token) ? lock : longest,
    undefined,
  );
}

function extended(a: Applying, lock: LockRow, ttlMs: number): Outcome {
  return held(a, { ...lock, untilMs: a.stampMs + ttlMs });
}

function held(a: Applying, lock: LockRow): Outcome {
  a.putLock(lock);
  return { kind: 'lock', lock, preparedLegs: lock.mode === 'exclusive' ? a.state.memory.preparedCountOn(lock.lockId) : 0 };
}

function notOwned(lockId: string): Outcome {
  return refused('LOCK_NOT_OWNED', null, { lock: lockId });
}

function purgeExpired(a: Applying): void {
  for (const lock of [...a.state.memory.locks.values()]) {
    if (lock.untilMs <= a.stampMs) a.removeLock(lock);
  }
}
