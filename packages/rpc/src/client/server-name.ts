/**
 * What TLS calls the server that is dialled. A name goes into the handshake and is checked against the certificate. An IP address
 * must not go into it (RFC 6066, section 3: Node warns and will refuse), but is what the certificate has to show all the same.
 */
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { ChannelOptions, VerifyOptions } from '@grpc/grpc-js';

/** Sent in place of an address; no certificate is checked against it. */
const NAME_OF_AN_ADDRESS = 'mas';

export interface ServerName {
  /** For grpc-js … */
  readonly verify: VerifyOptions;
  readonly options: ChannelOptions;
  /** … and for Node itself. */
  readonly tls: Pick<ConnectionOptions, 'checkServerIdentity' | 'servername'>;
}

/** @param check what the certificate must show; default: the name or address that was dialled */
export function serverName(address: string, check: typeof checkServerIdentity = checkServerIdentity): ServerName {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  const verify: VerifyOptions & Pick<ConnectionOptions, 'checkServerIdentity'> = { checkServerIdentity: (_, certificate) => check(host, certificate) };
  return isIP(host) === 0 ? { verify, options: {}, tls: verify } : { verify, options: { 'grpc.ssl_target_name_override': NAME_OF_AN_ADDRESS }, tls: { ...verify, servername: NAME_OF_AN_ADDRESS } };
}
