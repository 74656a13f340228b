/**
 * Node's defaults for TLS become this system's: gRPC's client takes them and has no setting of its own, and the connections to MySQL
 * and Redis have the same needs.
 */
import tls from 'node:tls';
import { TLS_MIN_VERSION, TLS_SUITES } from '@mas/rpc';

/** For a program's first line: contexts that exist already keep what they have. */
export function requireModernTls(): void {
  tls.DEFAULT_MIN_VERSION = TLS_MIN_VERSION;
  tls.DEFAULT_CIPHERS = TLS_SUITES;
}
