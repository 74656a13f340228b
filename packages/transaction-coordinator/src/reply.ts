/** Constructors of the refusals that callers see; one sentence each says what to do. */
import type { Reply, RequestError } from './coordinator-service';

export type RequestErrorKind = RequestError['kind'];

export function success<Value>(value: Value): Reply<Value> {
  return { ok: true, value };
}

export function failure(kind: RequestErrorKind, reason: string, message: string, field: string | null = null, facts: Readonly<Record<string, string>> = {}): { readonly ok: false; readonly error: RequestError } {
  return { ok: false, error: { kind, reason, field, message, facts } };
}
