/**
 * Who a node is, from its certificate: a URI in the subject alternative names, `mas://role/tm`, `mas://role/rm/N` or
 * `mas://role/rm` (any of them: for a cluster whose nodes share one certificate). TLS has verified the certificate
 * against the cluster's own CA before this is asked.
 */
import { MAX_RM_ID, rmId, type RmId } from '@mas/values';

export type PeerIdentity = { readonly role: 'tm' } | { readonly role: 'rm'; readonly rm: RmId | null };

/** The part of Node's PeerCertificate that is read here. */
export interface CertificateNames {
  readonly subjectaltname?: string | undefined;
}

const ROLE = /^URI:mas:\/\/role\/(?:(tm)|rm(?:\/([1-9]\d{0,4}))?)$/;

/** Undefined for a certificate that names no role, or more than one. */
export function peerIdentity(certificate: CertificateNames | undefined): PeerIdentity | undefined {
  // Node quotes a name that holds a comma or a quote, so that splitting cannot forge one (and a quoted one never matches).
  const roles = (certificate?.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('URI:mas://role/'));
  const match = roles.length === 1 ? ROLE.exec(roles[0] ?? '') : null;
  if (match === null) return undefined;
  if (match[1] === 'tm') return { role: 'tm' };
  const id = match[2] === undefined ? null : Number(match[2]);
  if (id !== null && id > MAX_RM_ID) return undefined;
  return { role: 'rm', rm: id === null ? null : rmId(id) };
}

/** Whether that identity may speak as Resource Manager `rm`. */
export function speaksFor(identity: PeerIdentity, rm: RmId): boolean {
  return identity.role === 'rm' && (identity.rm === null || identity.rm === rm);
}

/**
 * For the dialling side, in the place of a host name check: the server must hold the certificate of the Resource
 * Manager that is meant. Stronger than a name, and independent of the address under which it is reached.
 */
export function checkServesAs(rm: RmId): (host: string, certificate: CertificateNames) => Error | undefined {
  return (host, certificate) => {
    const identity = peerIdentity(certificate);
    if (identity !== undefined && speaksFor(identity, rm)) return undefined;
    return new Error(`${host} does not hold the certificate of resource manager ${rm} (its names: ${certificate.subjectaltname ?? 'none'})`);
  };
}

/** The same where any Resource Manager will do. */
export function checkIsResourceManager(): (host: string, certificate: CertificateNames) => Error | undefined {
  return (host, certificate) =>
    peerIdentity(certificate)?.role === 'rm'
      ? undefined
      : new Error(`${host} does not hold the certificate of a resource manager (its names: ${certificate.subjectaltname ?? 'none'})`);
}
