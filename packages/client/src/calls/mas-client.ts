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
  AddNodeRequest,
  BreakLockRequest,
  ChangeAccountRequest,
  CreateAccountRequest,
  CreatePaymentRequest,
  CreatePaymentsRequest,
  GetAccountRequest,
  GetAccountsRequest,
  GetLockRequest,
  GetPaymentRequest,
  ListAccountsRequest,
  ListDirection,
  ListPaymentsRequest,
  LockMode,
  PaymentDirection,
  PaymentKind,
  PaymentState,
  ReadLevel,
  RefreshLockRequest,
  ReleaseLockRequest,
  ReplaceNodeRequest,
  ResolveTransactionRequest,
  StreamPaymentsRequest,
  readAccountPage,
  readAccounts,
  readAcquiredLocks,
  readAuditEvent,
  readBrokenLock,
  readClusterStatus,
  readCreatedAccount,
  readLegPage,
  readLockList,
  readLockReport,
  readLocks,
  readNode,
  readOneAccount,
  readOnePayment,
  readOneView,
  readPaymentReplies,
  readUndecided,
  readWire,
  type AccountPage,
  type AcquiredLocks,
  type Amount,
  type ClusterStatus,
  type CreatedAccount,
  type LegPage,
  type ReadMessage,
} from '@mas/rpc';
import { PaymentStream } from './payment-stream';
import { MasCallFailed, RetryingChannel, sameBytes, type ChannelOptions } from './retrying-channel';

/** Money of a request: minor units, or a decimal text that the server parses exactly. */
export type AmountInput = { readonly minor: bigint; readonly currency?: string } | { readonly decimal: string; readonly currency?: string };

export interface PaymentInput {
  readonly id: string;
  readonly kind?: 'payment' | 'authorization' | 'capture' | 'void' | 'refund';
  readonly from?: string;
  readonly to?: string;
  readonly amount?: AmountInput;
  readonly legs?: readonly { readonly account: string; readonly direction: 'debit' | 'credit'; readonly amount: AmountInput }[];
  readonly referenceId?: string;
  readonly referenceTxn?: { readonly txn: string; readonly account: string };
  readonly expiresInSeconds?: number;
  readonly memo?: string;
  readonly lockHandle?: string;
}

export type Level = 'committed' | 'uncommitted' | 'cached';

const ACCOUNTS = '/mas.v1.AccountService/';
const LOCKS = '/mas.v1.LockService/';
const NODES = '/mas.v1.NodeService/';
const KINDS = {
  payment: PaymentKind.PAYMENT_KIND_PAYMENT,
  authorization: PaymentKind.PAYMENT_KIND_AUTHORIZATION,
  capture: PaymentKind.PAYMENT_KIND_CAPTURE,
  void: PaymentKind.PAYMENT_KIND_VOID,
  refund: PaymentKind.PAYMENT_KIND_REFUND,
};
const LEVELS = { committed: ReadLevel.READ_LEVEL_COMMITTED, uncommitted: ReadLevel.READ_LEVEL_UNCOMMITTED, cached: ReadLevel.READ_LEVEL_CACHED };
const CHANGES = { freeze: AccountChange.ACCOUNT_CHANGE_FREEZE, unfreeze: AccountChange.ACCOUNT_CHANGE_UNFREEZE, close: AccountChange.ACCOUNT_CHANGE_CLOSE };
const DIRECTIONS = { debit: PaymentDirection.PAYMENT_DIRECTION_DEBIT, credit: PaymentDirection.PAYMENT_DIRECTION_CREDIT };
const STATES = { PENDING: PaymentState.PAYMENT_STATE_PENDING, COMMITTED: PaymentState.PAYMENT_STATE_COMMITTED, ABORTED: PaymentState.PAYMENT_STATE_ABORTED };
const UNKNOWN_RETRY_MS = 100;
const DEFAULT_TIMEOUT_MS = 15_000;
/** How far it has come is said every second. */
const AUDIT_SILENCE_MS = 30_000;

export interface AuditOptions {
  /** Null: none. */
  readonly timeoutMs?: number | null;
  readonly onProgress?: (progress: AuditProgress) => void;
}

export class MasClient {
  private readonly channel: RetryingChannel;
  private readonly timeoutMs: number;

  constructor(options: ChannelOptions) {
    this.channel = new RetryingChannel(options);
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
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
      openingBalance: request.openingBalance === undefined ? undefined : amount(request.openingBalance),
      minimumBalance: request.minimumBalance === undefined ? undefined : amount(request.minimumBalance),
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

  async createPayment(payment: PaymentInput): Promise<PaymentResult> {
    const bytes = CreatePaymentRequest.encode(paymentMessage(payment)).finish();
    const deadlineMs = performance.now() + this.timeoutMs;
    let unsure: Unsure | null = null;
    for (;;) {
      const result = await this.ask(`${ACCOUNTS}CreatePayment`, bytes, readOnePayment, Math.max(1, deadlineMs - performance.now())).catch((error: unknown) =>
        stillUnsure(unsure, error),
      );
      if (result.kind !== 'unknown' || result === unsure || performance.now() + UNKNOWN_RETRY_MS >= deadlineMs) return result;
      unsure = result;
      await new Promise((resolve) => setTimeout(resolve, UNKNOWN_RETRY_MS));
    }
  }

  /** Independent payments; results in order. */
  createPayments(payments: readonly PaymentInput[]): Promise<readonly Reply<PaymentResult>[]> {
    return this.ask(`${ACCOUNTS}CreatePayments`, CreatePaymentsRequest.encode({ payments: payments.map(paymentMessage) }).finish(), readPaymentReplies);
  }

  /** A stream to the Transaction Manager that calls prefer now; `timeoutMs` is each batch's. */
  openPaymentStream(timeoutMs = this.timeoutMs): PaymentStream<PaymentInput> {
    const stream = this.channel.client().makeBidiStreamRequest<Buffer, Buffer>(`${ACCOUNTS}StreamPayments`, sameBytes, sameBytes, this.channel.authorization());
    return new PaymentStream(stream, (sequence, payments) =>
      Buffer.from(StreamPaymentsRequest.encode({ sequence: BigInt(sequence), payments: payments.map(paymentMessage), timeoutMs }).finish()),
    );
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

  addNode(rm: number, address: string): Promise<void> {
    return this.ask(`${NODES}AddNode`, AddNodeRequest.encode({ rm, address }).finish(), () => undefined);
  }

  /** The incarnation that counts when it is called; asked again, it never hits a successor. @returns the node as the meta group has recorded it */
  async replaceNode(rm: number): Promise<ClusterNode> {
    const { placement } = await this.clusterStatus();
    const node = placement.cluster?.nodes.find((each) => each.rm === rm);
    const request = node === undefined ? { rm } : { rm, ordinal: node.ordinal };
    return this.ask(`${NODES}ReplaceNode`, ReplaceNodeRequest.encode(request).finish(), (reader) => reader.message(1, readNode));
  }

  /** Takes as long as it takes while it comes on; the options can say less. @throws MasCallFailed */
  async audit({ timeoutMs = null, onProgress }: AuditOptions = {}): Promise<AuditReport> {
    const reports: AuditReport[] = [];
    const heard = (bytes: Buffer): void => {
      const event = readWire(bytes, readAuditEvent, 'tolerant');
      if (event.kind === 'report') reports.push(event.report);
      else onProgress?.(event.progress);
    };
    await this.channel.listen(`${NODES}Audit`, EMPTY, heard, timeoutMs, AUDIT_SILENCE_MS);
    const report = reports.at(-1);
    if (report === undefined) throw new Error('the audit has ended without a report');
    return report;
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
    return this.channel.call(path, request, (bytes) => readWire(bytes, read, 'tolerant'), timeoutMs);
  }
}

const EMPTY = new Uint8Array(0);

type Unsure = Extract<PaymentResult, { readonly kind: 'unknown' }>;

/** What is unknown stays so, whatever keeps it from being asked about. */
function stillUnsure(unsure: Unsure | null, error: unknown): PaymentResult {
  const isSilence = error instanceof MasCallFailed && (error.error.kind === 'unavailable' || error.error.kind === 'deadline-exceeded');
  if (unsure === null || !isSilence) throw error;
  return unsure;
}

function amount(input: AmountInput): Amount {
  return { value: 'minor' in input ? { $case: 'minor', value: input.minor } : { $case: 'decimal', value: input.decimal }, currency: input.currency ?? '' };
}

function paymentMessage(payment: PaymentInput): CreatePaymentRequest {
  return {
    id: payment.id,
    kind: payment.kind === undefined ? PaymentKind.PAYMENT_KIND_UNSPECIFIED : KINDS[payment.kind],
    from: payment.from ?? '',
    to: payment.to ?? '',
    amount: payment.amount === undefined ? undefined : amount(payment.amount),
    legs: (payment.legs ?? []).map((leg) => ({ account: leg.account, direction: DIRECTIONS[leg.direction], amount: amount(leg.amount) })),
    reference: reference(payment),
    expiresInSeconds: payment.expiresInSeconds ?? 0,
    memo: payment.memo ?? '',
    lockHandle: payment.lockHandle ?? '',
  };
}

function reference(payment: PaymentInput): CreatePaymentRequest['reference'] {
  if (payment.referenceTxn !== undefined) return { $case: 'referenceTxn', value: payment.referenceTxn };
  return payment.referenceId === undefined ? undefined : { $case: 'referenceId', value: payment.referenceId };
}
