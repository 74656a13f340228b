/**
 * Writes protobuf's binary format, canonically: fields in ascending order (the caller's duty), defaults of implicit
 * fields left out, shortest varints. One growing scratch buffer; finish() copies the message out of it.
 * Not reentrant across finish(): one message at a time per writer.
 */
import { invariant } from '@mas/values';
import { ByteWriter } from './byte-writer';
import type { WireEnum } from './wire-enum';
import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT } from './wire-types';

const MAX_SAFE_BIGINT = BigInt(Number.MAX_SAFE_INTEGER);
/** Longest text that is copied character by character; beyond it the native copy is faster. */
const SHORT_TEXT = 40;

export type WriteMessage<Value> = (writer: WireWriter, value: Value) => void;

export class WireWriter extends ByteWriter {
  /** Unsigned integer up to 2^53 − 1; 0 is left out. */
  uint(field: number, value: number): void {
    if (value !== 0) this.presentUint(field, value);
  }

  optionalUint(field: number, value: number | null): void {
    if (value !== null) this.presentUint(field, value);
  }

  packedUints(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, values, writeBareUints);
  }

  int64(field: number, value: bigint): void {
    if (value !== 0n) this.optionalInt64(field, value);
  }

  optionalInt64(field: number, value: bigint | null): void {
    if (value === null) return;
    this.reserve(16);
    this.tag(field, VARINT);
    if (value >= 0n && value <= MAX_SAFE_BIGINT) this.varint(Number(value));
    else this.bigVarint(value);
  }

  bool(field: number, value: boolean): void {
    if (!value) return;
    this.reserve(8);
    this.tag(field, VARINT);
    this.buffer[this.at++] = 1;
  }

  enumeration<Name extends string>(field: number, kinds: WireEnum<Name>, value: Name): void {
    this.presentUint(field, kinds.codes[value]);
  }

  optionalEnumeration<Name extends string>(field: number, kinds: WireEnum<Name>, value: Name | null): void {
    if (value !== null) this.presentUint(field, kinds.codes[value]);
  }

  optionalDouble(field: number, value: number | null): void {
    if (value === null) return;
    this.reserve(16);
    this.tag(field, FIXED64);
    this.at = this.buffer.writeDoubleLE(value, this.at);
  }

  /** An unsigned 32-bit number in four bytes; 0 is left out. */
  fixed32(field: number, value: number): void {
    if (value === 0) return;
    this.reserve(12);
    this.tag(field, FIXED32);
    this.at = this.buffer.writeUInt32LE(value, this.at);
  }

  text(field: number, value: string): void {
    if (value.length !== 0) this.presentText(field, value);
  }

  optionalText(field: number, value: string | null): void {
    if (value !== null) this.presentText(field, value);
  }

  texts(field: number, values: readonly string[]): void {
    for (const value of values) this.presentText(field, value);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.reserve(16 + value.length);
    this.tag(field, LENGTH_DELIMITED);
    this.varint(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  /** A hash given as 64 lower-case hexadecimal digits, as 32 bytes. */
  hash(field: number, hex: string): void {
    this.reserve(48);
    this.tag(field, LENGTH_DELIMITED);
    this.buffer[this.at++] = 32;
    const written = this.buffer.write(hex, this.at, 32, 'hex');
    invariant(hex.length === 64 && written === 32, 'a hash is 64 hexadecimal digits', { hex });
    this.at += 32;
  }

  optionalHash(field: number, hex: string | null): void {
    if (hex !== null) this.hash(field, hex);
  }

  hashes(field: number, values: readonly string[]): void {
    for (const hex of values) this.hash(field, hex);
  }

  /** A message that is always present, even when all its fields are defaults. */
  message<Value>(field: number, value: Value, write: WriteMessage<Value>): void {
    this.reserve(16);
    this.tag(field, LENGTH_DELIMITED);
    const start = this.at;
    this.at = start + 1;
    write(this, value);
    this.closeLength(start);
  }

  optionalMessage<Value>(field: number, value: Value | null, write: WriteMessage<Value>): void {
    if (value !== null) this.message(field, value, write);
  }

  messages<Value>(field: number, values: readonly Value[], write: WriteMessage<Value>): void {
    for (const value of values) this.message(field, value, write);
  }

  /** A message without fields. */
  empty(field: number): void {
    this.reserve(8);
    this.tag(field, LENGTH_DELIMITED);
    this.buffer[this.at++] = 0;
  }

  /** A message that is already encoded. */
  encoded(field: number, bytes: Uint8Array): void {
    this.reserve(16 + bytes.length);
    this.tag(field, LENGTH_DELIMITED);
    this.varint(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Fields of the current message that are already encoded. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A varint without a tag, for packed lists. */
  bareUint(value: number): void {
    this.reserve(10);
    this.varint(value);
  }

  private presentUint(field: number, value: number): void {
    this.reserve(16);
    this.tag(field, VARINT);
    this.varint(value);
  }

  private presentText(field: number, value: string): void {
    const length = value.length;
    this.reserve(16 + length * 3);
    this.tag(field, LENGTH_DELIMITED);
    const start = this.at;
    if (length <= SHORT_TEXT && this.shortAscii(value)) return;
    this.at = start + 1;
    const written = this.buffer.write(value, this.at, 'utf8');
    if (written !== length) invariant(!/\p{Surrogate}/u.test(value), 'text is well-formed Unicode');
    this.at += written;
    this.closeLength(start);
  }

  private shortAscii(value: string): boolean {
    const buffer = this.buffer;
    let at = this.at;
    buffer[at++] = value.length;
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[at++] = code;
    }
    this.at = at;
    return true;
  }
}

function writeBareUints(writer: WireWriter, values: readonly number[]): void {
  for (const value of values) writer.bareUint(value);
}
