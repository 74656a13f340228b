/**
 * What every TLS connection of this process offers and accepts, as client and as server: TLS 1.2 with authenticated encryption
 * (AEAD) and forward secrecy, or TLS 1.3, whose suites are all of that kind. gRPC takes Node's defaults and has no setting of its own
 * for a server's suites, and the connections to MySQL and Redis have the same needs: so the defaults are what is set.
 */
import tls from 'node:tls';

export const TLS_MIN_VERSION = 'TLSv1.2';
const SUITES = [
  'TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305',
];

/** For a program's first line: contexts that exist already keep what they have. */
export function requireModernTls(): void {
  tls.DEFAULT_MIN_VERSION = TLS_MIN_VERSION;
  tls.DEFAULT_CIPHERS = SUITES.join(':');
}
