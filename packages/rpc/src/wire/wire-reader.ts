/**
 * Reads protobuf's binary format in one pass, in the order in which WireWriter writes: a decoder is an object literal
 * whose properties ask for their fields in ascending order, so that it needs no dispatch and forgets no field.
 *
 * 'exact' (between nodes, in the log, in snapshots) accepts the canonical form only: unknown fields, another order,
 * repeated single fields, defaults written out and padded varints are MalformedBytes. A node that met a field it does
 * not know must stop rather than act on half of what was said. So decode and encode are inverse in both directions.
 * 'tolerant' (a client reading a newer server's answer) skips fields it does not know.
 */
import { MAX_ACCOUNT_NUMBER_LENGTH, parseAccountNumber, SLOT_COUNT, type AccountNumber, type BucketId, type Currency, type PaymentKey, type RmId, type Slot, type TxnId } from '@mas/values';
import { MalformedBytes } from './malformed-bytes';
import type { WireEnum } from './wire-enum';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const HIGH_BIT = 0x8000_0000;
const MAX_ID = 0xffff;
/** Values of ACCOUNT_BYTES; what may lead may follow too, so they share a bit. */
const MAY_FOLLOW = 2;
const MAY_LEAD = 3;
const ACCOUNT_BYTES = accountBytes();

export type Tolerance = 'exact' | 'tolerant';
export type ReadMessage<Value> = (reader: WireReader) => Value;

/** Decodes one whole message. @throws MalformedBytes */
export function readWire<Value>(bytes: Uint8Array, read: ReadMessage<Value>, tolerance: Tolerance = 'exact'): Value {
  const reader = new WireReader(bytes, tolerance === 'exact');
  const value = read(reader);
  reader.end();
  return value;
}

export class WireReader {
  private readonly buffer: Buffer;
  private at = 0;
  private limit: number;
  /** Tag of the field at `at` (which is behind it); 0 at the end of the message. */
  private next = 0;

  constructor(
    bytes: Uint8Array,
    private readonly exact: boolean,
  ) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limit = bytes.length;
    this.advance();
  }

  /** What is left must be nothing (or, when tolerant, unknown). */
  end(): void {
    while (this.next !== 0) {
      if (this.exact) this.fail(`field ${this.next >>> 3} is unknown, repeated or out of order`);
      this.skip();
    }
  }

  uint(field: number): number {
    if (!this.take(field, VARINT)) return 0;
    return this.notDefault(this.endUint());
  }

  optionalUint(field: number): number | null {
    return this.take(field, VARINT) ? this.endUint() : null;
  }

  packedUints(field: number): number[] {
    const values: number[] = [];
    if (!this.take(field, LENGTH_DELIMITED)) return values;
    const end = this.lengthEnd();
    if (end === this.at) this.fail('an empty packed list');
    while (this.at < end) values.push(this.varint());
    if (this.at !== end) this.fail('a packed list ends inside a number');
    this.advance();
    return values;
  }

  int64(field: number): bigint {
    if (!this.take(field, VARINT)) return 0n;
    const value = this.bigVarint();
    if (value === 0n && this.exact) this.fail('a default is written out');
    this.advance();
    return value;
  }

  optionalInt64(field: number): bigint | null {
    if (!this.take(field, VARINT)) return null;
    const value = this.bigVarint();
    this.advance();
    return value;
  }

  bool(field: number): boolean {
    if (!this.take(field, VARINT)) return false;
    const value = this.endUint();
    if (value > 1 || (value === 0 && this.exact)) this.fail('a boolean is 1 or absent');
    return value === 1;
  }

  enumeration<Name extends string>(field: number, kinds: WireEnum<Name>): Name {
    return this.optionalEnumeration(field, kinds) ?? this.fail(`field ${field} is missing`);
  }

  optionalEnumeration<Name extends string>(field: number, kinds: WireEnum<Name>): Name | null {
    if (!this.take(field, VARINT)) return null;
    return kinds.names[this.endUint()] ?? this.fail(`field ${field} has an unknown value`);
  }

  optionalDouble(field: number): number | null {
    if (!this.take(field, FIXED64)) return null;
    if (this.at + 8 > this.limit) this.fail('cut short');
    const value = this.buffer.readDoubleLE(this.at);
    this.at += 8;
    this.advance();
    return value;
  }

  fixed32(field: number): number {
    if (!this.take(field, FIXED32)) return 0;
    if (this.at + 4 > this.limit) this.fail('cut short');
    const value = this.buffer.readUInt32LE(this.at);
    this.at += 4;
    this.advance();
    return this.notDefault(value);
  }

  text(field: number): string {
    if (!this.take(field, LENGTH_DELIMITED)) return '';
    const value = this.endText();
    if (value.length === 0 && this.exact) this.fail('a default is written out');
    return value;
  }

  optionalText(field: number): string | null {
    return this.take(field, LENGTH_DELIMITED) ? this.endText() : null;
  }

  texts(field: number): string[] {
    const values: string[] = [];
    while (this.take(field, LENGTH_DELIMITED)) values.push(this.endText());
    return values;
  }

  /** A view of the message's own bytes, not a copy. */
  bytes(field: number): Uint8Array {
    if (!this.take(field, LENGTH_DELIMITED)) return EMPTY;
    const end = this.lengthEnd();
    if (end === this.at && this.exact) this.fail('a default is written out');
    const value = this.buffer.subarray(this.at, end);
    this.at = end;
    this.advance();
    return value;
  }

  message<Value>(field: number, read: ReadMessage<Value>): Value {
    if (!this.take(field, LENGTH_DELIMITED)) this.fail(`field ${field} is missing`);
    return this.nested(read);
  }

  optionalMessage<Value>(field: number, read: ReadMessage<Value>): Value | null {
    return this.take(field, LENGTH_DELIMITED) ? this.nested(read) : null;
  }

  messages<Value>(field: number, read: ReadMessage<Value>): Value[] {
    const values: Value[] = [];
    while (this.take(field, LENGTH_DELIMITED)) values.push(this.nested(read));
    return values;
  }

  /** True iff a message without fields is there. */
  empty(field: number): boolean {
    if (!this.take(field, LENGTH_DELIMITED)) return false;
    this.nested(noFields);
    return true;
  }

  /** The number of the field that comes next, for a oneof; 0 at the end. */
  nextField(): number {
    return this.next >>> 3;
  }

  /** Where the field that comes next has its content: (offset, length) into the bytes, for a message. */
  nestedBytes(): Buffer {
    if ((this.next & 7) !== LENGTH_DELIMITED) this.fail('a message is expected');
    const before = this.at;
    const end = this.lengthEnd();
    const view = this.buffer.subarray(this.at, end);
    this.at = before;
    return view;
  }

  fail(what: string): never {
    throw new MalformedBytes(what, this.at);
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

  bucket(field: number): BucketId {
    const value = this.uint(field);
    return value <= MAX_ID ? (value as BucketId) : this.fail('not a bucket id');
  }

  optionalBucket(field: number): BucketId | null {
    const value = this.optionalUint(field);
    if (value === null) return null;
    return value <= MAX_ID ? (value as BucketId) : this.fail('not a bucket id');
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

  private rmOf(value: number): RmId {
    return value >= 1 && value <= MAX_ID ? (value as RmId) : this.fail('not a resource manager id');
  }

  /** True iff the field is next; then its content is at `at`. */
  private take(field: number, wireType: number): boolean {
    const tag = (field << 3) | wireType;
    if (!this.exact) while (this.next !== 0 && this.next >>> 3 < field) this.skip();
    return this.next === tag;
  }

  private nested<Value>(read: ReadMessage<Value>): Value {
    const end = this.lengthEnd();
    const outer = this.limit;
    this.limit = end;
    this.advance();
    const value = read(this);
    this.end();
    this.limit = outer;
    this.at = end;
    this.advance();
    return value;
  }

  private advance(): void {
    if (this.at === this.limit) {
      this.next = 0;
      return;
    }
    const tag = this.varint();
    if (tag < 8 || tag >= HIGH_BIT) this.fail('not a field');
    this.next = tag;
  }

  private skip(): void {
    switch (this.next & 7) {
      case VARINT:
        this.bigVarint();
        break;
      case FIXED64:
        this.at += 8;
        break;
      case FIXED32:
        this.at += 4;
        break;
      case LENGTH_DELIMITED:
        this.at = this.lengthEnd();
        break;
      default:
        this.fail('an unknown wire type');
    }
    if (this.at > this.limit) this.fail('cut short');
    this.advance();
  }

  private endUint(): number {
    const value = this.varint();
    this.advance();
    return value;
  }

  private notDefault(value: number): number {
    if (value === 0 && this.exact) this.fail('a default is written out');
    return value;
  }

  private endText(): string {
    const start = this.at;
    const end = this.lengthEnd();
    const from = this.at;
    let high = 0;
    for (let i = from; i < end; i += 1) high |= this.buffer[i] ?? 0;
    this.at = end;
    this.advance();
    if (high < 0x80) return this.buffer.toString('latin1', from, end);
    const text = this.buffer.toString('utf8', from, end);
    if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(this.buffer.subarray(from, end))) throw new MalformedBytes('text is not UTF-8', start);
    return text;
  }

  private lengthEnd(): number {
    const end = this.varint() + this.at;
    return end <= this.limit ? end : this.fail('cut short');
  }

  private varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) this.fail('a number beyond 2^53');
      if (byte < 0x80) {
        if (byte === 0) this.fail('a padded number');
        return value;
      }
      scale *= 0x80;
      if (scale > Number.MAX_SAFE_INTEGER) this.fail('a number beyond 2^53');
    }
  }

  /** A signed 64-bit integer. Up to seven bytes fit a double exactly; longer ones take the slow way. */
  private bigVarint(): bigint {
    const start = this.at;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) this.fail('a padded number');
        return BigInt(value);
      }
      scale *= 0x80;
    }
    this.at = start;
    return this.longVarint();
  }

  private longVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 || value >= 1n << 64n) this.fail('not a 64-bit number');
      return BigInt.asIntN(64, value);
    }
    return this.fail('not a 64-bit number');
  }

  private letterAt(at: number): number {
    const code = this.buffer[at] ?? 0;
    return code >= 0x41 && code <= 0x5a ? code : this.fail('not a currency');
  }

  private byte(): number {
    if (this.at >= this.limit) this.fail('cut short');
    return this.buffer[this.at++] ?? this.fail('cut short');
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** Which bytes an account number may hold, asked of its parser once. */
function accountBytes(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (parseAccountNumber(character).ok) return MAY_LEAD;
    return parseAccountNumber(`a${character}`).ok ? MAY_FOLLOW : 0;
  });
}

function noFields(): void {
  // A message without fields: nested() checks that it is empty.
}
