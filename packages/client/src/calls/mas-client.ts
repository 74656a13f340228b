/**
 * The client of mas.v1, as mas-client, the benchmarks and the tests use it: typed requests and answers, several addresses,
 * one token. A payment that came back UNKNOWN is asked again with the same id until the deadline.
 */
import type { LockList, LockReport } from '@mas/global-lock';
import type { ClusterNode } from '@mas/placement';
import type { AccountView, AuditProgress, AuditReport, PaymentResult, PaymentView, Reply, UndecidedReport } from '@mas/transaction-coordinator';
import {
  AccountChange,
  AcquireLockRequest,
  AddBucketRequest,
  AddNodeRequest,
  AuditRequest,
  BackupRequest,
  DrainNodeRequest,
  MoveReplicaRequest,
  MoveSlotsRequest,
  RebalanceRequest,
  RemoveNodeRequest,
  RetireBucketRequest,
  BreakLockRequest,
  ChangeAccountRequest,
  CreateAccountRequest,
  GetAccountRequest,
  GetAccountsRequest,
  GetLockRequest,
  GetPaymentRequest,
  ListAccountsRequest,
  ListDirection,
  ListPaymentsRequest,
  LockMode,
  PaymentState,
  ReadLevel,
  RefreshLockRequest,
  ReleaseLockRequest,
  ReplaceNodeRequest,
  ResolveTransactionRequest,
  readAccountPage,
  readAccounts,
  readAcquiredLocks,
  readAuditEvent,
  readBackupEvent,
  readBrokenLock,
  readClusterStatus,
  readOrderedNodes,
  readCreatedAccount,
  readLegPage,
  readLockList,
  readLockReport,
  readLocks,
  readNode,
  readOneAccount,
  readOnePayment,
  readOneView,
  readUndecided,
  readWire,
  type AccountPage,
  type BackupEvent,
  type AcquiredLocks,
  type ClusterStatus,
  type OrderedNodes,
  type CreatedAccount,
  type LegPage,
  type ReadMessage,
} from '@mas/rpc';
import { amountMessage, encodePayment, PaymentCalls, type AmountInput, type PaymentInput } from './payment-calls';
import { RetryingChannel, type CallLead, type ChannelOptions } from './retrying-channel';

export type Level = 'committed' | 'uncommitted' | 'cached';

const ACCOUNTS = '/mas.v1.AccountService/';
const LOCKS = '/mas.v1.LockService/';
const NODES = '/mas.v1.NodeService/';
const LEVELS = { committed: ReadLevel.READ_LEVEL_COMMITTED, uncommitted: ReadLevel.READ_LEVEL_UNCOMMITTED, cached: ReadLevel.READ_LEVEL_CACHED };
const CHANGES = { freeze: AccountChange.ACCOUNT_CHANGE_FREEZE, unfreeze: AccountChange.ACCOUNT_CHANGE_UNFREEZE, close: AccountChange.ACCOUNT_CHANGE_CLOSE };
const STATES = { PENDING: PaymentState.PAYMENT_STATE_PENDING, COMMITTED: PaymentState.PAYMENT_STATE_COMMITTED, ABORTED: PaymentState.PAYMENT_STATE_ABORTED };
const DEFAULT_TIMEOUT_MS = 15_000;
/** How far it has come is said every second. */
const AUDIT_SILENCE_MS = 30_000;
/** Pieces come as fast as they are taken. */
const BACKUP_SILENCE_MS = 60_000;

export interface AuditOptions {
  /** Null: none. */
  readonly timeoutMs?: number | null;
  /** Everything is read, also what the last good audit has found. */
  readonly isFull?: boolean;
  readonly onProgress?: (progress: AuditProgress) => void;
}

export class MasClient {
  readonly payments: PaymentCalls;
  /** For each call as a whole. */
  readonly timeoutMs: number;

  constructor(
    private readonly options: ChannelOptions,
    private readonly channel = new RetryingChannel(options),
    private readonly lead: CallLead = {},
  ) {
    this.timeoutMs = lead.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.payments = new PaymentCalls(channel, { ...lead, timeoutMs: this.timeoutMs });
  }

  /** The same client, whose calls are led otherwise. */
  with(lead: CallLead): MasClient {
    return new MasClient(this.options, this.channel, { ...this.lead, ...lead });
  }

  createAccount(request: {
    readonly id: string;
    readonly number: string;
    readonly currency?: string;
    readonly openingBalance?: AmountInput;
    readonly minimumBalance?: AmountInput;
    readonly owner?: string;
  }): Promise<CreatedAccount> {
    const message: CreateAccountRequest = {
      id: request.id,
      number: request.number,
      currency: request.currency ?? '',
      owner: request.owner ?? '',
      openingBalance: request.openingBalance === undefined ? undefined : amountMessage(request.openingBalance),
      minimumBalance: request.minimumBalance === undefined ? undefined : amountMessage(request.minimumBalance),
    };
    return this.ask(`${ACCOUNTS}CreateAccount`, CreateAccountRequest.encode(message).finish(), readCreatedAccount);
  }

  getAccount(number: string, level: Level = 'committed', timeoutMs = this.timeoutMs): Promise<AccountView> {
    return this.ask(
      `${ACCOUNTS}GetAccount`,
      GetAccountRequest.encode({ number, level: LEVELS[level], atUs: undefined }).finish(),
      readOneAccount,
      Math.min(timeoutMs, this.timeoutMs),
    );
  }

  /** At one moment. @param atUs that one, microseconds since the Unix epoch; null: now */
  getAccounts(numbers: readonly string[], level: Level = 'committed', atUs: number | null = null): Promise<readonly AccountView[]> {
    return this.ask(
      `${ACCOUNTS}GetAccounts`,
      GetAccountsRequest.encode({ numbers: [...numbers], level: LEVELS[level], atUs: atUs === null ? undefined : BigInt(atUs) }).finish(),
      readAccounts,
    );
  }

  listAccounts(page: { readonly pageSize?: number; readonly pageToken?: string } = {}): Promise<AccountPage> {
    return this.ask(
      `${ACCOUNTS}ListAccounts`,
      ListAccountsRequest.encode({ pageSize: page.pageSize ?? 0, pageToken: page.pageToken ?? '' }).finish(),
      readAccountPage,
    );
  }

  changeAccount(request: { readonly id: string; readonly number: string; readonly change: 'freeze' | 'unfreeze' | 'close' }): Promise<AccountView> {
    return this.ask(
      `${ACCOUNTS}ChangeAccount`,
      ChangeAccountRequest.encode({ id: request.id, number: request.number, change: CHANGES[request.change] }).finish(),
      readOneAccount,
    );
  }

  /** Asked again with the same id, while the outcome is unknown, until the deadline. */
  createPayment(payment: PaymentInput): Promise<PaymentResult> {
    return this.payments.one(encodePayment(payment));
  }

  /** Independent payments; results in order. */
  createPayments(payments: readonly PaymentInput[]): Promise<readonly Reply<PaymentResult>[]> {
    return this.payments.many(payments.map(encodePayment));
  }

  getPayment(payment: { readonly id: string } | { readonly txn: string; readonly account: string }): Promise<PaymentView> {
    const message: GetPaymentRequest =
      'id' in payment ? { payment: { $case: 'id', value: payment.id } } : { payment: { $case: 'txn', value: { txn: payment.txn, account: payment.account } } };
    return this.ask(`${ACCOUNTS}GetPayment`, GetPaymentRequest.encode(message).finish(), readOneView);
  }

  listPayments(request: {
    readonly account: string;
    readonly direction?: 'newest-first' | 'oldest-first';
    readonly pageSize?: number;
    readonly pageToken?: string;
    readonly state?: keyof typeof STATES;
    readonly fromMs?: number;
    readonly untilMs?: number;
  }): Promise<LegPage> {
    const message: ListPaymentsRequest = {
      account: request.account,
      direction: request.direction === 'oldest-first' ? ListDirection.LIST_DIRECTION_OLDEST_FIRST : ListDirection.LIST_DIRECTION_NEWEST_FIRST,
      pageSize: request.pageSize ?? 0,
      pageToken: request.pageToken ?? '',
      state: request.state === undefined ? PaymentState.PAYMENT_STATE_UNSPECIFIED : STATES[request.state],
      fromMs: request.fromMs === undefined ? undefined : BigInt(request.fromMs),
      untilMs: request.untilMs === undefined ? undefined : BigInt(request.untilMs),
    };
    return this.ask(`${ACCOUNTS}ListPayments`, ListPaymentsRequest.encode(message).finish(), readLegPage);
  }

  acquireLock(request: {
    readonly lockIds: readonly string[];
    readonly mode?: 'shared' | 'exclusive';
    readonly handle?: string;
    readonly attempts?: number;
    readonly attemptDelayMs?: number;
    readonly timeoutMs?: number;
  }): Promise<AcquiredLocks> {
    const message: AcquireLockRequest = {
      lockIds: [...request.lockIds],
      mode: request.mode === 'shared' ? LockMode.LOCK_MODE_SHARED : LockMode.LOCK_MODE_EXCLUSIVE,
      handle: request.handle ?? '',
      lockAttempts: request.attempts ?? 0,
      lockAttemptDelayMs: request.attemptDelayMs ?? 0,
      lockTimeoutMs: request.timeoutMs ?? 0,
    };
    return this.ask(`${LOCKS}AcquireLock`, AcquireLockRequest.encode(message).finish(), readAcquiredLocks);
  }

  releaseLock(lockIds: readonly string[], handle: string): Promise<unknown> {
    return this.ask(`${LOCKS}ReleaseLock`, ReleaseLockRequest.encode({ lockIds: [...lockIds], handle }).finish(), readLocks);
  }

  refreshLock(lockIds: readonly string[], handle: string, timeoutMs = 0): Promise<Pick<AcquiredLocks, 'locks' | 'timeoutMs'>> {
    return this.ask(`${LOCKS}RefreshLock`, RefreshLockRequest.encode({ lockIds: [...lockIds], handle, lockTimeoutMs: timeoutMs }).finish(), readLocks);
  }

  getLock(lockId: string): Promise<LockReport> {
    return this.ask(`${LOCKS}GetLock`, GetLockRequest.encode({ lockId }).finish(), readLockReport);
  }

  listLocks(): Promise<LockList> {
    return this.ask(`${LOCKS}ListLocks`, EMPTY, readLockList);
  }

  /** Whoever holds it; what it was. */
  breakLock(lockId: string): Promise<LockReport> {
    return this.ask(`${LOCKS}BreakLock`, BreakLockRequest.encode({ lockId }).finish(), readBrokenLock);
  }

  clusterStatus(): Promise<ClusterStatus> {
    return this.ask(`${NODES}GetClusterStatus`, EMPTY, readClusterStatus);
  }

  /** @returns the map by which it counts, and what is to move; what moves does so after the answer, and clusterStatus shows it. So of all orders. */
  addNode(rm: number, address: string): Promise<OrderedNodes> {
    return this.ask(`${NODES}AddNode`, AddNodeRequest.encode({ rm, address }).finish(), readOrderedNodes);
  }

  drainNode(rm: number, undo: boolean): Promise<OrderedNodes> {
    return this.ask(`${NODES}DrainNode`, DrainNodeRequest.encode({ rm, undo }).finish(), readOrderedNodes);
  }

  removeNode(rm: number, dead: boolean): Promise<OrderedNodes> {
    return this.ask(`${NODES}RemoveNode`, RemoveNodeRequest.encode({ rm, dead }).finish(), readOrderedNodes);
  }

  /** @param bucket 0: the meta group */
  moveReplica(bucket: number, from: number, to: number): Promise<OrderedNodes> {
    return this.ask(`${NODES}MoveReplica`, MoveReplicaRequest.encode({ bucket, from, to }).finish(), readOrderedNodes);
  }

  /** @param wish.slots those are spread over the buckets as well */
  rebalance(wish: {
    readonly replicas: number | undefined;
    readonly dryRun: boolean;
    readonly stop: boolean;
    readonly slots?: boolean;
  }): Promise<OrderedNodes> {
    return this.ask(`${NODES}Rebalance`, RebalanceRequest.encode({ ...wish, slots: wish.slots === true }).finish(), readOrderedNodes);
  }

  /** @param bucket the next id: asked again with the same one, it adds no other bucket @param replicas none: wherever there are the fewest */
  addBucket(bucket: number, replicas: readonly number[] = [], dryRun = false): Promise<OrderedNodes> {
    return this.ask(`${NODES}AddBucket`, AddBucketRequest.encode({ bucket, replicas: [...replicas], dryRun }).finish(), readOrderedNodes);
  }

  /** Of any length, both ends included. */
  moveSlots(slots: { readonly from: number; readonly to: number }, from: number, to: number, dryRun = false): Promise<OrderedNodes> {
    return this.ask(`${NODES}MoveSlots`, MoveSlotsRequest.encode({ slots, from, to, dryRun }).finish(), readOrderedNodes);
  }

  /** Once the others have taken its slots. */
  retireBucket(bucket: number, dryRun = false): Promise<OrderedNodes> {
    return this.ask(`${NODES}RetireBucket`, RetireBucketRequest.encode({ bucket, dryRun }).finish(), readOrderedNodes);
  }

  /** No move of slots begins; those whose slots have been released end. */
  pauseMoves(): Promise<OrderedNodes> {
    return this.ask(`${NODES}PauseMoves`, EMPTY, readOrderedNodes);
  }

  resumeMoves(): Promise<OrderedNodes> {
    return this.ask(`${NODES}ResumeMoves`, EMPTY, readOrderedNodes);
  }

  /** Nothing is wanted of slots any more, and what is under way is called off. */
  cancelMoves(): Promise<OrderedNodes> {
    return this.ask(`${NODES}CancelMoves`, EMPTY, readOrderedNodes);
  }

  /** The incarnation that counts when it is called; asked again, it never hits a successor. @returns the node as the meta group has recorded it */
  async replaceNode(rm: number): Promise<ClusterNode> {
    const { placement } = await this.clusterStatus();
    const node = placement.cluster?.nodes.find((each) => each.rm === rm);
    const request = node === undefined ? { rm } : { rm, ordinal: node.ordinal };
    return this.ask(`${NODES}ReplaceNode`, ReplaceNodeRequest.encode(request).finish(), (reader) => reader.message(1, readNode));
  }

  /** Takes as long as it takes while it comes on; the options can say less. @throws MasCallFailed */
  async audit({ timeoutMs = this.lead.timeoutMs ?? null, isFull = false, onProgress }: AuditOptions = {}): Promise<AuditReport> {
    const reports: AuditReport[] = [];
    const heard = (bytes: Buffer): void => {
      const event = readWire(bytes, readAuditEvent, 'tolerant');
      if (event.kind === 'report') reports.push(event.report);
      else onProgress?.(event.progress);
    };
    await this.channel.listen(`${NODES}Audit`, AuditRequest.encode({ full: isFull }).finish(), heard, AUDIT_SILENCE_MS, { ...this.lead, timeoutMs });
    const report = reports.at(-1);
    if (report === undefined) throw new Error('the audit has ended without a report');
    return report;
  }

  /**
   * The bytes of a backup (docs/backup.md); the next event comes once the last one has been dealt with. Where a server is lost another one is asked, which begins anew:
   * with another `begun`. @throws MasCallFailed
   */
  async backup(onEvent: (event: BackupEvent) => Promise<void>, timeoutMs: number | null = null): Promise<void> {
    let isWhole = false;
    let last = Promise.resolve();
    // Where a server is lost, its last event may still be dealt with when the next server's first comes.
    const heard = (bytes: Buffer): Promise<void> => {
      const event = readWire(bytes, readBackupEvent, 'tolerant');
      isWhole = event.kind === 'whole';
      return (last = last.then(() => onEvent(event)));
    };
    await this.channel.listen(`${NODES}Backup`, BackupRequest.encode({}).finish(), heard, BACKUP_SILENCE_MS, { ...this.lead, timeoutMs });
    if (!isWhole) throw new Error('the backup has ended before all of it had come');
  }

  undecided(): Promise<UndecidedReport> {
    return this.ask(`${NODES}ListUndecided`, EMPTY, readUndecided);
  }

  resolve(txn: string, account: string): Promise<PaymentResult> {
    return this.ask(`${NODES}ResolveTransaction`, ResolveTransactionRequest.encode({ transaction: { txn, account } }).finish(), readOnePayment);
  }

  close(): void {
    this.channel.close();
  }

  private ask<Answer>(path: string, request: Uint8Array, read: ReadMessage<Answer>, timeoutMs = this.timeoutMs): Promise<Answer> {
    return this.channel.call(path, request, (bytes) => readWire(bytes, read, 'tolerant'), { ...this.lead, timeoutMs });
  }
}

const EMPTY = new Uint8Array(0);
