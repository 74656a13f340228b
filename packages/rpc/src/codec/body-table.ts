/**
 * The bodies that this process has read of late, by txn: a payment's body arrives in several messages, and in a leader also as
 * what its own batch's rows are answered with. It is decoded, and looked at for what is wrong in it, when it comes the first time.
 *
 * What is found is compared byte by byte: a txn in a message is a claim, and whoever makes a wrong one gets the body that he sent.
 * Bodies keep their own copy of their bytes, never a view: else one row would keep a whole request or log entry in memory.
 * Bounded by two generations: when the young one is full it becomes the old one, and what is not asked for meanwhile goes.
 */
import { PaymentBody } from '@mas/ledger';
import type { TxnId } from '@mas/values';
import type { Bodies } from '../wire/bodies';

/** Of one generation: some hundred milliseconds of payments. What is kept longer than a payment takes is moved by the collector, and paid for: 16,384 cost a fifth of all CPU. */
const MAX_BODIES = 2_048;
const MAX_BYTES = 8 * 1024 * 1024;

export class BodyTable implements Bodies {
  private young = new Map<TxnId, PaymentBody>();
  private old = new Map<TxnId, PaymentBody>();
  private youngBytes = 0;

  constructor(
    private readonly maxBodies = MAX_BODIES,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  bodyOf(txn: TxnId, bytes: Uint8Array): PaymentBody {
    const young = this.young.get(txn);
    if (young !== undefined && Buffer.compare(young.bytes, bytes) === 0) return young;
    const old = this.old.get(txn);
    const body = old !== undefined && Buffer.compare(old.bytes, bytes) === 0 ? old : PaymentBody.fromBytes(new Uint8Array(bytes));
    // The first claim stays: another one under the same txn is a rarity, and cannot push it out.
    if (young === undefined) this.keep(txn, body);
    return body;
  }

  /** How many are remembered. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  private keep(txn: TxnId, body: PaymentBody): void {
    if (this.young.size >= this.maxBodies || this.youngBytes + body.bytes.length > this.maxBytes) {
      this.old = this.young;
      this.young = new Map();
      this.youngBytes = 0;
    }
    this.young.set(txn, body);
    this.youngBytes += body.bytes.length;
  }
}
