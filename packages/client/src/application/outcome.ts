/** How every method ends: as a value or as an error, which is a value too. Nothing is thrown for what a server, a network or an account does. */
import { MasCallFailed } from '../calls/call-failed';
import { NoStatement } from '../statement/no-statement';

/**
 * What a program does about an error depends on this alone.
 * - `invalid`: the request is wrong, and stays so; `field` says where.
 * - `unauthenticated`, `permission-denied`: there is no valid token, or it may not.
 * - `not-found`, `failed-precondition`: it cannot be done as things are.
 * - `already-exists`: the id or the number belongs to something else.
 * - `aborted`: the payment was refused by an account, or a lock is held; for good under this id.
 * - `unavailable`, `deadline-exceeded`: nobody could do it in the time that there was.
 * - `resource-exhausted`: too much at once, ask again in a moment.
 * - `cancelled`: the caller's signal or `close()` has ended it.
 * - `unimplemented`, `internal`: a server that is older, or a failure of the service.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'permission-denied'
  | 'not-found'
  | 'already-exists'
  | 'failed-precondition'
  | 'unavailable'
  | 'deadline-exceeded'
  | 'unimplemented'
  | 'resource-exhausted'
  | 'aborted'
  | 'cancelled'
  | 'internal';

/** Why there is no value. */
export interface ClientError {
  readonly kind: ErrorKind;
  /** Stable, for programs: `INSUFFICIENT_FUNDS`, `ACCOUNT_NOT_FOUND`, `CLIENT_BUSY`. */
  readonly reason: string;
  /** One sentence for people. */
  readonly message: string;
  /** Of the request, in its words on the wire (`amount`, `legs[0].account`); null: of none in particular. */
  readonly field: string | null;
  readonly facts: Readonly<Record<string, string>>;
  /** True: it may have been done. Ask again with the same id, and you will know. */
  readonly mayHaveHappened: boolean;
}

/** How every method ends. */
export type Outcome<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: ClientError };

const CANCELLED: ReadonlySet<string> = new Set(['CALL_ABORTED', 'CLIENT_CLOSED']);

/** @param ask throws at once where the request cannot be written, and later where it was sent */
export async function outcomeOf<Answer, Value>(ask: () => Promise<Answer>, read: (answer: Answer) => Outcome<Value>): Promise<Outcome<Value>> {
  let asked: Promise<Answer>;
  try {
    asked = ask();
  } catch (error) {
    return failed('invalid', 'REQUEST_MALFORMED', `the request cannot be sent: ${textOf(error)}`);
  }
  try {
    return read(await asked);
  } catch (error) {
    return { ok: false, error: errorOf(error) };
  }
}

export function success<Value>(value: Value): Outcome<Value> {
  return { ok: true, value };
}

export function failed(kind: ErrorKind, reason: string, message: string, more: Partial<ClientError> = {}): { readonly ok: false; readonly error: ClientError } {
  return { ok: false, error: { kind, reason, message, field: null, facts: {}, mayHaveHappened: false, ...more } };
}

function errorOf(error: unknown): ClientError {
  if (error instanceof NoStatement) return { ...error.error, mayHaveHappened: false };
  if (!(error instanceof MasCallFailed)) return failed('internal', 'ANSWER_MALFORMED', textOf(error), { mayHaveHappened: true }).error;
  const { kind, reason, message, field, facts } = error.error;
  return { kind: CANCELLED.has(reason) ? 'cancelled' : kind, reason, message, field, facts, mayHaveHappened: error.mayHaveHappened };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
