/** Refusals that the edge itself makes, one constructor each, so that reasons are spelled once. */
import type { Reply, RequestError } from '@mas/transaction-coordinator';

export type Refused = { readonly ok: false; readonly error: RequestError };

export function invalid(reason: string, field: string, message: string, facts: Readonly<Record<string, string>> = {}): Refused {
  return refused('invalid', reason, message, field, facts);
}

export function unauthenticated(reason: string, message: string): Refused {
  return refused('unauthenticated', reason, message);
}

export function permissionDenied(reason: string, message: string, facts: Readonly<Record<string, string>> = {}): Refused {
  return refused('permission-denied', reason, message, null, facts);
}

export function refused(
  kind: RequestError['kind'],
  reason: string,
  message: string,
  field: string | null = null,
  facts: Readonly<Record<string, string>> = {},
): Refused {
  return { ok: false, error: { kind, reason, field, message, facts } };
}

export function accepted<Value>(value: Value): Reply<Value> {
  return { ok: true, value };
}
