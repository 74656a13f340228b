/**
 * Rows of locks: how one is found again, and what the bucket remembers of one that an operator broke.
 * An id has at most one exclusive row, or a shared one for each owner; and a note of the last time that it was broken.
 */
import type { LockRow } from './rows';
import type { Subject } from './subject';

/** Shared holders of one id; every one is a row that is always in memory. */
export const MAX_SHARED_HOLDERS = 256;
/** The owner in the row that notes a break: no handle has this form. */
export const BROKEN_OWNER = 'broken';
/** How long it is remembered who broke a lock. */
export const BREAK_REMEMBERED_MS = 30 * 86_400_000;
/** UTF-16 units of a holder's name that a row keeps: beside the longest handle they fit a column of 512 bytes. */
const MAX_HELD_BY = 64;
/** Of a lock that is shared, or broken: the longest key of a row fits a column of 128 bytes. */
export const MAX_SHARED_ID_LENGTH = 64;
export const MAX_SHARED_OWNER_LENGTH = 63;

/** What tells a bucket's lock rows apart, within a slot. Neither ids nor handles hold a space. */
export function lockKey({ mode, lockId, owner }: Pick<LockRow, 'mode' | 'lockId' | 'owner'>): string {
  return mode === 'exclusive' ? lockId : sharedKey(lockId, owner);
}

export function sharedKey(lockId: string, owner: string): string {
  return `${lockId} ${owner}`;
}

/** For people: who holds it, or broke it. */
export function subjectText(subject: Subject): string {
  const text = subject.kind === 'account' ? `account ${subject.account}` : subject.kind === 'operator' ? `operator ${subject.name}` : 'system';
  return text.slice(0, MAX_HELD_BY);
}

/** When the lock of this note was broken. */
export function brokenAtMs(note: LockRow): number {
  return note.untilMs - BREAK_REMEMBERED_MS;
}
