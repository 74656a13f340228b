/** What a call threw, told by its kind: the client itself is loaded when a command connects (connection.ts). */
import type { MasCallFailed, NoStatement } from '@mas/client';
import type { RequestError } from '@mas/transaction-coordinator';

export function isCallFailed(error: unknown): error is MasCallFailed {
  return kindOf(error) === 'mas-call-failed';
}

export function isNoStatement(error: unknown): error is NoStatement {
  return kindOf(error) === 'no-statement';
}

/** A refusal that came with an answer, where it ends a command as a failed call does. */
export interface RefusedPart {
  readonly kind: 'mas-call-failed';
  readonly error: RequestError;
}

function kindOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'kind' in error ? error.kind : null;
}
