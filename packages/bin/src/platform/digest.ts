/** SHA-256 as the hosts' Digest port: hexadecimal, for transaction ids and checksums. */
import { createHash } from 'node:crypto';

export function sha256Hex(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
