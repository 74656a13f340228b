/**
 * What a payment asks for, as values: its kind and its legs. Sealed as a PaymentBody (payment-body.ts) it goes through the
 * system; by itself it is what a request is checked as, and what two bodies are compared by. One account occurs in one leg only.
 */
import type { AccountNumber, AmountMinor, Currency, PaymentKey, TxnId } from '@mas/values';

/** One global transaction carries at most this many legs. */
export const MAX_LEGS = 64;
export const MAX_MEMO_LENGTH = 256;
/** An authorization holds money for 30 days at most. */
export const MAX_EXPIRY_SECONDS = 30 * 24 * 3600;

export type PaymentKind = 'payment' | 'authorization' | 'capture' | 'void' | 'refund';

/**
 * What a leg does to its account:
 * - debit, credit: a payment's two directions;
 * - authorize: reserves the amount until the body's expiry;
 * - capture: debits out of the reservation of the authorization that the body refers to;
 * - void: frees that reservation (amount 0);
 * - refund-debit: a debit of the original's payee, limited by what is left of its leg of the original.
 */
export type LegEffect = 'debit' | 'credit' | 'authorize' | 'capture' | 'void' | 'refund-debit';

export interface LegSpec {
  readonly account: AccountNumber;
  readonly effect: LegEffect;
  /** > 0, except for void: 0. */
  readonly amountMinor: AmountMinor;
  readonly currency: Currency;
}

/** The payment that a capture, void or refund builds on. */
export interface PaymentReference {
  readonly key: PaymentKey;
  readonly txn: TxnId;
}

export interface BodyContent {
  readonly kind: PaymentKind;
  /** 1 … MAX_LEGS, sorted by account number as bytes; money taken equals money given per currency. */
  readonly legs: readonly LegSpec[];
  /** Present for capture, void and refund. */
  readonly reference: PaymentReference | null;
  /** Present for authorization: milliseconds since the Unix epoch. */
  readonly expiresAtMs: number | null;
  /** Free text of the caller, at most MAX_MEMO_LENGTH characters. */
  readonly memo: string;
}
