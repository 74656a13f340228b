/** mas.v1.MembershipService: what first and returning Resource Managers ask each other. Role rm; who asks is who its certificate says. */
import { Metadata, status as Code, type handleUnaryCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { MembershipServer } from '@mas/resource-manager';
import { rmId, type Logger } from '@mas/values';
import { speaksFor } from '../auth/peer-role';
import { readIncarnation, readStatement, writeAdmission, writeStatement } from '../codec/founding-messages';
import { permissionDenied } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import { FoundRequest, FoundResponse, RejoinRequest, RejoinResponse } from '../generated/mas/v1/membership_service';
import { admitNode, INVALID_FRAME, type AuthenticatedCall } from './node-identity';

/** A statement of a cluster of the largest size is far below it. */
const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_RM_ID = 0xffff;

export function membershipService(membership: MembershipServer, logger: Logger): UntypedServiceImplementation {
  return {
    found: answering(logger, (call, bytes) => {
      const statement = readStatement(FoundRequest.decode(bytes).statement);
      const refusal = refusalOf(call, statement.self.rm);
      if (refusal !== null) return refusal;
      const own = membership.found(statement.self.rm, statement);
      return own === null ? { code: Code.UNAVAILABLE, details: 'this process takes part in no founding' } : Buffer.from(FoundResponse.encode({ statement: writeStatement(own) }).finish());
    }),
    rejoin: answering(logger, async (call, bytes) => {
      const request = RejoinRequest.decode(bytes);
      const refusal = refusalOf(call, request.rm);
      if (refusal !== null) return refusal;
      const answer = await membership.rejoin(rmId(request.rm), readIncarnation(request.incarnation));
      return Buffer.from(RejoinResponse.encode({ answer: messageOf(answer) }).finish());
    }),
  };
}

type Status = ReturnType<typeof toStatus> | { readonly code: Code; readonly details: string };

function answering(logger: Logger, handle: (call: AuthenticatedCall, bytes: Buffer) => Buffer | Status | Promise<Buffer | Status>): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const settle = async (): Promise<void> => {
      const answer = call.request.length > MAX_REQUEST_BYTES ? INVALID_FRAME : await handle(call, call.request);
      if (Buffer.isBuffer(answer)) callback(null, answer);
      else callback({ metadata: new Metadata(), ...answer });
    };
    settle().catch((error: unknown) => {
      logger.warn({ err: error }, 'a request of a resource manager could not be read or answered');
      callback(INVALID_FRAME);
    });
  };
}

function refusalOf(call: AuthenticatedCall, rm: number): Status | null {
  const admission = admitNode(call, ['rm']);
  if (!admission.ok) return { code: Code.PERMISSION_DENIED, details: 'not a node of the role rm', ...admission.status };
  const isId = rm >= 1 && rm <= MAX_RM_ID;
  return isId && speaksFor(admission.identity, rmId(rm)) ? null : toStatus(permissionDenied('NODE_ROLE_REFUSED', 'The certificate is not that of the resource manager that the call names.').error);
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

