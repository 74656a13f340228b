/** Why a process that runs should not take these certificates in the place of those that it has: it would cut itself off. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { peerIdentity, type TlsIdentity } from '@mas/rpc';

/** Null: nothing is wrong with them. */
export function identityProblem({ ca, certificate, key }: TlsIdentity, before: TlsIdentity): string | null {
  try {
    createSecureContext({ ca, cert: certificate, key });
    const own = new X509Certificate(certificate);
    if (!own.checkPrivateKey(createPrivateKey(key))) return 'the key is not that of the certificate';
    if (roleOf(own) !== roleOf(new X509Certificate(before.certificate)))
      return `the certificate is that of another process (${own.subjectAltName ?? 'no name'})`;
    const issuers = [...certificatesIn(ca), ...certificatesIn(certificate).slice(1)];
    if (!issuers.some((issuer) => own.checkIssued(issuer) && own.verify(issuer.publicKey)))
      return 'the certificate is of no authority in ca.crt: others would not be trusted by it, nor it by them';
    return null;
  } catch (error) {
    return `certificate and key cannot be used together: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function roleOf({ subjectAltName }: X509Certificate): string {
  return JSON.stringify(peerIdentity({ subjectaltname: subjectAltName }) ?? null);
}

function certificatesIn(pem: Buffer): readonly X509Certificate[] {
  return pem
    .toString('latin1')
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((part) => part.startsWith('-----BEGIN'))
    .map((part) => new X509Certificate(part));
}
