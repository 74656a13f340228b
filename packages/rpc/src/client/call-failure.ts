/** How a call that had no answer ended, as gRPC names it: from trailers, or from how HTTP/2 and its connection ended. */
import { constants, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { Metadata, status as Code } from '@grpc/grpc-js';

export interface CallFailure {
  /** gRPC status code. */
  readonly code: number;
  readonly details: string;
  readonly metadata?: Metadata;
}

/** What the callers of a failed dial hear; connection-problem.ts reads it. */
export function noConnection(reason: string): CallFailure {
  const isName = /^getaddrinfo /.test(reason);
  return { code: Code.UNAVAILABLE, details: isName ? `Name resolution failed: ${reason}` : `No connection established. Last error: ${reason}` };
}

export function connectionLost(reason: string): CallFailure {
  return { code: Code.UNAVAILABLE, details: `Connection dropped: ${reason}` };
}

/** Of trailers, or of headers that are trailers, too. Null: they say that all is well. */
export function failureIn(headers: IncomingHttpHeaders): CallFailure | null {
  const said = headers['grpc-status'];
  const code = Number(said);
  if (code === Code.OK) return null;
  const message = headers['grpc-message'];
  return { code: Code[code] === undefined ? Code.UNKNOWN : code, details: typeof message === 'string' ? percentDecoded(message) : '', metadata: Metadata.fromHttp2Headers(headers) };
}

/** An answer that is none of gRPC: of a proxy, or of another program. */
export function notGrpc(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): CallFailure | null {
  const http = headers[':status'];
  if (http === 200) return headers['content-type']?.startsWith('application/grpc') === true ? null : { code: Code.UNKNOWN, details: `Received content type ${headers['content-type'] ?? 'none'} instead of gRPC's` };
  return { code: HTTP_CODES.get(http ?? 0) ?? Code.UNKNOWN, details: `Received HTTP status ${http ?? 'none'}` };
}

/** Of a stream that ended without a status, by the code of its reset. */
export function resetBy(http2Code: number): CallFailure {
  return { code: RESET_CODES.get(http2Code) ?? Code.INTERNAL, details: `Received RST_STREAM with code ${http2Code}` };
}

/** As "Mapping from HTTP status codes to gRPC status codes" has it. */
const HTTP_CODES: ReadonlyMap<number, Code> = new Map([
  [400, Code.INTERNAL],
  [401, Code.UNAUTHENTICATED],
  [403, Code.PERMISSION_DENIED],
  [404, Code.UNIMPLEMENTED],
  [429, Code.UNAVAILABLE],
  [502, Code.UNAVAILABLE],
  [503, Code.UNAVAILABLE],
  [504, Code.UNAVAILABLE],
]);

const RESET_CODES: ReadonlyMap<number, Code> = new Map([
  [constants.NGHTTP2_REFUSED_STREAM, Code.UNAVAILABLE],
  [constants.NGHTTP2_CANCEL, Code.CANCELLED],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, Code.RESOURCE_EXHAUSTED],
  [constants.NGHTTP2_INADEQUATE_SECURITY, Code.PERMISSION_DENIED],
]);

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
