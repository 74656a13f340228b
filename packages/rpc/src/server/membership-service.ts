/** mas.v1.MembershipService: what first and returning Resource Managers ask each other. Role rm; who asks is who its certificate says. */
import { status as Code } from '@grpc/grpc-js';
import { stillHeard } from '@mas/membership';
import type { MembershipServer } from '@mas/resource-manager';
import type { Logger, RmId } from '@mas/values';
import { speaksFor, type PeerIdentity } from '../auth/peer-role';
import type { GrpcPeerTransport } from '../client/peer-transport';
import { MembershipCodec } from '../codec/membership-codec';
import type { CallStatus, ServiceMethods, UnaryAnswer, UnaryMethod } from '../door/methods';
import { permissionDenied } from '../errors/request-errors';
import { toStatus } from '../errors/status-details';
import type { MemberDoor } from '../membership/member-door';
import { refusalStatus } from '../membership/refusal-status';
import { admitNode, INVALID_FRAME } from './node-identity';

/** A statement of a cluster of the largest size is far below it. */
const MAX_REQUEST_BYTES = 64 * 1024;
/** A process that runs says something several times within it (`--tick-ms` is at most 100). */
const SIGN_OF_LIFE_MS = 500;

/** @param door says who is a member @param raft hears who speaks already; null: nobody does */
export function membershipService(
  membership: MembershipServer,
  door: MemberDoor,
  raft: Pick<GrpcPeerTransport, 'isStillHeard'> | null,
  logger: Logger,
): ServiceMethods {
  const codec = new MembershipCodec();
  return {
    found: answering(logger, (caller, bytes) => {
      const { statement, isQuestion } = codec.decodeFound(bytes);
      const refusal = refusalOf(caller, statement.self.rm);
      if (refusal !== null) return refusal;
      const own = membership.found(statement, isQuestion);
      return own === null ? { code: Code.UNAVAILABLE, details: 'this process takes part in no founding' } : codec.encodeFoundAnswer(own);
    }),
    rejoin: answering(logger, async (caller, bytes) => {
      const { rm, incarnation } = codec.decodeRejoin(bytes);
      const refusal = refusalOf(caller, rm);
      if (refusal !== null) return refusal;
      return codec.encodeRejoinAnswer(await membership.rejoin(rm, incarnation));
    }),
    join: answering(logger, async (caller, bytes) => {
      const { rm, incarnation } = codec.decodeJoin(bytes);
      const refusal = refusalOf(caller, rm);
      if (refusal !== null) return refusal;
      return codec.encodeRejoinAnswer(await membership.join(rm, incarnation));
    }),
    introduce: {
      kind: 'unary',
      begin: (head) => {
        const entrance = door.admit(head, ['rm'], false);
        if (!entrance.ok) return entrance;
        const { peer, answer } = entrance;
        const settleIntroduction = async (): Promise<UnaryAnswer> => {
          const isHeard = peer !== null && (await raft?.isStillHeard(peer, SIGN_OF_LIFE_MS)) === true;
          return isHeard ? { ok: false, status: refusalStatus(stillHeard(peer)) } : { ok: true, value: Buffer.alloc(0) };
        };
        return { ok: true, answer, value: settleIntroduction };
      },
    },
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

function refusalOf(caller: PeerIdentity, rm: RmId): CallStatus | null {
  return speaksFor(caller, rm)
    ? null
    : toStatus(permissionDenied('NODE_ROLE_REFUSED', 'The certificate is not that of the resource manager that the call names.').error);
}
