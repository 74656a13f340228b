/**
 * Writes protobuf's binary format, canonically: fields in ascending order (the caller's duty), defaults of implicit
 * fields left out, shortest varints. One growing scratch buffer; finish() copies the message out of it.
 * Not reentrant across finish(): one message at a time per writer.
 */
import { invariant } from '@mas/values';
import type { WireEnum } from './wire-enum';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const MAX_SAFE_BIGINT = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
/** Longest text that is copied character by character; beyond it the native copy is faster. */
const SHORT_TEXT = 40;
const INITIAL_BYTES = 4096;
/** A scratch buffer that one huge message has blown up is not kept for the small ones that follow. */
const KEPT_BYTES = 1 << 20;

export type WriteMessage<Value> = (writer: WireWriter, value: Value) => void;

export class WireWriter {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  private at = 0;

  /** The message written since the last finish(), as bytes of its own. */
  finish(): Buffer {
    const bytes = Buffer.allocUnsafe(this.at);
    this.buffer.copy(bytes, 0, 0, this.at);
    this.discard();
    return bytes;
  }

  /** Forgets what was written: after an encoder has thrown half-way. */
  discard(): void {
    this.at = 0;
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  }

  length(): number {
    return this.at;
  }

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

  /** Puts the length before what was written behind `start`; one byte is reserved there, longer ones shift it. */
  private closeLength(start: number): void {
    const length = this.at - start - 1;
    if (length < 0x80) {
      this.buffer[start] = length;
      return;
    }
    const extra = varintBytes(length) - 1;
    this.reserve(extra);
    this.buffer.copyWithin(start + 1 + extra, start + 1, this.at);
    const end = this.at + extra;
    this.at = start;
    this.varint(length);
    this.at = end;
  }

  private tag(field: number, wireType: number): void {
    const tag = (field << 3) | wireType;
    if (tag < 0x80) this.buffer[this.at++] = tag;
    else this.varint(tag);
  }

  private varint(value: number): void {
    const buffer = this.buffer;
    let rest = value;
    if (rest < 0x8000_0000 && rest >= 0) {
      while (rest > 0x7f) {
        buffer[this.at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      buffer[this.at++] = rest;
      return;
    }
    invariant(Number.isSafeInteger(value) && value >= 0, 'a number on the wire is an integer from 0 to 2^53-1', { value });
    while (rest > 0x7f) {
      buffer[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    buffer[this.at++] = rest;
  }

  private bigVarint(value: bigint): void {
    invariant(value >= MIN_INT64 && value <= MAX_INT64, 'money on the wire fits a signed 64-bit integer', { value });
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.at++] = Number(rest);
  }

  private reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    let size = this.buffer.length * 2;
    while (size < needed) size *= 2;
    const larger = Buffer.allocUnsafe(size);
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

function writeBareUints(writer: WireWriter, values: readonly number[]): void {
  for (const value of values) writer.bareUint(value);
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
