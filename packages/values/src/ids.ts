/**
 * Identities that more than one package speaks of. Each is branded and minted by its parser here, so that a
 * slot never passes for a bucket. Raft's own numbers (node, term, index) belong to the raft package.
 */
import type { Brand } from './brand';
import { invariant } from './invariant';
import { err, ok, type Result } from './result';

/** Number of slots of the account space; slot = hash(account number) mod SLOT_COUNT. Fixed for the life of a cluster. */
export const SLOT_COUNT = 4096;
/** Slots that go from one bucket to another together (docs/adr/0029): while they do, nobody owns them. */
export const MAX_SLOTS_PER_MOVE = 256;

/** A bucket is one Raft group; its id is the group's id. 0 is the meta group, buckets of accounts start at 1. */
export type BucketId = Brand<number, 'BucketId'>;
/** 0 … SLOT_COUNT-1. */
export type Slot = Brand<number, 'Slot'>;
/** A Resource Manager process, 1 … 65535, unique in the cluster for good. */
export type RmId = Brand<number, 'RmId'>;
/** 1 … 64 visible ASCII characters; compared as bytes. */
export type AccountNumber = Brand<string, 'AccountNumber'>;
/** SHA-256(key, canonical body) of a payment, as 64 lower-case hexadecimal digits. */
export type TxnId = Brand<string, 'TxnId'>;
/** The identity of a caller's request: scope and id. Rendered as `scope` + NUL + `id`; compared as bytes. */
export type PaymentKey = Brand<string, 'PaymentKey'>;

export const MAX_ACCOUNT_NUMBER_LENGTH = 64;
export const MAX_PAYMENT_ID_LENGTH = 128;
const ACCOUNT_NUMBER = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/;
const PAYMENT_ID = /^[\x21-\x7e]{1,128}$/;
const TXN_ID = /^[0-9a-f]{64}$/;

export const MAX_BUCKET_ID = 0xffff;

export function bucketId(value: number): BucketId {
  invariant(Number.isSafeInteger(value) && value >= 0 && value <= MAX_BUCKET_ID, 'bucket id is 0..65535', { value });
  return value as BucketId;
}

export function slot(value: number): Slot {
  invariant(Number.isSafeInteger(value) && value >= 0 && value < SLOT_COUNT, 'slot is 0..4095', { value });
  return value as Slot;
}

export const MAX_RM_ID = 0xffff;

export function rmId(value: number): RmId {
  invariant(Number.isSafeInteger(value) && value >= 1 && value <= MAX_RM_ID, 'rm id is 1..65535', { value });
  return value as RmId;
}

export function txnId(value: string): TxnId {
  invariant(TXN_ID.test(value), 'txn id is 64 lower-case hex digits', { value });
  return value as TxnId;
}

/** Letters, digits and `. _ : @ -`, starting with a letter or digit; a policy may narrow the form further. */
export function parseAccountNumber(text: string): Result<AccountNumber, 'ACCOUNT_NUMBER_INVALID'> {
  return ACCOUNT_NUMBER.test(text) ? ok(text as AccountNumber) : err('ACCOUNT_NUMBER_INVALID');
}

/** @throws InvariantViolation for input that was validated before it got here. */
export function accountNumber(text: string): AccountNumber {
  invariant(ACCOUNT_NUMBER.test(text), 'account number has an invalid form', { text });
  return text as AccountNumber;
}

/** 1 … 128 visible ASCII characters without spaces. */
export function parsePaymentId(text: string): Result<string, 'PAYMENT_ID_INVALID'> {
  return PAYMENT_ID.test(text) ? ok(text) : err('PAYMENT_ID_INVALID');
}

export function paymentKey(scope: string, id: string): PaymentKey {
  invariant(!scope.includes('\0') && !id.includes('\0') && scope.length > 0 && id.length > 0, 'payment key parts are non-empty and hold no NUL');
  return `${scope}\0${id}` as PaymentKey;
}

export function splitPaymentKey(key: PaymentKey): { readonly scope: string; readonly id: string } {
  const at = key.indexOf('\0');
  invariant(at > 0, 'payment key holds a NUL');
  return { scope: key.slice(0, at), id: key.slice(at + 1) };
}
