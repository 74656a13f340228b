/**
 * How long the texts of an instruction may be: what stores must have room for. Leaders ask before they propose; apply does
 * not, because a log may hold what a leader of an earlier build let through.
 */
import type { AcquireLock, BreakLock, CreateAccount, RefreshLock, ReleaseLock } from './instruction';
import { MAX_SHARED_ID_LENGTH, MAX_SHARED_OWNER_LENGTH } from './lock-row';

/** In UTF-16 units: of an owner's name, in up to three times as many bytes of UTF-8; the others are ASCII. */
export const MAX_OWNER_LENGTH = 256;
export const MAX_LOCK_ID_LENGTH = 128;
export const MAX_LOCK_OWNER_LENGTH = 256;

/** A name for what is wrong, or null; so are the others. */
export function ownerProblem({ owner }: CreateAccount): string | null {
  return owner.length <= MAX_OWNER_LENGTH ? null : 'OWNER_TOO_LONG';
}

export function lockTextProblem(lock: AcquireLock | RefreshLock | ReleaseLock): string | null {
  const isShared = lock.kind === 'acquire-lock' && lock.mode === 'shared';
  // Id and owner together are the key of a shared holder's row.
  if (!isKept(lock.lockId, isShared ? MAX_SHARED_ID_LENGTH : MAX_LOCK_ID_LENGTH)) return 'LOCK_ID_INVALID';
  return isKept(lock.owner, isShared ? MAX_SHARED_OWNER_LENGTH : MAX_LOCK_OWNER_LENGTH) ? null : 'LOCK_OWNER_INVALID';
}

export function brokenLockProblem({ lockId }: BreakLock): string | null {
  return isKept(lockId, MAX_SHARED_ID_LENGTH) ? null : 'LOCK_ID_INVALID';
}

const ASCII = /^[\x21-\x7e]+$/;

function isKept(text: string, most: number): boolean {
  return text.length <= most && ASCII.test(text);
}
