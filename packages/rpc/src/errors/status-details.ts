/**
 * RequestError ↔ gRPC status. The code says what kind of failure it is; grpc-status-details-bin carries a
 * google.rpc.Status with ErrorInfo (stable reason, facts) and BadRequest (the field), for programs.
 */
import { status as Code, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import type { RequestError } from '@mas/transaction-coordinator';
import type { Any } from '../generated/google/protobuf/any';
import { BadRequest, ErrorInfo } from '../generated/google/rpc/error_details';
import { Status } from '../generated/google/rpc/status';

export const ERROR_DOMAIN = 'mas.v1';
const DETAILS_KEY = 'grpc-status-details-bin';
const TYPE_PREFIX = 'type.googleapis.com/';
const ERROR_INFO = `${TYPE_PREFIX}google.rpc.ErrorInfo`;
const BAD_REQUEST = `${TYPE_PREFIX}google.rpc.BadRequest`;
/** Trailers are headers: what is too long for a proxy is cut, the reason stays. */
const MAX_MESSAGE_LENGTH = 1024;

const CODES: Readonly<Record<RequestError['kind'], Code>> = {
  invalid: Code.INVALID_ARGUMENT,
  unauthenticated: Code.UNAUTHENTICATED,
  'permission-denied': Code.PERMISSION_DENIED,
  'not-found': Code.NOT_FOUND,
  'already-exists': Code.ALREADY_EXISTS,
  'failed-precondition': Code.FAILED_PRECONDITION,
  unavailable: Code.UNAVAILABLE,
  'deadline-exceeded': Code.DEADLINE_EXCEEDED,
  unimplemented: Code.UNIMPLEMENTED,
  'resource-exhausted': Code.RESOURCE_EXHAUSTED,
  aborted: Code.ABORTED,
  internal: Code.INTERNAL,
};
const KINDS: ReadonlyMap<number, RequestError['kind']> = new Map(Object.entries(CODES).map(([kind, code]) => [code, kind as RequestError['kind']]));

export function toStatus(error: RequestError): Pick<StatusObject, 'code' | 'details' | 'metadata'> {
  const status = toRpcStatus(error);
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(Status.encode(status).finish()));
  return { code: status.code, details: status.message, metadata };
}

/** The same as a message, for an item of a batch. */
export function toRpcStatus(error: RequestError): Status {
  const message = error.message.slice(0, MAX_MESSAGE_LENGTH);
  const info = ErrorInfo.encode({ reason: error.reason, domain: ERROR_DOMAIN, metadata: { ...error.facts } }).finish();
  const details: Any[] = [{ typeUrl: ERROR_INFO, value: Buffer.from(info) }];
  if (error.field !== null) {
    const violations = BadRequest.encode({ fieldViolations: [{ field: error.field, description: message }] }).finish();
    details.push({ typeUrl: BAD_REQUEST, value: Buffer.from(violations) });
  }
  return { code: CODES[error.kind], message, details };
}

/** What a client makes of a failed call. A status without our details keeps its code, under the reason GRPC_<CODE>. */
export function fromServiceError(error: ServiceError): { readonly code: number; readonly error: RequestError } {
  const [packed] = error.metadata?.get(DETAILS_KEY) ?? [];
  const status = packed instanceof Buffer ? decoded(packed) : undefined;
  return { code: error.code, error: fromRpcStatus(status ?? { code: error.code, message: error.details, details: [] }) };
}

export function fromRpcStatus(status: Status): RequestError {
  const info = detail(status, ERROR_INFO, (bytes) => ErrorInfo.decode(bytes));
  const violation = detail(status, BAD_REQUEST, (bytes) => BadRequest.decode(bytes))?.fieldViolations[0];
  return {
    kind: KINDS.get(status.code) ?? 'internal',
    reason: info?.reason ?? `GRPC_${Code[status.code] ?? 'UNKNOWN'}`,
    field: violation?.field ?? null,
    message: status.message,
    facts: info?.metadata ?? {},
  };
}

function detail<Message>(status: Status, typeUrl: string, decode: (bytes: Uint8Array) => Message): Message | undefined {
  const packed = status.details.find((each) => each.typeUrl === typeUrl);
  if (packed === undefined) return undefined;
  try {
    return decode(packed.value);
  } catch {
    return undefined;
  }
}

function decoded(bytes: Buffer): Status | undefined {
  try {
    return Status.decode(bytes);
  } catch {
    return undefined;
  }
}
