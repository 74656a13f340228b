/**
 * What a client can ask of the Transaction Manager, in the domain's own words: the rpc package maps gRPC onto it, the
 * simulator calls it directly. Input has been decoded and checked for form (validate-*.ts says what is wrong by name);
 * `caller` has been authenticated. Nothing here rejects for what a caller, a network or a server does.
 */
import type { Condition } from '@mas/health';
import type { AbortReason, AccountStatus, LegRow, OutcomeRow, PaymentBody, PaymentKind, Subject } from '@mas/ledger';
import type { ClusterNode, NodeOrder, MovesEstimate, PlacementMap, PlanStep, SlotsStep } from '@mas/placement';
import type { ReplicaChecksum, ReplicaStatus, UndecidedTransaction } from '@mas/two-phase-commit';
import type { AccountNumber, AmountMinor, BucketId, Currency, RmId, TxnId } from '@mas/values';
import type { TimelineStep, TransactionState } from './txn-coordinator-dao';

export interface Caller {
  readonly subject: Subject;
  /** The token as it came; the Resource Managers verify it again. */
  readonly token: string;
  /** Absolute, on the coordinator's monotonic clock, ms. Required and capped by the server. */
  readonly deadlineMs: number;
  /** W3C trace context, where the caller has one. */
  readonly traceparent?: string;
}

/** A refusal before anything was locked, logged or written. `field` is the request's, in proto form (`legs[0].amount`). */
export interface RequestError {
  readonly kind:
    | 'invalid'
    | 'unauthenticated'
    | 'permission-denied'
    | 'not-found'
    | 'already-exists'
    | 'failed-precondition'
    | 'unavailable'
    | 'deadline-exceeded'
    | 'unimplemented'
    | 'resource-exhausted'
    | 'aborted'
    | 'internal';
  /** Stable machine-readable name, SCREAMING_SNAKE. */
  readonly reason: string;
  readonly field: string | null;
  /** One sentence: what happened, to what, and what to do. */
  readonly message: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** The map once an order counts, and what is to move by it. */
export interface OrderedNodes {
  readonly placement: PlacementMap;
  readonly steps: readonly PlanStep[];
  readonly slots: readonly SlotsStep[];
  /** Of those slots. Null: none, or it is not known. */
  readonly estimate: MovesEstimate | null;
}

export type Reply<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: RequestError };

export interface PaymentRequest {
  /** The caller's id of it, kept for retries. */
  readonly id: string;
  readonly kind: PaymentKind;
  /**
   * Two legs for a simple payment; any for more. A capture names its payees as credit legs (amount 0 in the only one: all,
   * or `amountMinor`), the reserved account comes from the reference. Empty for void and refund: derived from the reference.
   */
  readonly legs: readonly {
    readonly account: AccountNumber;
    readonly direction: 'debit' | 'credit';
    readonly amountMinor: AmountMinor;
    readonly currency: Currency;
  }[];
  /** capture, void, refund: the id of the payment it builds on (same caller), or its txn with the account that holds its leg. */
  readonly reference: { readonly kind: 'id'; readonly id: string } | { readonly kind: 'txn'; readonly txn: TxnId; readonly account: AccountNumber } | null;
  /** capture and refund: null takes all of it. */
  readonly amountMinor: AmountMinor | null;
  /** authorization: seconds until it expires, 1 … 30 days. capture: null. */
  readonly expiresInSeconds: number | null;
  readonly memo: string;
  /** Handle of an exclusive lock that the caller holds on an account of the payment. */
  readonly lockHandle: string | null;
}

/** COMMITTED and ABORTED are final and repeat for good; UNKNOWN asks to be asked again with the same id. */
export type PaymentResult =
  | {
      readonly kind: 'committed';
      readonly txn: TxnId;
      readonly atMs: number;
      readonly body: PaymentBody;
      readonly balances: readonly { readonly account: AccountNumber; readonly balanceMinor: AmountMinor }[];
    }
  | { readonly kind: 'aborted'; readonly txn: TxnId; readonly atMs: number; readonly body: PaymentBody; readonly reason: AbortReason }
  | { readonly kind: 'unknown'; readonly txn: TxnId; readonly message: string };

export interface AccountView {
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly status: AccountStatus;
  readonly owner: string;
  readonly balanceMinor: AmountMinor;
  readonly minimumMinor: AmountMinor;
  /** What authorizations and payments under way have reserved; null at level cached. */
  readonly holdsMinor: AmountMinor | null;
  /** Level uncommitted only. */
  readonly pendingCreditsMinor: AmountMinor | null;
  readonly level: 'committed' | 'uncommitted' | 'cached';
  /** cached: age of the value, ms. */
  readonly ageMs: number | null;
  /** committed: the balance is that of this moment, microseconds since the Unix epoch, and the same for all accounts of the read; null: of none in particular. */
  readonly momentUs: number | null;
  readonly rev: number;
  readonly createdAtMs: number;
  readonly bucket: BucketId;
  readonly leader: RmId | null;
}

export interface PaymentView {
  readonly id: string;
  readonly scope: string;
  readonly txn: TxnId;
  readonly state: TransactionState;
  readonly body: PaymentBody | null;
  readonly reason: AbortReason | null;
  readonly createdAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Its commit time, microseconds since the Unix epoch: the one at which all its legs count (docs/adr/0021). Null unless committed, and where its home gave none. */
  readonly commitUs: number | null;
  readonly timeline: readonly TimelineStep[];
  readonly outcome: OutcomeRow | null;
}

export interface CreateAccountRequest {
  readonly id: string;
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly openingBalanceMinor: AmountMinor;
  readonly minimumMinor: AmountMinor | null;
  readonly owner: string;
}

export interface ListPaymentsRequest {
  readonly account: AccountNumber;
  readonly direction: 'newest-first' | 'oldest-first';
  readonly cursor: string | null;
  readonly limit: number;
  readonly state: TransactionState | null;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

export interface AuditReport {
  /** Everything is compared as of this moment, microseconds since the Unix epoch. */
  readonly momentUs: number;
  /** Of the last good audit: what it had found up to then was not read again; null: everything was read. */
  readonly sinceUs: number | null;
  readonly checks: readonly { readonly name: string; readonly count: number; readonly differences: readonly string[] }[];
  readonly totals: readonly { readonly currency: Currency; readonly issuedMinor: AmountMinor; readonly balancesMinor: AmountMinor }[];
  readonly checksums: readonly ReplicaChecksum[];
  /** What could not be compared, a sentence each: replicas that were away or not read in time. */
  readonly incomplete: readonly string[];
  /** Everything was compared, and nothing differs. */
  readonly consistent: boolean;
}

/** How far an audit has come: of each replica, rows read, and about how many thousandths of all they are. */
export interface AuditProgress {
  readonly momentUs: number;
  readonly replicas: readonly { readonly bucket: BucketId; readonly rm: RmId; readonly rows: number; readonly permille: number }[];
  /** Why nothing is read yet, or not all; empty: nothing is waited for. */
  readonly waitsFor: string;
}

export interface AuditWatch {
  /** Everything is read, also where the last audit of this coordinator was good. */
  readonly isFull: boolean;
  /** Aborted: nobody waits for the report any more. */
  readonly signal: AbortSignal;
  /** At least every other second. */
  onProgress(progress: AuditProgress): void;
}

/** How far the reading of a backup has come, of the replica of each bucket that is read. */
export interface BackupProgress {
  readonly momentUs: number;
  readonly replicas: readonly { readonly bucket: BucketId; readonly rm: RmId; readonly rows: number; readonly isReady: boolean }[];
}

/** What a backup is of. */
export interface BackupTaken {
  /** Everything in it is as of this moment, microseconds since the Unix epoch. */
  readonly momentUs: number;
  readonly clusterId: string;
  /** In the order in which their bytes come; the replica that was read, its rows, and the bytes of a snapshot of them. */
  readonly buckets: readonly { readonly bucket: BucketId; readonly rm: RmId; readonly rows: number; readonly bytes: number }[];
}

export interface BackupWatch {
  /** Aborted: nobody takes it any more. */
  readonly signal: AbortSignal;
  /** At least every other second, until it begins. */
  onProgress(progress: BackupProgress): void;
  /** Once, before the first piece. The next thing is told once this resolves. */
  onBegin(taken: BackupTaken): Promise<void>;
  onPiece(bucket: BucketId, bytes: Uint8Array): Promise<void>;
}

/** A payment without a decision that has no leg prepared anywhere that answers, so that no bucket lists it. */
export interface OpenPayment {
  readonly id: string;
  readonly scope: string;
  readonly txn: TxnId;
  readonly coordinator: string;
  readonly homeBucket: BucketId;
  readonly ageMs: number;
  /** A sentence: what its home says, and which buckets did not answer. */
  readonly home: string;
}

export interface UndecidedReport {
  readonly transactions: readonly {
    readonly bucket: BucketId;
    readonly transaction: UndecidedTransaction;
    /** A sentence: what the home says, and what will happen. */
    readonly home: string;
  }[];
  /** What journals and this coordinator have open beyond these. */
  readonly payments: readonly OpenPayment[];
  /** Buckets that did not answer: legs that are undecided there are not in the list. */
  readonly silent: readonly BucketId[];
}

export interface CoordinatorService {
  createAccount(caller: Caller, request: CreateAccountRequest): Promise<Reply<{ readonly account: AccountView; readonly created: boolean }>>;
  /** At one instant when there are several. */
  /** @param atUs level committed only: as of this moment, microseconds since the Unix epoch; null: now. Several accounts are read at one moment either way. */
  getAccounts(
    caller: Caller,
    numbers: readonly AccountNumber[],
    level: 'committed' | 'uncommitted' | 'cached',
    atUs: number | null,
  ): Promise<Reply<readonly AccountView[]>>;
  listAccounts(
    caller: Caller,
    cursor: string | null,
    limit: number,
  ): Promise<Reply<{ readonly accounts: readonly AccountView[]; readonly nextCursor: string | null }>>;
  changeAccount(
    caller: Caller,
    request: { readonly id: string; readonly number: AccountNumber; readonly change: 'freeze' | 'unfreeze' | 'close' },
  ): Promise<Reply<AccountView>>;
  createPayment(caller: Caller, request: PaymentRequest): Promise<Reply<PaymentResult>>;
  /** Items are independent payments; each gets its own reply, in order. */
  createPayments(caller: Caller, requests: readonly PaymentRequest[]): Promise<readonly Reply<PaymentResult>[]>;
  getPayment(
    caller: Caller,
    payment: { readonly kind: 'id'; readonly id: string } | { readonly kind: 'txn'; readonly txn: TxnId; readonly account: AccountNumber },
  ): Promise<Reply<PaymentView>>;
  listPayments(caller: Caller, request: ListPaymentsRequest): Promise<Reply<{ readonly legs: readonly LegRow[]; readonly nextCursor: string | null }>>;
  /** Operators. The caller's deadline may be Infinity: it takes as long as it takes. */
  audit(caller: Caller, watch: AuditWatch): Promise<Reply<AuditReport>>;
  /** Operators. All buckets at one moment, as bytes; nothing of it is kept here. The caller's deadline may be Infinity. */
  backup(caller: Caller, watch: BackupWatch): Promise<Reply<BackupTaken>>;
  undecided(caller: Caller): Promise<Reply<UndecidedReport>>;
  /** Proposes RESOLVE at the home; obeys what it records. */
  resolve(caller: Caller, txn: TxnId, account: AccountNumber): Promise<Reply<PaymentResult>>;
  /**
   * The disk of this Resource Manager is lost for good: the next new incarnation of it is admitted. The node as recorded.
   * @param ordinal of the incarnation that is meant, so that a repetition changes nothing; null: whichever counts now
   */
  replaceNode(caller: Caller, rm: number, ordinal: number | null): Promise<Reply<ClusterNode>>;
  /** Nodes come and go, replicas move. Where it is refused nothing has changed; what moves by it moves after the answer. */
  orderNodes(caller: Caller, order: NodeOrder): Promise<Reply<OrderedNodes>>;
  clusterStatus(caller: Caller): Promise<
    Reply<{
      readonly placement: PlacementMap;
      readonly replicas: readonly ReplicaStatus[];
      readonly unreachable: readonly RmId[];
      readonly nodes: readonly NodeStatus[];
      readonly coordinator: CoordinatorStatus;
    }>
  >;
}

/** What one coordinator has done since its start. */
export interface CoordinatorStatus {
  readonly id: string;
  readonly uptimeMs: number;
  readonly paymentsInFlight: number;
  readonly committed: number;
  readonly aborted: readonly { readonly reason: string; readonly count: number }[];
  /** Answered without an outcome. */
  readonly unknown: number;
  /** Before anything was done, and ids that were another request's. */
  readonly refused: number;
  /** From request to answer, of those answered with an outcome: how many took longer than the bin before and up to this; null: no end. */
  readonly latency: readonly { readonly upToMs: number | null; readonly count: number }[];
  /** When the first of its certificates ends; null: not known. */
  readonly certificatesEndMs?: number | null;
}

/** How a Resource Manager is, by its own judgement. */
export interface NodeStatus {
  readonly rm: RmId;
  readonly condition: Condition;
  /** When the first of its certificates ends; null: it does not say. */
  readonly certificatesEndMs?: number | null;
}
