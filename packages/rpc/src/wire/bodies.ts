/** How a reader makes bodies of payments out of their bytes; a process that reads many has a table of them (codec/body-table.ts). */
import { decodeBody, PaymentBody } from '@mas/ledger';
import type { TxnId } from '@mas/values';

export interface Bodies {
  /**
   * @param txn of the payment whose body it is, as the message claims.
   * @param bytes may be a view; the body keeps a copy of its own. A view would keep a whole request or log entry in memory as long as a row.
   * @throws MalformedBody
   */
  bodyOf(txn: TxnId, bytes: Uint8Array): PaymentBody;
}

/** The canonical form or none. */
export const CANONICAL_BODIES: Bodies = { bodyOf: (_txn, bytes) => PaymentBody.fromBytes(new Uint8Array(bytes)) };

/** For a client: what a newer server has added to a body is left out. */
export const ANY_BODIES: Bodies = { bodyOf: (_txn, bytes) => PaymentBody.of(decodeBody(bytes, 'any')) };
