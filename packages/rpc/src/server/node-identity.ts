/** The role check of every internal method: a certificate of the cluster's CA that names one of the allowed roles. */
import { status as Code } from '@grpc/grpc-js';
import { peerIdentity, type PeerIdentity } from '../auth/peer-role';
import type { CallHead, CallStatus } from '../door/methods';
import { permissionDenied, unauthenticated } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';

export type Admission = { readonly ok: true; readonly identity: PeerIdentity } | { readonly ok: false; readonly status: CallStatus };

export function admitNode(head: CallHead, allowed: readonly PeerIdentity['role'][]): Admission {
  const certificate = head.certificate();
  if (certificate === undefined)
    return {
      ok: false,
      status: toStatus(unauthenticated('NODE_CERTIFICATE_MISSING', "This method is for nodes: show a certificate of the cluster's CA.").error),
    };
  const identity = peerIdentity(certificate);
  if (identity !== undefined && allowed.includes(identity.role)) return { ok: true, identity };
  const message = `This method is for nodes of role ${allowed.join(' or ')}; the certificate names ${identity === undefined ? 'no role' : `role ${identity.role}`}.`;
  return { ok: false, status: toStatus(permissionDenied('NODE_ROLE_REFUSED', message).error) };
}

export const INVALID_FRAME = { code: Code.INVALID_ARGUMENT, details: 'a frame could not be read' } as const;
