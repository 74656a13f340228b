/** How a call ends that was not answered, or was refused; and which of these ends are none, because asking again may help. */
import { status as Code } from '@grpc/grpc-js';
import type { RequestError } from '@mas/transaction-coordinator';

/** The reason of a call whose signal has ended it. */
export const CALL_ABORTED = 'CALL_ABORTED';

export class MasCallFailed extends Error {
  readonly kind = 'mas-call-failed';

  constructor(
    /** gRPC status code. */
    readonly code: number,
    readonly error: RequestError,
    /** How often the call was sent. */
    readonly attempts: number,
    /** An attempt may have been carried out although none was answered. */
    readonly mayHaveHappened = false,
  ) {
    super(error.message);
    this.name = 'MasCallFailed';
  }
}

export function closedMeanwhile(attempts: number, mayHaveHappened: boolean): MasCallFailed {
  const message =
    attempts === 0
      ? 'the client was closed before the call was sent'
      : 'the client was closed before the call was answered: its outcome is unknown, ask again with the same id';
  return cancelled('CLIENT_CLOSED', message, attempts, mayHaveHappened);
}

export function notWanted(attempts: number, mayHaveHappened: boolean): MasCallFailed {
  const message =
    attempts === 0 ? 'the caller gave the call up before it was sent' : 'the caller gave the call up before it was answered: its outcome is unknown';
  return cancelled(CALL_ABORTED, message, attempts, mayHaveHappened);
}

function cancelled(reason: string, message: string, attempts: number, mayHaveHappened: boolean): MasCallFailed {
  return new MasCallFailed(Code.CANCELLED, { kind: 'unavailable', reason, field: null, message, facts: {} }, attempts, mayHaveHappened);
}

/** Nothing was answered, or the server asked to come back; every request carries an id, so asking again is safe. */
export function repeatable(code: number, error: RequestError): boolean {
  return (
    code === Code.UNAVAILABLE ||
    (code === Code.UNKNOWN && error.reason.startsWith('GRPC_')) ||
    (code === Code.CANCELLED && error.reason.startsWith('GRPC_')) ||
    (code === Code.INTERNAL && error.reason.startsWith('GRPC_') && /RST_STREAM|GOAWAY|socket/i.test(error.message))
  );
}
