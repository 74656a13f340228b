/**
 * The Transaction Manager's listener: AccountService, LockService and NodeService for clients with a token, health and
 * reflection, within their own limits, for everybody. TLS without client certificates: a node's certificate opens nothing here.
 */
import type { GlobalLockService } from '@mas/global-lock';
import type { TokenVerifier } from '@mas/resource-manager';
import type { CoordinatorService } from '@mas/transaction-coordinator';
import type { Clock, Logger } from '@mas/values';
import type { TlsIdentity } from '../auth/tls-identity';
import type { TokenSigner } from '../auth/token-signer';
import { methodsOf } from '../door/methods';
import { HealthService } from '../generated/grpc/health/v1/health';
import { AccountServiceService } from '../generated/mas/v1/account_service';
import { LockServiceService } from '../generated/mas/v1/lock_service';
import { NodeServiceService } from '../generated/mas/v1/node_service';
import { accountService } from './account-service';
import { ClientEdge } from './client-edge';
import { DEFAULT_EDGE_LIMITS, type EdgeLimits } from './edge-limits';
import { HealthStatus } from './health';
import { lockService } from './lock-service';
import { nodeService } from './node-service';
import { reflectionMethods } from './reflection';
import { listen, type RunningServer } from './running-server';

export interface TmServerOptions {
  /** host:port; port 0 takes a free one. */
  readonly address: string;
  readonly tls: TlsIdentity;
  readonly coordinator: CoordinatorService;
  readonly locks: GlobalLockService;
  readonly tokens: TokenVerifier;
  /** Signs the tokens that CreateAccount answers; null signs none. */
  readonly signer: TokenSigner | null;
  readonly limits?: EdgeLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

const CLIENT_SERVICES = ['mas.v1.AccountService', 'mas.v1.LockService', 'mas.v1.NodeService'] as const;

/** @throws ListenFailed */
export async function startTmServer(options: TmServerOptions): Promise<RunningServer> {
  const limits = options.limits ?? DEFAULT_EDGE_LIMITS;
  const edge = new ClientEdge({ tokens: options.tokens, limits, clock: options.clock, logger: options.logger });
  const health = new HealthStatus(CLIENT_SERVICES);
  const methods = new Map([
    ...methodsOf(AccountServiceService, accountService(edge, options.coordinator, options.signer)),
    ...methodsOf(LockServiceService, lockService(edge, options.locks)),
    ...methodsOf(NodeServiceService, nodeService(edge, options.coordinator)),
    ...methodsOf(HealthService, health.methods()),
    ...reflectionMethods([...CLIENT_SERVICES, 'grpc.health.v1.Health']),
  ]);
  const { address, tls, clock, logger } = options;
  return listen(address, health, { tls, asksForCertificates: false, methods, limits, clock, logger });
}
