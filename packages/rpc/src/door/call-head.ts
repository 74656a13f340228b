/** The headers of a call: what gRPC over HTTP/2 asks of them, before any method is asked. */
import type { IncomingHttpHeaders } from 'node:http2';
import { Metadata, status as Code } from '@grpc/grpc-js';
import type { CertificateNames } from '../auth/peer-role';
import type { CallHead, CallStatus } from './methods';

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };

export type ReadHead =
  | { readonly kind: 'call'; readonly head: CallHead }
  | { readonly kind: 'refused'; readonly status: CallStatus }
  | { readonly kind: 'not-grpc'; readonly httpStatus: number };

/** `nowMs`: of the monotonic clock, which nobody sets. `rawHeaders`: names and values by turns, as they came; Node's own table keeps only the first of a repeated `authorization`. */
export function readHead(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  nowMs: number,
  certificate: () => CertificateNames | undefined,
): ReadHead {
  if (headers[':method'] !== 'POST') return { kind: 'not-grpc', httpStatus: 405 };
  if (headers['content-type']?.startsWith('application/grpc') !== true) return { kind: 'not-grpc', httpStatus: 415 };
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return refuse(Code.UNIMPLEMENTED, 'Messages are taken uncompressed only (grpc-encoding: identity).');
  const timeout = headers['grpc-timeout'];
  const deadlineMs = timeout === undefined ? Number.POSITIVE_INFINITY : deadline(timeout, nowMs);
  if (deadlineMs === undefined) return refuse(Code.INVALID_ARGUMENT, 'The header grpc-timeout is not one to eight digits and a unit (H, M, S, m, u or n).');
  return {
    kind: 'call',
    head: {
      deadlineMs,
      certificate,
      metadata: () => Metadata.fromHttp2Headers(headers),
      header: (name) => {
        const value = headers[name];
        return typeof value === 'object' ? value.join(', ') : value;
      },
      isRepeated: (name) => countNames(rawHeaders, name) > 1,
    },
  };
}

function deadline(timeout: string | readonly string[], nowMs: number): number | undefined {
  const match = typeof timeout === 'string' ? TIMEOUT.exec(timeout) : null;
  const unit = UNIT_MS[match?.[2] ?? ''];
  return unit === undefined ? undefined : nowMs + Math.floor(Number(match?.[1]) * unit);
}

/** Values stand between the names, and one could look like a name. */
function countNames(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at] === name) count += 1;
  return count;
}

function refuse(code: number, details: string): ReadHead {
  return { kind: 'refused', status: { code, details } };
}
