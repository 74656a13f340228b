/** The growing scratch buffer behind WireWriter: numbers in their shortest form, lengths put before what they measure. */
import { invariant } from '@mas/values';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const INITIAL_BYTES = 4096;
/** A scratch buffer that one huge message has blown up is not kept for the small ones that follow. */
const KEPT_BYTES = 1 << 20;

/** Four bytes of seven bits. */
const LOW_HALF = 2 ** 28;

export class ByteWriter {
  protected buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  protected at = 0;

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

  /** Puts the length before what was written behind `start`; one byte is reserved there, longer ones shift it. */
  protected closeLength(start: number): void {
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

  protected tag(field: number, wireType: number): void {
    const tag = (field << 3) | wireType;
    if (tag < 0x80) this.buffer[this.at++] = tag;
    else this.varint(tag);
  }

  protected varint(value: number): void {
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
    // In two halves that are small integers each: moments are of this size, several in every payment.
    const low = value % LOW_HALF;
    rest = (value - low) / LOW_HALF;
    buffer[this.at++] = (low & 0x7f) | 0x80;
    buffer[this.at++] = ((low >>> 7) & 0x7f) | 0x80;
    buffer[this.at++] = ((low >>> 14) & 0x7f) | 0x80;
    buffer[this.at++] = (low >>> 21) | 0x80;
    while (rest > 0x7f) {
      buffer[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.at++] = rest;
  }

  protected bigVarint(value: bigint): void {
    invariant(value >= MIN_INT64 && value <= MAX_INT64, 'money on the wire fits a signed 64-bit integer', { value });
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.at++] = Number(rest);
  }

  protected reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    let size = this.buffer.length * 2;
    while (size < needed) size *= 2;
    const larger = Buffer.allocUnsafe(size);
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
