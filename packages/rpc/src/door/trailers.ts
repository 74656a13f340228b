/** Statuses as HTTP/2 headers. */
import type { OutgoingHttpHeaders } from 'node:http2';
import type { CallStatus } from './methods';

export const RESPONSE_HEADERS: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc+proto', 'grpc-accept-encoding': 'identity' };
export const OK: CallStatus = { code: 0, details: '' };

const SAFE_FROM = 0x20;
const SAFE_TO = 0x7e;
const PERCENT = 0x25;

export function trailersOf({ code, details, metadata }: CallStatus): OutgoingHttpHeaders {
  return { 'grpc-status': String(code), ...(details === '' ? {} : { 'grpc-message': percentEncoded(details) }), ...metadata?.toHttp2Headers() };
}

/** As the protocol of gRPC over HTTP/2 has it: what is not visible ASCII, byte by byte of its UTF-8. */
export function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    encoded += byte >= SAFE_FROM && byte <= SAFE_TO && byte !== PERCENT ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
