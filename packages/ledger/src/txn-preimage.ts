/**
 * What SHA-256 is taken of to get a payment's txn: a version, the key, and the body. So two requests with the same id and different
 * bodies never share a leg. Part of the data's identity: pinned by tests, never changed without a new version. Hosts hash; this file
 * only says what is hashed.
 *
 * 1: a JSON text of the body. Minted in clusters that were founded before there was another; for account requests everywhere.
 * 2: the bytes in which the body was sealed. Minted for payments in clusters that were founded since (ADR 14).
 *
 * Unambiguous: a key is `scope NUL id` without another NUL, and what follows it is one body.
 */
import type { PaymentKey } from '@mas/values';
import type { BodyContent, PaymentBody } from './payment-body';

export type TxnVersion = 1 | 2;

export function txnPreimage(version: TxnVersion, key: PaymentKey, body: PaymentBody): string | Uint8Array {
  return version === 1 ? `mas.txn.1\0${key}\0${canonicalText(body)}` : overBytes(`mas.txn.2\0${key}\0`, body.bytes);
}

/** A JSON array in a fixed order, money as decimal strings. Equal bodies give equal texts and only they do. */
export function canonicalText(body: BodyContent): string {
  return JSON.stringify([
    body.kind,
    body.legs.map((leg) => [leg.account, leg.effect, leg.amountMinor.toString(), leg.currency]),
    body.reference === null ? null : [body.reference.key, body.reference.txn],
    body.expiresAtMs,
    body.memo,
  ]);
}

function overBytes(head: string, bytes: Uint8Array): Uint8Array {
  const opening = new TextEncoder().encode(head);
  const whole = new Uint8Array(opening.length + bytes.length);
  whole.set(opening);
  whole.set(bytes, opening.length);
  return whole;
}
