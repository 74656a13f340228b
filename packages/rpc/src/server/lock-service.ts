/** mas.v1.LockService on the GlobalLock Service. An account's token locks its own account only. */
import {
  DEFAULT_LOCK_PROPERTIES,
  type BreakReply,
  type GlobalLockService,
  type LockMode,
  type LockProperties,
  type LockReply,
  type LockReport,
} from '@mas/global-lock';
import type { Subject } from '@mas/ledger';
import type { Reply } from '@mas/transaction-coordinator';
import { unreachable } from '@mas/values';
import type { ServiceMethods } from '../door/methods';
import { accepted, invalid, refused } from '../errors/request-errors';
import * as proto from '../generated/mas/v1/lock_service';
import { writeAcquiredLocks, writeBrokenLock, writeLockList, writeLocks, writeLockReport, type AcquiredLocks } from '../public/node-messages';
import { validHandle, validLockId, validLockIds } from '../validate/validate-ids';
import { requireOperator, requireOwn, type ClientEdge } from './client-edge';

const MAX_ATTEMPTS = 1_000;
const MAX_ATTEMPT_DELAY_MS = 60_000;
const MIN_TIMEOUT_MS = 100;
const MAX_TIMEOUT_MS = 3_600_000;
const MODES: ReadonlyMap<proto.LockMode, LockMode> = new Map([
  [proto.LockMode.LOCK_MODE_UNSPECIFIED, 'exclusive'],
  [proto.LockMode.LOCK_MODE_EXCLUSIVE, 'exclusive'],
  [proto.LockMode.LOCK_MODE_SHARED, 'shared'],
]);

const REFUSED_BECAUSE: Readonly<Record<string, string>> = {
  TOO_MANY_LOCK_HOLDERS: 'This lock is shared by as many as may share it; wait until some have released it.',
  SEMANTICS_TOO_OLD: 'The cluster is not ready for shared locks and for breaking locks: seconds after all its processes run this version it is.',
};

export function lockService(edge: ClientEdge, locks: GlobalLockService): ServiceMethods {
  return {
    acquireLock: edge.unary({
      decode: (bytes) => proto.AcquireLockRequest.decode(bytes),
      run: async ({ subject, token, deadlineMs }, request, ended) => {
        const valid = validateAcquire(subject, request);
        return valid.ok ? acquired(await locks.acquire({ ...valid.value, subject, token, deadlineMs, signal: ended() })) : valid;
      },
      write: writeAcquiredLocks,
    }),
    releaseLock: edge.unary({
      decode: (bytes) => proto.ReleaseLockRequest.decode(bytes),
      run: async ({ subject, deadlineMs }, request) => {
        const valid = validateHeld(subject, request);
        if (!valid.ok) return valid;
        const reply = acquired(await locks.release({ ...valid.value, deadlineMs }));
        return reply.ok ? accepted({ ...reply.value, timeoutMs: 0 }) : reply;
      },
      write: writeLocks,
    }),
    refreshLock: edge.unary({
      decode: (bytes) => proto.RefreshLockRequest.decode(bytes),
      run: async ({ subject, deadlineMs }, request) => {
        const valid = validateHeld(subject, request);
        if (!valid.ok) return valid;
        const timeoutMs = validTimeout(request.lockTimeoutMs);
        return timeoutMs.ok ? acquired(await locks.refresh({ ...valid.value, timeoutMs: timeoutMs.value, deadlineMs })) : timeoutMs;
      },
      write: writeLocks,
    }),
    getLock: edge.unary({
      decode: (bytes) => proto.GetLockRequest.decode(bytes),
      run: async ({ subject, deadlineMs }, request) => {
        const lockId = validLockId(request.lockId, 'lock_id');
        if (!lockId.ok) return lockId;
        const own = requireOwn(subject, lockId.value);
        return own.ok ? accepted(await locks.inspect(lockId.value, deadlineMs)) : own;
      },
      write: writeLockReport,
    }),
    listLocks: edge.unary({
      decode: (bytes) => proto.ListLocksRequest.decode(bytes),
      run: async ({ subject, deadlineMs }) => {
        const operator = requireOperator(subject);
        return operator.ok ? accepted(await locks.list(deadlineMs)) : operator;
      },
      write: writeLockList,
    }),
    breakLock: edge.unary({
      decode: (bytes) => proto.BreakLockRequest.decode(bytes),
      run: async ({ subject, token, deadlineMs }, request) => {
        const operator = requireOperator(subject);
        if (!operator.ok) return operator;
        const lockId = validLockId(request.lockId, 'lock_id');
        return lockId.ok ? broken(lockId.value, await locks.break({ lockId: lockId.value, token, deadlineMs })) : lockId;
      },
      write: writeBrokenLock,
    }),
  };
}

function validateAcquire(
  subject: Subject,
  request: proto.AcquireLockRequest,
): Reply<{ lockIds: readonly string[]; mode: LockMode; handle: string | null; properties: LockProperties }> {
  const lockIds = ownLockIds(subject, request.lockIds);
  if (!lockIds.ok) return lockIds;
  const mode = MODES.get(request.mode);
  if (mode === undefined) return invalid('LOCK_MODE_INVALID', 'mode', 'The mode is shared or exclusive.');
  const handle = validHandle(request.handle, false);
  if (!handle.ok) return handle;
  if (request.lockAttempts > MAX_ATTEMPTS) return invalid('LOCK_ATTEMPTS_INVALID', 'lock_attempts', `At most ${MAX_ATTEMPTS} attempts.`);
  if (request.lockAttemptDelayMs > MAX_ATTEMPT_DELAY_MS)
    return invalid('LOCK_ATTEMPT_DELAY_INVALID', 'lock_attempt_delay_ms', `At most ${MAX_ATTEMPT_DELAY_MS} ms between attempts.`);
  const timeoutMs = validTimeout(request.lockTimeoutMs);
  if (!timeoutMs.ok) return timeoutMs;
  const properties = {
    lockAttempts: request.lockAttempts === 0 ? DEFAULT_LOCK_PROPERTIES.lockAttempts : request.lockAttempts,
    lockAttemptDelayMs: request.lockAttemptDelayMs === 0 ? DEFAULT_LOCK_PROPERTIES.lockAttemptDelayMs : request.lockAttemptDelayMs,
    lockTimeoutMs: timeoutMs.value,
  };
  return accepted({ lockIds: lockIds.value, mode, handle: handle.value, properties });
}

function validateHeld(
  subject: Subject,
  request: { readonly lockIds: readonly string[]; readonly handle: string },
): Reply<{ lockIds: readonly string[]; handle: string }> {
  const lockIds = ownLockIds(subject, request.lockIds);
  if (!lockIds.ok) return lockIds;
  const handle = validHandle(request.handle, true);
  return handle.ok ? accepted({ lockIds: lockIds.value, handle: handle.value ?? '' }) : handle;
}

function ownLockIds(subject: Subject, ids: readonly string[]): Reply<readonly string[]> {
  const lockIds = validLockIds(ids);
  if (!lockIds.ok) return lockIds;
  for (const id of lockIds.value) {
    const own = requireOwn(subject, id);
    if (!own.ok) return own;
  }
  return lockIds;
}

function validTimeout(timeoutMs: number): Reply<number> {
  if (timeoutMs === 0) return accepted(DEFAULT_LOCK_PROPERTIES.lockTimeoutMs);
  return timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS
    ? accepted(timeoutMs)
    : invalid('LOCK_TIMEOUT_INVALID', 'lock_timeout_ms', `A lock is held for ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS} ms without a refresh.`);
}

function acquired(reply: LockReply): Reply<AcquiredLocks> {
  switch (reply.kind) {
    case 'acquired':
      return accepted({ handle: reply.handle, locks: reply.locks, timeoutMs: reply.timeoutMs });
    case 'held':
      return refused(
        'aborted',
        'LOCK_HELD',
        `${reply.by === null ? 'A lock' : `The lock ${reply.by.lockId}`} is held by somebody else; it was tried ${reply.attempts} times. Try again later.`,
        null,
        {
          attempts: String(reply.attempts),
          ...(reply.by === null ? {} : { lock_id: reply.by.lockId, remaining_ms: String(Math.round(reply.by.remainingMs)) }),
        },
      );
    case 'lost':
      return refused('failed-precondition', 'LOCK_NOT_OWNED', `The handle does not hold ${reply.lockIds.join(', ')} (any more); acquire again.`, null, {
        lock_ids: reply.lockIds.join(','),
      });
    case 'cancelled':
      return refused('aborted', 'CALL_ENDED', 'The call had ended before the locks were acquired; none is kept.');
    case 'refused':
      return refusedByBucket(reply);
    case 'unavailable':
      return refused('unavailable', 'LOCKS_UNAVAILABLE', `Locks cannot be reached (${reply.reason}); send the same request again.`);
    default:
      return unreachable(reply, 'lock reply');
  }
}

function broken(lockId: string, reply: BreakReply): Reply<LockReport> {
  switch (reply.kind) {
    case 'broken':
      return accepted(reply.was);
    case 'not-held':
      return refused('not-found', 'LOCK_NOT_HELD', `Nobody holds the lock ${lockId}.`, 'lock_id', { lock_id: lockId });
    case 'refused':
      return refusedByBucket(reply);
    case 'unavailable':
      return refused('unavailable', 'LOCKS_UNAVAILABLE', `The lock cannot be reached (${reply.reason}); send the same request again.`);
    default:
      return unreachable(reply, 'break reply');
  }
}

/** Nothing gets better by sending it again. */
function refusedByBucket({ name, lockId }: Extract<LockReply, { readonly kind: 'refused' }>): Reply<never> {
  return refused('failed-precondition', name, REFUSED_BECAUSE[name] ?? `The bucket of ${lockId} refuses (${name}).`, null, { lock_id: lockId });
}
