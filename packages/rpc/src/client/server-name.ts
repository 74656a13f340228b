/**
 * What TLS calls the server that is dialled. A name goes into the handshake and is checked against the certificate. An IP address
 * must not go into it (RFC 6066, section 3: Node warns and will refuse), but is what the certificate has to show all the same.
 */
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ChannelOptions, VerifyOptions } from '@grpc/grpc-js';

/** Sent in place of an address; no certificate is checked against it. */
const NAME_OF_AN_ADDRESS = 'mas';

export interface ServerName {
  readonly verify: VerifyOptions;
  readonly options: ChannelOptions;
}

/** @param check what the certificate must show; default: the name or address that was dialled */
export function serverName(address: string, check: typeof checkServerIdentity = checkServerIdentity): ServerName {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  return {
    verify: { checkServerIdentity: (_, certificate) => check(host, certificate) },
    options: isIP(host) === 0 ? {} : { 'grpc.ssl_target_name_override': NAME_OF_AN_ADDRESS },
  };
}
