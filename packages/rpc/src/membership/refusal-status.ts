/** A refusal of a peer as a gRPC status, and back: FAILED_PRECONDITION for a final one, UNAVAILABLE for one that may pass. */
import { status as Code, type ServiceError } from '@grpc/grpc-js';
import { isRun, PEER_REFUSALS, runOf, type PeerRefusal } from '@mas/membership';
import { refused } from '../errors/request-errors';
import { fromServiceError, toStatus } from '../errors/status-details';

const MARK = 'mark';
const RUN = 'run';

export function refusalStatus(refusal: PeerRefusal): ReturnType<typeof toStatus> {
  const facts = refusal.mark === null ? {} : { [MARK]: String(refusal.mark.position), [RUN]: refusal.mark.run };
  return toStatus(refused(refusal.isFinal ? 'failed-precondition' : 'unavailable', refusal.name, refusal.message, null, facts).error);
}

/** What asking again at once cannot change. */
const FINAL: ReadonlySet<Code> = new Set([Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.UNIMPLEMENTED, Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION]);

export function isFinalStatus(code: Code): boolean {
  return FINAL.has(code);
}

/** Whether the other end has turned this process away, for good or for now; else the call was lost. */
export function isTurnedAway(failed: ServiceError): boolean {
  return FINAL.has(failed.code) || refusalOf(failed) !== null;
}

/** Null: the call failed for another reason, or for one that has no name. */
export function refusalOf(failed: ServiceError): PeerRefusal | null {
  const { code, error } = fromServiceError(failed);
  const name = PEER_REFUSALS.find((each) => each === error.reason);
  if (name === undefined) return null;
  const position = Number(error.facts[MARK]);
  const run = error.facts[RUN] ?? '';
  return {
    name,
    message: error.message,
    isFinal: code === Code.FAILED_PRECONDITION,
    mark: Number.isSafeInteger(position) && isRun(run) ? { run: runOf(run), position } : null,
  };
}
