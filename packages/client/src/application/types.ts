/** What an application sends and gets: plain objects. Amounts are minor units; names that end in Ms or Us are milliseconds or microseconds since the Unix epoch. */

/** Where the cluster is, and who asks. */
export interface ClientOptions {
  /** host:port of Transaction Managers, tried in order, starting with the last one that answered. */
  readonly addresses: readonly string[];
  /** PEM of the cluster's certificate authority; absent: one that this machine trusts. */
  readonly ca?: string | Uint8Array;
  /** The JWT, or where to get the current one. */
  readonly token: string | (() => string);
  /** For a call as a whole, repetitions included, 1 … 3,600,000; default 15,000. */
  readonly timeoutMs?: number;
  /** Nobody can be reached for so long: give up. Default 3,000: a process that is restarted is back by then. */
  readonly connectPatienceMs?: number;
  /** Connections per address; calls take turns. Default 1. */
  readonly connections?: number;
}

/** How one call differs from the client's others. */
export interface CallOptions {
  /** In place of the client's. */
  readonly timeoutMs?: number;
  /** Ends the call; whether it was carried out all the same, `mayHaveHappened` says. */
  readonly signal?: AbortSignal;
}

/** `committed`: as of one moment; `uncommitted`: with what is under way; `cached`: cheap and a little old. */
export type ReadLevel = 'committed' | 'uncommitted' | 'cached';

/** An account that is to be opened. */
export interface NewAccount {
  /** Of this request, kept for retries. */
  readonly id: string;
  readonly number: string;
  /** Default USD. */
  readonly currency?: string;
  /** Default 0. */
  readonly openingBalanceMinor?: bigint;
  /** Default: the operator's policy. */
  readonly minimumBalanceMinor?: bigint;
  readonly owner?: string;
}

/** An account, and what it has. */
export interface Account {
  readonly number: string;
  readonly currency: string;
  readonly status: string;
  readonly owner: string;
  readonly balanceMinor: bigint;
  readonly minimumMinor: bigint;
  /** What authorizations and payments under way have reserved; null at level cached. */
  readonly holdsMinor: bigint | null;
  /** Level uncommitted only. */
  readonly pendingCreditsMinor: bigint | null;
  /** Level committed: the moment of the balance, the same for all accounts of one read. */
  readonly momentUs: number | null;
  /** Level cached: how old the value is. */
  readonly ageMs: number | null;
  readonly createdAtMs: number;
}

/** An account that is there now. */
export interface OpenedAccount {
  readonly account: Account;
  /** False: a repetition of an earlier request. */
  readonly created: boolean;
  /** The account's own token; null where the server signs none. */
  readonly token: string | null;
  readonly tokenExpiresAtMs: number | null;
}

/** A payment moves money now; an authorization reserves it, a capture takes of it, a void ends it; a refund gives a payment's money back. */
export type PaymentKind = 'payment' | 'authorization' | 'capture' | 'void' | 'refund';

/** Of the same caller by its id, or of any by its txn with an account that has a leg of it. */
export type PaymentReference = { readonly id: string } | { readonly txn: string; readonly account: string };

/** A simple payment names from, to and amountMinor; one with more legs lists them. */
export interface PaymentRequest {
  /** Yours, of this payment: however often it is asked for under its id, it is made once. */
  readonly id: string;
  /** Default `payment`. */
  readonly kind?: PaymentKind;
  readonly from?: string;
  readonly to?: string;
  /** Of a capture or refund: what to take of it; absent takes all. */
  readonly amountMinor?: bigint;
  /** Default USD. */
  readonly currency?: string;
  readonly legs?: readonly RequestedLeg[];
  /** Capture, void, refund: what it builds on. */
  readonly of?: PaymentReference;
  /** Authorization only: 1 … 2,592,000. */
  readonly expiresInSeconds?: number;
  readonly memo?: string;
  /** Of an exclusive lock that the caller holds on an account of the payment. */
  readonly lockHandle?: string;
}

/** What a payment asks of one account. */
export interface RequestedLeg {
  readonly account: string;
  readonly direction: 'debit' | 'credit';
  readonly amountMinor: bigint;
  readonly currency?: string;
}

/** What a payment does to one account. */
export interface Leg {
  readonly account: string;
  readonly effect: 'debit' | 'credit' | 'authorize' | 'capture' | 'void' | 'refund-debit';
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** It is committed, for good. */
export interface PaidPayment {
  readonly id: string;
  /** 64 hexadecimal digits, unique in the cluster. */
  readonly txn: string;
  readonly atMs: number;
  readonly kind: PaymentKind;
  readonly legs: readonly Leg[];
  readonly memo: string;
  /** After it, of the accounts that the caller may read and the answer came by. */
  readonly balances: readonly { readonly account: string; readonly balanceMinor: bigint }[];
}

/** Why a payment was aborted. */
export interface Reason {
  readonly reason: string;
  readonly account: string | null;
  readonly facts: Readonly<Record<string, string>>;
}

/** How a payment stands. */
export interface PaymentStatus {
  readonly id: string;
  readonly txn: string;
  readonly state: 'PENDING' | 'COMMITTED' | 'ABORTED';
  readonly kind: PaymentKind | null;
  readonly legs: readonly Leg[];
  readonly memo: string;
  /** Aborted: why. */
  readonly reason: Reason | null;
  readonly createdAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Committed: the moment at which all its legs count. */
  readonly commitUs: number | null;
}

/** Which movements, and in which order. */
export interface MovementFilter {
  /** Default newest-first. */
  readonly direction?: 'newest-first' | 'oldest-first';
  readonly state?: 'PENDING' | 'COMMITTED' | 'ABORTED';
  /** Inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
}

/** What one payment does to one account. */
export interface Movement {
  readonly account: string;
  /** Of its payment, as its caller chose it. */
  readonly id: string;
  readonly txn: string;
  readonly state: 'PREPARED' | 'COMMITTED' | 'ABORTED';
  readonly effect: Leg['effect'];
  readonly amountMinor: bigint;
  readonly currency: string;
  /** All legs of its payment, this one too; none where only a refusal is left of it. */
  readonly legs: readonly Leg[];
  readonly memo: string;
  readonly reason: Reason | null;
  /** Committed, and the balance has changed. */
  readonly balanceAfterMinor: bigint | null;
  readonly preparedAtMs: number;
  readonly endedAtMs: number | null;
  readonly commitUs: number | null;
}

/** Locks that are to be held, all or none. */
export interface LockRequest {
  /** Names of your own, or numbers of accounts. */
  readonly lockIds: readonly string[];
  /** Default exclusive. */
  readonly mode?: 'shared' | 'exclusive';
  /** How long it is held unless refreshed; default: the server's. */
  readonly holdMs?: number;
  readonly attempts?: number;
  readonly attemptDelayMs?: number;
}

/** Locks that are held, and by which handle. */
export interface HeldLocks {
  readonly handle: string;
  /** `token` rises with each exclusive holder, so that what it guards can refuse an older one. Null: shared. */
  readonly locks: readonly { readonly lockId: string; readonly token: number | null }[];
  readonly holdMs: number;
}
