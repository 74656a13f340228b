/** The form of ids, numbers, pages and other scalars in requests. What is wrong is named with its field. */
import { MAX_LOCK_IDS } from '@mas/global-lock';
import { MAX_LOCK_OWNER_LENGTH, MAX_MEMO_LENGTH } from '@mas/ledger';
import type { Reply } from '@mas/transaction-coordinator';
import { MAX_ACCOUNT_NUMBER_LENGTH, MAX_PAYMENT_ID_LENGTH, parseAccountNumber, parsePaymentId, txnId, type AccountNumber, type TxnId } from '@mas/values';
import { accepted, invalid } from '../errors/request-errors';

export const MAX_ACCOUNTS_PER_REQUEST = 1_000;
export const MAX_PAGE_SIZE = 500;
export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_TOKEN_LENGTH = 1024;
const VISIBLE = /^[\x21-\x7e]+$/;

export function validId(id: string, field = 'id'): Reply<string> {
  const parsed = parsePaymentId(id);
  return parsed.ok
    ? parsed
    : invalid(
        'PAYMENT_ID_INVALID',
        field,
        `An id has 1 to ${MAX_PAYMENT_ID_LENGTH} visible ASCII characters without spaces; mint one per request and keep it for retries.`,
      );
}

export function validAccount(number: string, field: string): Reply<AccountNumber> {
  const parsed = parseAccountNumber(number);
  return parsed.ok
    ? parsed
    : invalid(
        'ACCOUNT_NUMBER_INVALID',
        field,
        `An account number has 1 to ${MAX_ACCOUNT_NUMBER_LENGTH} letters, digits or . _ : @ - and starts with a letter or digit.`,
      );
}

export function validAccounts(numbers: readonly string[], field: string): Reply<readonly AccountNumber[]> {
  if (numbers.length === 0) return invalid('ACCOUNTS_MISSING', field, 'Name at least one account.');
  if (numbers.length > MAX_ACCOUNTS_PER_REQUEST)
    return invalid('TOO_MANY_ACCOUNTS', field, `One request names at most ${MAX_ACCOUNTS_PER_REQUEST} accounts; this one names ${numbers.length}.`);
  const valid = new Set<AccountNumber>();
  for (let i = 0; i < numbers.length; i += 1) {
    const number = validAccount(numbers[i] ?? '', `${field}[${i}]`);
    if (!number.ok) return number;
    if (valid.has(number.value)) return invalid('ACCOUNT_REPEATED', `${field}[${i}]`, `Account ${number.value} is named twice.`);
    valid.add(number.value);
  }
  return accepted([...valid]);
}

export function validTxn(txn: string, field: string): Reply<TxnId> {
  return /^[0-9a-f]{64}$/.test(txn) ? accepted(txnId(txn)) : invalid('TXN_INVALID', field, 'A transaction id has 64 lower-case hexadecimal digits.');
}

export function validPageSize(size: number): Reply<number> {
  if (size > MAX_PAGE_SIZE) return invalid('LIMIT_INVALID', 'page_size', `A page has at most ${MAX_PAGE_SIZE} rows.`);
  return accepted(size === 0 ? DEFAULT_PAGE_SIZE : size);
}

export function validPageToken(token: string): Reply<string | null> {
  if (token.length > MAX_PAGE_TOKEN_LENGTH || (token !== '' && !VISIBLE.test(token)))
    return invalid('CURSOR_INVALID', 'page_token', 'The page token does not come from this list; leave it out to start at the beginning.');
  return accepted(token === '' ? null : token);
}

export function validText(text: string, field: string, most: number, reason: string): Reply<string> {
  return text.length <= most && !text.includes('\0') ? accepted(text) : invalid(reason, field, `${field} has at most ${most} characters and no NUL.`);
}

export function validMemo(memo: string, field: string): Reply<string> {
  return validText(memo, field, MAX_MEMO_LENGTH, 'MEMO_TOO_LONG');
}

/** A time in ms since the Unix epoch, or absent. */
export function validTime(time: bigint | undefined, field: string): Reply<number | null> {
  if (time === undefined) return accepted(null);
  return time <= BigInt(Number.MAX_SAFE_INTEGER) ? accepted(Number(time)) : invalid('TIME_INVALID', field, 'A time is in milliseconds since 1970.');
}

export function validLockIds(ids: readonly string[]): Reply<readonly string[]> {
  if (ids.length === 0) return invalid('LOCK_IDS_MISSING', 'lock_ids', 'Name at least one lock.');
  if (ids.length > MAX_LOCK_IDS) return invalid('TOO_MANY_LOCKS', 'lock_ids', `One request names at most ${MAX_LOCK_IDS} locks; this one names ${ids.length}.`);
  for (let i = 0; i < ids.length; i += 1) {
    const valid = validLockId(ids[i] ?? '', `lock_ids[${i}]`);
    if (!valid.ok) return valid;
    if (ids.indexOf(valid.value) !== i) return invalid('LOCK_ID_REPEATED', `lock_ids[${i}]`, `The lock ${valid.value} is named twice.`);
  }
  return accepted(ids);
}

/** The form of account numbers, in both modes: an id has a slot by it, and its lock a bucket. */
export function validLockId(id: string, field: string): Reply<string> {
  return parseAccountNumber(id).ok
    ? accepted(id)
    : invalid(
        'LOCK_ID_INVALID',
        field,
        `A lock id has the form of an account number: 1 to ${MAX_ACCOUNT_NUMBER_LENGTH} letters, digits or . _ : @ - with a letter or digit first.`,
      );
}

export function validHandle(handle: string, required: boolean, field = 'handle'): Reply<string | null> {
  if (handle === '') return required ? invalid('LOCK_HANDLE_MISSING', field, 'Give the handle that AcquireLock answered.') : accepted(null);
  return handle.length <= MAX_LOCK_OWNER_LENGTH && VISIBLE.test(handle)
    ? accepted(handle)
    : invalid('LOCK_HANDLE_INVALID', field, 'This is no handle that AcquireLock answered.');
}
