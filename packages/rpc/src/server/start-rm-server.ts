/**
 * The Resource Manager's listener, for nodes only: TLS refuses whoever shows no certificate of the cluster's CA, and
 * every method checks the role in it. TransactionService for tm and rm, RaftService for rm, health for any node.
 */
import type { MembershipServer } from '@mas/resource-manager';
import type { ParticipantServer } from '@mas/two-phase-commit';
import type { Clock, Logger } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import type { GrpcPeerTransport } from '../client/peer-transport';
import type { EncodedInstructions } from '../codec/ledger-codec';
import { NODE_DOOR, type DoorLimits } from '../door/door-limits';
import { methodsOf } from '../door/methods';
import { HealthService } from '../generated/grpc/health/v1/health';
import { MembershipServiceService } from '../generated/mas/v1/membership_service';
import { RaftServiceService } from '../generated/mas/v1/raft_service';
import { TransactionServiceService } from '../generated/mas/v1/transaction_service';
import type { MemberDoor } from '../membership/member-door';
import { HealthStatus } from './health';
import { membershipService } from './membership-service';
import { listen, type RunningServer } from './running-server';
import { transactionService } from './transaction-service';

export interface RmServerOptions {
  /** host:port; port 0 takes a free one. */
  readonly address: string;
  readonly tls: TlsIdentity;
  readonly participant: ParticipantServer;
  /** Says who may come in to TransactionService; RaftService has its own. */
  readonly door: MemberDoor;
  /** Its receiving half is served here; null for a process without Raft. */
  readonly raft: GrpcPeerTransport | null;
  /** Served before this process is a member of anything; null for a process that founds and joins nothing. */
  readonly membership: MembershipServer | null;
  /** The one of this process's ProtoLedgerCodec, so that received instructions are proposed with the bytes they came in. */
  readonly encoded: EncodedInstructions;
  readonly limits?: DoorLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws ListenFailed */
export async function startRmServer(options: RmServerOptions): Promise<RunningServer> {
  const health = new HealthStatus(['mas.v1.TransactionService', 'mas.v1.RaftService']);
  const methods = new Map([
    ...methodsOf(TransactionServiceService, transactionService(options)),
    ...(options.raft === null ? [] : methodsOf(RaftServiceService, options.raft.service())),
    ...(options.membership === null
      ? []
      : methodsOf(MembershipServiceService, membershipService(options.membership, options.door, options.raft, options.logger))),
    ...methodsOf(HealthService, health.methods()),
  ]);
  const { address, tls, clock, logger } = options;
  return listen(address, health, { tls, asksForCertificates: true, methods, limits: options.limits ?? NODE_DOOR, clock, logger });
}
