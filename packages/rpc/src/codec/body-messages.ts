/**
 * mas.v1.PaymentBody on the wire: a body's own bytes, as they were sealed (ledger/body-codec.ts). Between nodes, in logs and in
 * snapshots they are read as the canonical form or not at all: one body must not be two transactions.
 */
import { MalformedBody, type PaymentBody } from '@mas/ledger';
import type { TxnId } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

export function writeBody(writer: WireWriter, field: number, body: PaymentBody | null): void {
  if (body !== null) writer.encoded(field, body.bytes);
}

/** @param txn of the payment whose body it is, as the message claims. */
export function readBody(reader: WireReader, field: number, txn: TxnId): PaymentBody {
  return readOptionalBody(reader, field, txn) ?? reader.fail(`field ${field} is missing`);
}

export function readOptionalBody(reader: WireReader, field: number, txn: TxnId): PaymentBody | null {
  const bytes = reader.bytes(field);
  // A body has a kind: none is empty.
  if (bytes.length === 0) return null;
  try {
    return reader.bodies.bodyOf(txn, bytes);
  } catch (error) {
    if (error instanceof MalformedBody) reader.fail(error.message);
    throw error;
  }
}
