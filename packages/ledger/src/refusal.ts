/**
 * Every way in which a bucket says no, by name. Names are part of the public interface: they travel to clients as
 * google.rpc.ErrorInfo reasons and as the reason of an ABORTED payment, and are never renamed.
 */
import type { AccountNumber } from '@mas/values';

/** In the order in which the checks are made; see checks.ts. */
export const REFUSAL_NAMES = [
  'NOT_AUTHORIZED',
  'LOCK_TOKEN_STALE',
  'ACCOUNT_NOT_FOUND',
  'ACCOUNT_CLOSED',
  'ACCOUNT_FROZEN',
  'CURRENCY_MISMATCH',
  'AMOUNT_ABOVE_MAXIMUM',
  'AUTHORIZATION_NOT_FOUND',
  'AUTHORIZATION_NOT_OPEN',
  'AUTHORIZATION_EXPIRED',
  'CAPTURE_EXCEEDS_AUTHORIZATION',
  'ORIGINAL_NOT_FOUND',
  'ORIGINAL_NOT_COMMITTED',
  'REFUND_EXCEEDS_PAYMENT',
  'INSUFFICIENT_FUNDS',
  'HOLDS_OVERFLOW',
  'BALANCE_OVERFLOW',
  'ACCOUNT_EXISTS',
  'ACCOUNT_NUMBER_REFUSED',
  'OPENING_BALANCE_BELOW_MINIMUM',
  'ACCOUNT_NOT_EMPTY',
  'ACCOUNT_NOT_FROZEN',
  'LOCK_HELD',
  'LOCK_NOT_OWNED',
  'BUCKET_FULL',
  'TOO_MANY_LOCK_HOLDERS',
] as const;

export type RefusalName = (typeof REFUSAL_NAMES)[number];

export interface Refusal {
  readonly name: RefusalName;
  /** The account it is about, where there is one. */
  readonly account: AccountNumber | null;
  /** What a person needs to act on it, for example `{ available: "3.00", needed: "50.00" }`; decided in the bucket, so equal on all replicas. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Reasons that a coordinator or a resolver, rather than a bucket's check, gives for an ABORTED payment. */
export const COORDINATOR_REASON_NAMES = [
  'LOCK_TIMEOUT',
  'DEADLINE_EXCEEDED',
  'PARTICIPANT_UNAVAILABLE',
  'CANCELLED',
  'ABANDONED',
  'ID_CONFLICT',
  'LEG_NOT_PREPARED',
] as const;

export type CoordinatorReasonName = (typeof COORDINATOR_REASON_NAMES)[number];

/** Why a payment was aborted: recorded at its home and answered to every retry. */
export interface AbortReason {
  readonly name: RefusalName | CoordinatorReasonName;
  readonly account: AccountNumber | null;
  readonly facts: Readonly<Record<string, string>>;
}
