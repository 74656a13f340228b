/**
 * Reads protobuf's binary format in one pass, in the order in which WireWriter writes: a decoder is an object literal
 * whose properties ask for their fields in ascending order, so that it needs no dispatch and forgets no field.
 *
 * 'exact' (in the log, in snapshots, in instructions) accepts the canonical form only: unknown fields, another order,
 * repeated single fields, defaults written out and padded varints are MalformedBytes. A replica that met a field it does
 * not know must stop rather than apply half of what was said. So decode and encode are inverse in both directions.
 * 'open' (what nodes say to each other and nobody keeps) skips fields it does not know, as a newer version may have added
 * them; those it knows are held to the same form. Parts that are kept are read by `exactly`.
 * 'tolerant' (a client reading a newer server's answer) skips fields it does not know, and takes any form.
 */
import {
  MAX_ACCOUNT_NUMBER_LENGTH,
  parseAccountNumber,
  SLOT_COUNT,
  type AccountNumber,
  type BucketId,
  type Currency,
  type PaymentKey,
  type RmId,
  type Slot,
  type TxnId,
} from '@mas/values';
import { ANY_BODIES, CANONICAL_BODIES, type Bodies } from './bodies';
import { FieldReader, type Tolerance } from './field-reader';
import { LENGTH_DELIMITED } from './wire-types';

const MAX_ID = 0xffff;
/** Values of ACCOUNT_BYTES; what may lead may follow too, so they share a bit. */
const MAY_FOLLOW = 2;
const MAY_LEAD = 3;
const ACCOUNT_BYTES = accountBytes();

export type ReadMessage<Value> = (reader: WireReader) => Value;

/** Decodes one whole message. @throws MalformedBytes */
export function readWire<Value>(
  bytes: Uint8Array,
  read: ReadMessage<Value>,
  tolerance: Tolerance = 'exact',
  bodies: Bodies = tolerance === 'tolerant' ? ANY_BODIES : CANONICAL_BODIES,
): Value {
  const reader = new WireReader(bytes, tolerance, bodies);
  const value = read(reader);
  reader.end();
  return value;
}

/** The ids and numbers of this system, minted here from bytes that have been checked. */
export class WireReader extends FieldReader {
  constructor(
    bytes: Uint8Array,
    tolerance: Tolerance,
    readonly bodies: Bodies,
  ) {
    super(bytes, tolerance);
  }

  /** 32 bytes as 64 lower-case hexadecimal digits. */
  txn(field: number): TxnId {
    return this.optionalTxn(field) ?? this.fail(`field ${field} is missing`);
  }

  optionalTxn(field: number): TxnId | null {
    if (!this.take(field, LENGTH_DELIMITED)) return null;
    const end = this.lengthEnd();
    if (end - this.at !== 32) this.fail('a hash has 32 bytes');
    const value = this.buffer.toString('hex', this.at, end) as TxnId;
    this.at = end;
    this.advance();
    return value;
  }

  txns(field: number): TxnId[] {
    const values: TxnId[] = [];
    for (let value = this.optionalTxn(field); value !== null; value = this.optionalTxn(field)) values.push(value);
    return values;
  }

  account(field: number): AccountNumber {
    return this.optionalAccount(field) ?? this.fail(`field ${field} is missing`);
  }

  optionalAccount(field: number): AccountNumber | null {
    if (!this.take(field, LENGTH_DELIMITED)) return null;
    const end = this.lengthEnd();
    const from = this.at;
    let allowed = end - from <= MAX_ACCOUNT_NUMBER_LENGTH && end > from && ACCOUNT_BYTES[this.buffer[from] ?? 0] === MAY_LEAD ? MAY_FOLLOW : 0;
    for (let i = from + 1; i < end; i += 1) allowed &= ACCOUNT_BYTES[this.buffer[i] ?? 0] ?? 0;
    if (allowed === 0) this.fail('not an account number');
    this.at = end;
    this.advance();
    return this.buffer.toString('latin1', from, end) as AccountNumber;
  }

  accounts(field: number): AccountNumber[] {
    const values: AccountNumber[] = [];
    for (let value = this.optionalAccount(field); value !== null; value = this.optionalAccount(field)) values.push(value);
    return values;
  }

  currency(field: number): Currency {
    if (!this.take(field, LENGTH_DELIMITED)) this.fail(`field ${field} is missing`);
    const end = this.lengthEnd();
    const [one, two, three] = [this.letterAt(this.at), this.letterAt(this.at + 1), this.letterAt(this.at + 2)];
    if (end !== this.at + 3) this.fail('not a currency');
    this.at = end;
    this.advance();
    return String.fromCharCode(one, two, three) as Currency;
  }

  /** scope, NUL, id: both present, exactly one NUL. */
  key(field: number): PaymentKey {
    const text = this.text(field);
    const at = text.indexOf('\0');
    if (at < 1 || at === text.length - 1 || text.indexOf('\0', at + 1) !== -1) this.fail('not a payment key');
    return text as PaymentKey;
  }

  slot(field: number): Slot {
    const value = this.uint(field);
    return value < SLOT_COUNT ? (value as Slot) : this.fail('not a slot');
  }

  slots(field: number): Slot[] {
    return this.packedUints(field).map((value) => (value < SLOT_COUNT ? (value as Slot) : this.fail('not a slot')));
  }

  bucket(field: number): BucketId {
    return this.bucketOf(this.uint(field));
  }

  optionalBucket(field: number): BucketId | null {
    const value = this.optionalUint(field);
    return value === null ? null : this.bucketOf(value);
  }

  buckets(field: number): BucketId[] {
    return this.packedUints(field).map((value) => this.bucketOf(value));
  }

  rm(field: number): RmId {
    return this.rmOf(this.uint(field));
  }

  optionalRm(field: number): RmId | null {
    const value = this.optionalUint(field);
    return value === null ? null : this.rmOf(value);
  }

  rms(field: number): RmId[] {
    return this.packedUints(field).map((value) => this.rmOf(value));
  }

  private bucketOf(value: number): BucketId {
    return value <= MAX_ID ? (value as BucketId) : this.fail('not a bucket id');
  }

  private rmOf(value: number): RmId {
    return value >= 1 && value <= MAX_ID ? (value as RmId) : this.fail('not a resource manager id');
  }

  private letterAt(at: number): number {
    const code = this.buffer[at] ?? 0;
    return code >= 0x41 && code <= 0x5a ? code : this.fail('not a currency');
  }
}

/** Which bytes an account number may hold, asked of its parser once. */
function accountBytes(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (parseAccountNumber(character).ok) return MAY_LEAD;
    return parseAccountNumber(`a${character}`).ok ? MAY_FOLLOW : 0;
  });
}
