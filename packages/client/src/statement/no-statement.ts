/** Why there is no statement although all that was asked was answered. */
import type { RequestError } from '@mas/transaction-coordinator';

type Fault = 'NO_MOMENTS_YET' | 'PERIOD_INVALID' | 'STATEMENT_DOES_NOT_ADD_UP' | 'STATEMENT_TOO_LONG';

export class NoStatement extends Error {
  readonly kind = 'no-statement';
  readonly error: RequestError;

  constructor(kind: RequestError['kind'], reason: Fault, message: string, more: Partial<RequestError> = {}) {
    super(message);
    this.error = { kind, reason, message, field: null, facts: {}, ...more };
    this.name = 'NoStatement';
  }
}
