/**
 * Reads a body's bytes: protobuf's binary format. `exact` takes the canonical form only: fields ascending and known, defaults left
 * out, shortest numbers; else any rendering is taken, and what is not known is skipped.
 */
import { LENGTH_DELIMITED, VARINT } from './body-writer';

/** Bytes that are no body, or not as they must be written. Damage or another program's; the sender hears it, a log stops at it. */
export class MalformedBody extends Error {
  readonly kind = 'malformed-body';

  constructor(message: string) {
    super(message);
    this.name = 'MalformedBody';
  }
}

const FIXED64 = 1;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;
/** Of 7 bits each: below 2^53 for certain, and at most. */
const SHORT_VARINT_BYTES = 7;
const SAFE_VARINT_BYTES = 8;
/** Longer texts are left to the platform. */
const SHORT_TEXT_BYTES = 64;
const HASH_BYTES = 32;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

export class BodyReader {
  private at = 0;
  private limit: number;
  private wireType = VARINT;
  /** Of the message that is being read. */
  private field = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly exact: boolean,
  ) {
    this.limit = bytes.length;
  }

  /**
   * The number of the next field, whose content has to be read or skipped then; 0 at the end of the message.
   * @param repeats the field that may occur more than once.
   */
  next(repeats = 0): number {
    if (this.at === this.limit) return 0;
    const tag = this.safeVarint();
    const field = Math.floor(tag / 8);
    if (field === 0) throw new MalformedBody('not a field');
    if (this.exact && (field < this.field || (field === this.field && field !== repeats))) throw notCanonical();
    this.field = field;
    this.wireType = tag % 8;
    return field;
  }

  uint(): number {
    this.expect(VARINT);
    return this.safeVarint();
  }

  money(): bigint {
    this.expect(VARINT);
    const value = this.isShort() ? BigInt(this.safeVarint()) : BigInt.asIntN(64, this.varint());
    if (this.exact && value === 0n) throw notCanonical();
    return value;
  }

  text(): string {
    const start = this.contentStart();
    const end = this.at;
    if (this.exact && start === end) throw notCanonical();
    if (end - start <= SHORT_TEXT_BYTES) {
      let text = '';
      let i = start;
      for (let byte = this.bytes[i] ?? 0; i < end && byte < 0x80; byte = this.bytes[++i] ?? 0) text += ASCII[byte] ?? '';
      if (i === end) return text;
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes.subarray(start, end));
    } catch {
      throw new MalformedBody('text is not UTF-8');
    }
  }

  /** As 64 hexadecimal digits. */
  hash(): string {
    const start = this.contentStart();
    if (this.at - start !== HASH_BYTES) throw new MalformedBody('a hash has 32 bytes');
    let hex = '';
    for (let i = start; i < this.at; i += 1) hex += HEX[this.bytes[i] ?? 0] ?? '';
    return hex;
  }

  message<Value>(read: (reader: this) => Value): Value {
    const start = this.contentStart();
    const { at: end, limit, field } = this;
    this.at = start;
    this.limit = end;
    this.field = 0;
    const value = read(this);
    this.limit = limit;
    this.field = field;
    return value;
  }

  /** Of a later version. */
  skip(): void {
    if (this.exact) throw notCanonical();
    if (this.wireType === VARINT) this.varint();
    else if (this.wireType === LENGTH_DELIMITED) this.contentStart();
    else if (this.wireType === FIXED64) this.at += 8;
    else if (this.wireType === FIXED32) this.at += 4;
    else throw new MalformedBody('an unknown wire type');
    if (this.at > this.limit) throw new MalformedBody('cut short');
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) throw new MalformedBody('a field of another type');
  }

  /** Goes to the content's end. @returns where it starts. */
  private contentStart(): number {
    this.expect(LENGTH_DELIMITED);
    const length = this.safeVarint();
    if (length > this.limit - this.at) throw new MalformedBody('cut short');
    const start = this.at;
    this.at += length;
    return start;
  }

  /** Up to 2^53 − 1, without a bigint in between. */
  private safeVarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < SAFE_VARINT_BYTES; i += 1, scale *= 0x80) {
      if (this.at >= this.limit) throw new MalformedBody('cut short');
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (this.exact && byte === 0 && i > 0) throw notCanonical();
      if (value <= Number.MAX_SAFE_INTEGER) return value;
    }
    throw new MalformedBody('a number is too large');
  }

  /** Whether the varint that follows is one of those that safeVarint reads. */
  private isShort(): boolean {
    for (let i = this.at; i < this.at + SHORT_VARINT_BYTES && i < this.limit; i += 1) if ((this.bytes[i] ?? 0) < 0x80) return true;
    return false;
  }

  private varint(): bigint {
    let value = 0n;
    for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
      if (this.at >= this.limit) throw new MalformedBody('cut short');
      const byte = this.bytes[this.at++] ?? 0;
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte >= 0x80) continue;
      // The last of ten has room for one bit.
      if (this.exact && (byte === 0 || (i === MAX_VARINT_BYTES - 1 && byte > 1))) throw notCanonical();
      return value;
    }
    throw new MalformedBody('a number is too long');
  }
}

function notCanonical(): MalformedBody {
  return new MalformedBody('not the canonical form of a payment body');
}
