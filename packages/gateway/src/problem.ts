/** Failures as RFC 9457 problem details. `type` and `reason` are stable and those of the gRPC interface; texts are not. */
import type { JsonValue } from '@bufbuild/protobuf';
import type { RequestError } from '@mas/transaction-coordinator';

/** By google.rpc.Code's own table, but for what was understood and cannot be done: 422, and 409 for what another request stands in the way of. */
const STATUS: Readonly<Record<RequestError['kind'], number>> = {
  invalid: 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  'already-exists': 409,
  aborted: 409,
  'failed-precondition': 422,
  'resource-exhausted': 429,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
  'deadline-exceeded': 504,
};
const TITLES: Readonly<Record<RequestError['kind'], string>> = {
  invalid: 'The request is wrong',
  unauthenticated: 'No valid token',
  'permission-denied': 'Not allowed with this token',
  'not-found': 'Not found',
  'already-exists': 'Another request stands in the way',
  aborted: 'Another request stands in the way',
  'failed-precondition': 'It cannot be done as things are',
  'resource-exhausted': 'Too much at once',
  internal: 'A failure of the service',
  unimplemented: 'Not offered',
  unavailable: 'Not available now',
  'deadline-exceeded': 'Out of time',
};

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly reason: string;
  readonly field?: string;
  readonly facts?: Readonly<Record<string, string>>;
  /** The request may have been carried out: ask again with the same Idempotency-Key. */
  readonly mayHaveHappened?: boolean;
  /** What was answered beside it, such as the payment that was aborted. */
  readonly answer?: JsonValue;
}

export function problemOf(error: RequestError, httpStatus: number | null = null): Problem {
  return {
    type: `urn:mas:reason:${error.reason}`,
    title: TITLES[error.kind],
    status: httpStatus ?? STATUS[error.kind],
    detail: error.message,
    reason: error.reason,
    ...(error.field === null ? {} : { field: error.field }),
    ...(Object.keys(error.facts).length === 0 ? {} : { facts: error.facts }),
  };
}
