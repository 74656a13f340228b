/**
 * The fields of one message after the other, nested ones included; see wire-reader.ts for what 'exact', 'open' and
 * 'tolerant' mean. `next` is always the tag of the field whose content starts at `at`.
 */
import { ByteReader } from './byte-reader';
import { MalformedBytes } from './malformed-bytes';
import type { WireEnum } from './wire-enum';
import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT } from './wire-types';

const HIGH_BIT = 0x8000_0000;
const EMPTY: Uint8Array = new Uint8Array(0);

export type Tolerance = 'exact' | 'open' | 'tolerant';

export class FieldReader extends ByteReader {
  /** 0 at the end of the message. */
  private next = 0;
  /** The lowest number that an unknown field may have here, when open: what is below has been read, or passed by. */
  private lowest = 1;
  /** Known fields have one form: defaults are not written. */
  private readonly exact: boolean;
  private skipsUnknown: boolean;
  private readonly isOrdered: boolean;

  constructor(bytes: Uint8Array, tolerance: Tolerance) {
    super(bytes);
    this.exact = tolerance !== 'tolerant';
    this.skipsUnknown = tolerance !== 'exact';
    this.isOrdered = tolerance === 'open';
    this.advance();
  }

  /**
   * `read`, for a nested message that is kept, compared or passed on as it came: nothing in it is skipped, whatever the reader skips
   * elsewhere. Not for a tolerant reader, whose messages nobody keeps.
   */
  static exactly<Reader extends FieldReader, Value>(read: (reader: Reader) => Value): (reader: Reader) => Value {
    return (reader) => {
      const skips = reader.skipsUnknown;
      reader.skipsUnknown = skips && !reader.isOrdered;
      const value = read(reader);
      reader.end();
      reader.skipsUnknown = skips;
      return value;
    };
  }

  /** What is left must be nothing (or, unless exact, unknown). */
  end(): void {
    while (this.next !== 0) {
      if (!this.skipsUnknown) this.fail(`field ${this.next >>> 3} is unknown, repeated or out of order`);
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

  message<Value>(field: number, read: (reader: this) => Value): Value {
    if (!this.take(field, LENGTH_DELIMITED)) this.fail(`field ${field} is missing`);
    return this.nested(read);
  }

  optionalMessage<Value>(field: number, read: (reader: this) => Value): Value | null {
    return this.take(field, LENGTH_DELIMITED) ? this.nested(read) : null;
  }

  messages<Value>(field: number, read: (reader: this) => Value): Value[] {
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

  /** True iff the field is next; then its content is at `at`. */
  protected take(field: number, wireType: number): boolean {
    const tag = (field << 3) | wireType;
    if (this.skipsUnknown) while (this.next !== 0 && this.next >>> 3 < field) this.skip();
    if (this.next === tag) {
      this.lowest = field + 1;
      return true;
    }
    if (this.isOrdered && this.next >>> 3 === field) this.fail(`field ${field} is of another type`);
    return false;
  }

  private nested<Value>(read: (reader: this) => Value): Value {
    const end = this.lengthEnd();
    const { limit, lowest } = this;
    this.limit = end;
    this.lowest = 1;
    this.advance();
    const value = read(this);
    this.end();
    this.limit = limit;
    this.lowest = lowest;
    this.at = end;
    this.advance();
    return value;
  }

  protected advance(): void {
    if (this.at === this.limit) {
      this.next = 0;
      return;
    }
    const tag = this.varint();
    if (tag < 8 || tag >= HIGH_BIT) this.fail('not a field');
    this.next = tag;
  }

  private skip(): void {
    if (this.isOrdered) {
      const field = this.next >>> 3;
      if (field < this.lowest) this.fail(`field ${field} is repeated or out of order`);
      this.lowest = field;
    }
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
}

/** See FieldReader.exactly. */
export const exactly = FieldReader.exactly;

function noFields(): void {
  // A message without fields: nested() checks that it is empty.
}
