/** mas.v1.MembershipService: what first and returning Resource Managers ask each other. Role rm; who asks is who its certificate says. */
import { status as Code } from '@grpc/grpc-js';
import type { MembershipServer } from '@mas/resource-manager';
import { rmId, type Logger } from '@mas/values';
import { speaksFor, type PeerIdentity } from '../auth/peer-role';
import { readIncarnation, readStatement, writeAdmission, writeStatement } from '../codec/founding-messages';
import type { CallStatus, ServiceMethods, UnaryAnswer, UnaryMethod } from '../door/methods';
import { permissionDenied } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { FoundRequest, FoundResponse, RejoinRequest, RejoinResponse } from '../generated/mas/v1/membership_service';
import { admitNode, INVALID_FRAME } from './node-identity';

/** A statement of a cluster of the largest size is far below it. */
const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_RM_ID = 0xffff;

export function membershipService(membership: MembershipServer, logger: Logger): ServiceMethods {
  return {
    found: answering(logger, (caller, bytes) => {
      const statement = readStatement(FoundRequest.decode(bytes).statement);
      const refusal = refusalOf(caller, statement.self.rm);
      if (refusal !== null) return refusal;
      const own = membership.found(statement.self.rm, statement);
      return own === null ? { code: Code.UNAVAILABLE, details: 'this process takes part in no founding' } : Buffer.from(FoundResponse.encode({ statement: writeStatement(own) }).finish());
    }),
    rejoin: answering(logger, async (caller, bytes) => {
      const request = RejoinRequest.decode(bytes);
      const refusal = refusalOf(caller, request.rm);
      if (refusal !== null) return refusal;
      const answer = await membership.rejoin(rmId(request.rm), readIncarnation(request.incarnation));
      return Buffer.from(RejoinResponse.encode({ answer: messageOf(answer) }).finish());
    }),
  };
}

function answering(logger: Logger, handle: (caller: PeerIdentity, bytes: Buffer) => Buffer | CallStatus | Promise<Buffer | CallStatus>): UnaryMethod {
  const settle = async (caller: PeerIdentity, bytes: Buffer): Promise<UnaryAnswer> => {
    try {
      const answer = bytes.length > MAX_REQUEST_BYTES ? INVALID_FRAME : await handle(caller, bytes);
      return Buffer.isBuffer(answer) ? { ok: true, value: answer } : { ok: false, status: answer };
    } catch (error) {
      logger.warn({ err: error }, 'a request of a resource manager could not be read or answered');
      return { ok: false, status: INVALID_FRAME };
    }
  };
  return {
    kind: 'unary',
    begin: (head) => {
      const admission = admitNode(head, ['rm']);
      return admission.ok ? { ok: true, value: (bytes) => settle(admission.identity, bytes) } : admission;
    },
  };
}

function refusalOf(caller: PeerIdentity, rm: number): CallStatus | null {
  if (rm < 1 || rm > MAX_RM_ID) return INVALID_FRAME;
  return speaksFor(caller, rmId(rm)) ? null : toStatus(permissionDenied('NODE_ROLE_REFUSED', 'The certificate is not that of the resource manager that the call names.').error);
}

function messageOf(answer: Awaited<ReturnType<MembershipServer['rejoin']>>): NonNullable<RejoinResponse['answer']> {
  switch (answer.kind) {
    case 'admitted':
      return { $case: 'admission', value: writeAdmission(answer.admission) };
    case 'pending':
      return { $case: 'pending', value: { message: answer.message } };
    case 'refused':
      return { $case: 'refused', value: { name: answer.name, message: answer.message } };
    default:
      return answer satisfies never;
  }
}

