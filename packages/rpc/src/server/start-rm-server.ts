/**
 * The Resource Manager's listener, for nodes only: TLS refuses whoever shows no certificate of the cluster's CA, and
 * every method checks the role in it. TransactionService for tm and rm, RaftService for rm, health for any node.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { MembershipServer } from '@mas/resource-manager';
import type { ParticipantServer } from '@mas/two-phase-commit';
import type { Clock, Logger } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import { NODE_CHANNEL_OPTIONS } from '../client/node-channel';
import type { GrpcPeerTransport } from '../client/peer-transport';
import type { EncodedInstructions } from '../codec/ledger-codec';
import { MembershipServiceService } from '../generated/mas/v1/membership_service';
import { RaftServiceService } from '../generated/mas/v1/raft_service';
import { TransactionServiceService } from '../generated/mas/v1/transaction_service';
import type { MemberDoor } from '../membership/member-door';
import { HealthStatus } from './health';
import { rawService } from './raw-service';
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
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws ListenFailed */
export async function startRmServer(options: RmServerOptions): Promise<RunningServer> {
  const server = new Server(NODE_CHANNEL_OPTIONS);
  server.addService(rawService(TransactionServiceService), transactionService(options));
  if (options.raft !== null) server.addService(rawService(RaftServiceService), options.raft.service());
  if (options.membership !== null) server.addService(rawService(MembershipServiceService), membershipService(options.membership, options.logger));
  const health = new HealthStatus(['mas.v1.TransactionService', 'mas.v1.RaftService']);
  health.addTo(server);
  const credentials = ServerCredentials.createSsl(options.tls.ca, [{ private_key: options.tls.key, cert_chain: options.tls.certificate }], true);
  return listen(server, options.address, credentials, health, options.clock);
}
