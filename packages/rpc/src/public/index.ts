/** What a client of mas.v1 speaks: requests as generated from the proto files, and the readers of answers. */
export {
  AccountChange,
  ChangeAccountRequest,
  CreateAccountRequest,
  CreatePaymentRequest,
  CreatePaymentResponse,
  GetAccountRequest,
  GetAccountsRequest,
  GetPaymentRequest,
  ListAccountsRequest,
  ListPaymentsRequest,
  PaymentDirection,
  PaymentState,
  StreamPaymentsRequest,
} from '../generated/mas/v1/account_service';
export { AcquireLockRequest, BreakLockRequest, GetLockRequest, LockMode, RefreshLockRequest, ReleaseLockRequest } from '../generated/mas/v1/lock_service';
export {
  AddBucketRequest,
  AddNodeRequest,
  AuditRequest,
  BackupRequest,
  DrainNodeRequest,
  MoveReplicaRequest,
  MoveSlotsRequest,
  RebalanceRequest,
  RemoveNodeRequest,
  ReplaceNodeRequest,
  ResolveTransactionRequest,
  RetireBucketRequest,
} from '../generated/mas/v1/node_service';
export { ListDirection, ReadLevel } from '../generated/mas/v1/participant';
export { PaymentKind, type Amount } from '../generated/mas/v1/payment';
export { readAuditEvent, type AuditEvent } from './audit-messages';
export { readBackupEvent, type BackupEvent } from './backup-messages';
export { readNode } from '../codec/placement-messages';
export { fromServiceError } from '../errors/status-details';
export { readWire, type ReadMessage } from '../wire/wire-reader';
export { readAccountPage, readAccounts, readCreatedAccount, readOneAccount, type AccountPage, type CreatedAccount } from './account-messages';
export {
  readAcquiredLocks,
  readBrokenLock,
  readClusterStatus,
  readOrderedNodes,
  readLockList,
  readLockReport,
  readLocks,
  readUndecided,
  type AcquiredLocks,
  type ClusterStatus,
  type OrderedNodes,
} from './node-messages';
export { readLegPage, readOnePayment, readOneView, readPaymentReplies, readStreamedReplies, type LegPage } from './payment-messages';
