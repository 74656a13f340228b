/** Constructors of the refusals that callers see; one sentence each says what to do. */
import type { Unreachable } from '@mas/two-phase-commit';
import type { Reply, RequestError } from './coordinator-service';
import type { ParticipantAnswer } from './transport/leader-follower';

export type RequestErrorKind = RequestError['kind'];

export function success<Value>(value: Value): Reply<Value> {
  return { ok: true, value };
}

/**
 * A read that was not answered. A bucket's leader verifies the caller's token itself and may know better than this process, for
 * example that it has expired in the meantime.
 */
export function unanswered(reply: ParticipantAnswer | Unreachable, message: string): { readonly ok: false; readonly error: RequestError } {
  if (reply.kind === 'permission-denied') return failure('permission-denied', 'NOT_AUTHORIZED', `The Resource Manager does not accept the token for this: ${reply.reason}.`);
  return failure('unavailable', 'BUCKET_UNAVAILABLE', message);
}

export function failure(kind: RequestErrorKind, reason: string, message: string, field: string | null = null, facts: Readonly<Record<string, string>> = {}): { readonly ok: false; readonly error: RequestError } {
  return { ok: false, error: { kind, reason, field, message, facts } };
}
