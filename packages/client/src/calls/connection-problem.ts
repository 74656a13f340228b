/**
 * Why no connection came about, read from what grpc-js passes on of Node and OpenSSL. Some causes go away by themselves (a
 * process that starts, a network); others stay until somebody mends a setting, and asking again only hides them.
 */
import type { RequestError } from '@mas/transaction-coordinator';

export interface ConnectionProblem {
  /** Whose fault: `invalid` the caller's settings, `unavailable` the server's. */
  readonly kind: Extract<RequestError['kind'], 'invalid' | 'unavailable'>;
  readonly reason: string;
  /** After "host:port": what it is, and what to do. */
  readonly text: string;
}

const LASTING: readonly (ConnectionProblem & { readonly sign: RegExp })[] = [
  {
    sign: /certificate has expired/i,
    kind: 'unavailable',
    reason: 'CERTIFICATE_EXPIRED',
    text: 'shows a certificate that has expired: renew it ("npm run certs" on its machine) and restart the process',
  },
  {
    sign: /certificate is not yet valid/i,
    kind: 'unavailable',
    reason: 'CERTIFICATE_NOT_YET_VALID',
    text: 'shows a certificate that is not valid yet: compare the clocks of both machines',
  },
  {
    sign: /does not match certificate's altnames/i,
    kind: 'invalid',
    reason: 'HOST_NAME_NOT_IN_CERTIFICATE',
    text: 'shows a certificate for other host names: dial it by a name that the certificate has, or make one with this name ("npm run certs -- --host NAME")',
  },
  {
    sign: /unable to verify|self[- ]signed certificate|unable to get (?:local )?issuer|certificate signature failure/i,
    kind: 'invalid',
    reason: 'CERTIFICATE_OF_ANOTHER_AUTHORITY',
    text: "shows a certificate that another authority has signed: give this cluster's ca.crt (--cert, MAS_CERT)",
  },
  {
    sign: /alert certificate required|alert number 116/i,
    kind: 'invalid',
    reason: 'NOT_A_TRANSACTION_MANAGER',
    text: "asks for a node's certificate, as a Resource Manager does: give the address of a Transaction Manager (--tc, MAS_TC)",
  },
  {
    sign: /wrong version number|packet length too long|record layer failure/i,
    kind: 'invalid',
    reason: 'NOT_A_TRANSACTION_MANAGER',
    text: 'does not speak TLS: give the address of a Transaction Manager (--tc, MAS_TC)',
  },
];

/** Null for what may get better by itself. */
export function lastingProblem(message: string): ConnectionProblem | null {
  return isNoConnection(message) ? (LASTING.find(({ sign }) => sign.test(message)) ?? null) : null;
}

/** The call was certainly not sent. */
export function isNoConnection(message: string): boolean {
  return message.startsWith('No connection established.') || message.startsWith('Name resolution failed');
}
