/** Why a request gets no answer: an HTTP status, a stable name, and one sentence. */
import type { MasCallFailed } from '@mas/client';
import type { RequestError } from '@mas/transaction-coordinator';

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = 'Refused';
  }
}

const STATUS: Readonly<Record<RequestError['kind'], number>> = {
  invalid: 400,
  // Not 401: the session is there, its token is what the cluster does not take (any more).
  unauthenticated: 403,
  'permission-denied': 403,
  'not-found': 404,
  'already-exists': 409,
  'failed-precondition': 409,
  aborted: 409,
  'resource-exhausted': 429,
  unimplemented: 501,
  internal: 502,
  unavailable: 503,
  'deadline-exceeded': 504,
};

/** What the cluster said, in the console's form. */
export function ofCall({ error }: MasCallFailed): Refused {
  if (error.reason === 'GRPC_UNAVAILABLE') return new Refused(503, 'UNAVAILABLE', 'No Transaction Manager answers: is the cluster running?');
  if (error.reason === 'GRPC_DEADLINE_EXCEEDED')
    return new Refused(504, 'DEADLINE_EXCEEDED', 'No answer came in time; what was asked for may have been done. Look again.');
  return new Refused(STATUS[error.kind], error.reason, error.message);
}
