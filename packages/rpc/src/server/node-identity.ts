/** The role check of every internal method: a certificate of the cluster's CA that names one of the allowed roles. */
import { status as Code, type ServerErrorResponse } from '@grpc/grpc-js';
import { peerIdentity, type CertificateNames, type PeerIdentity } from '../auth/peer-role';
import { permissionDenied, unauthenticated } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';

export interface AuthenticatedCall {
  getAuthContext(): { readonly sslPeerCertificate?: CertificateNames };
}

export type Admission = { readonly ok: true; readonly identity: PeerIdentity } | { readonly ok: false; readonly status: Partial<ServerErrorResponse> };

export function admitNode(call: AuthenticatedCall, allowed: readonly PeerIdentity['role'][]): Admission {
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined) return { ok: false, status: toStatus(unauthenticated('NODE_CERTIFICATE_MISSING', "This method is for nodes: show a certificate of the cluster's CA.").error) };
  const identity = peerIdentity(certificate);
  if (identity !== undefined && allowed.includes(identity.role)) return { ok: true, identity };
  const message = `This method is for nodes of role ${allowed.join(' or ')}; the certificate names ${identity === undefined ? 'no role' : `role ${identity.role}`}.`;
  return { ok: false, status: toStatus(permissionDenied('NODE_ROLE_REFUSED', message).error) };
}

export const INVALID_FRAME = { code: Code.INVALID_ARGUMENT, details: 'a frame could not be read' } as const;
