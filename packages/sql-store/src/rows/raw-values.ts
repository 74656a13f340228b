/** Reads single values as the drivers give them; what does not fit was not written by us, or the data are damaged. */
import { PaymentBody } from '@mas/ledger';
import { accountNumber, currency, invariant, slot, txnId, type AccountNumber, type Currency, type Slot, type TxnId } from '@mas/values';

export function asInt(value: unknown, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  invariant(typeof number === 'number' && Number.isSafeInteger(number), `${what} is an integer`, { value });
  return number;
}

export function asIntOrNull(value: unknown, what: string): number | null {
  return value === null ? null : asInt(value, what);
}

export function asMoney(value: unknown, what: string): bigint {
  if (typeof value === 'bigint') return value;
  return BigInt(asInt(value, what));
}

export function asText(value: unknown, what: string): string {
  // What holds a NUL lies in SQLite as a byte string.
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('utf8');
  invariant(typeof value === 'string', `${what} is text`, { type: typeof value });
  return value;
}

export function asTextOrNull(value: unknown, what: string): string | null {
  return value === null ? null : asText(value, what);
}

export function asArray(value: unknown, what: string): readonly unknown[] {
  invariant(Array.isArray(value), `${what} is a list`, { type: typeof value });
  return value;
}

export function asBoolean(value: unknown, what: string): boolean {
  invariant(typeof value === 'boolean', `${what} is true or false`, { value });
  return value;
}

/** One of a closed set of words. */
export function asOneOf<Word extends string>(words: readonly Word[], value: unknown, what: string): Word {
  const found = words.find((word) => word === value);
  invariant(found !== undefined, `${what} is one of ${words.join(', ')}`, { value });
  return found;
}

/** Long byte strings lie in the tables as base64: one kind of long column, whatever the driver makes of it. */
export function asBase64OrNull(value: unknown, what: string): Uint8Array | null {
  return value === null ? null : Buffer.from(asText(value, what), 'base64');
}

/** The body's own copy of what a driver gave. */
export function asBody(value: unknown): PaymentBody {
  if (value instanceof ArrayBuffer) return PaymentBody.fromBytes(new Uint8Array(value.slice(0)));
  invariant(value instanceof Uint8Array, 'a body is a byte string', { type: typeof value });
  return PaymentBody.fromBytes(new Uint8Array(value));
}

export function asTxn(value: unknown, what: string): TxnId {
  if (value instanceof ArrayBuffer) return txnId(Buffer.from(value).toString('hex'));
  invariant(value instanceof Uint8Array, `${what} is a byte string`, { type: typeof value });
  return txnId(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex'));
}

export function asAccountNumber(value: unknown): AccountNumber {
  return accountNumber(asText(value, 'account number'));
}

export function asCurrency(value: unknown): Currency {
  return currency(asText(value, 'currency'));
}

export function asSlot(value: unknown): Slot {
  return slot(asInt(value, 'slot'));
}
