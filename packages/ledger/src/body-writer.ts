/** Writes a body's bytes: protobuf's binary format, into a buffer that is large enough from the start. */
import { fitsInt64, invariant } from '@mas/values';

export const VARINT = 0;
export const LENGTH_DELIMITED = 2;
const MAX_VARINT_BYTES = 10;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** What an amount takes with its tag. */
export function moneyBytes(value: bigint): number {
  if (value < 0n || value > MAX_SAFE) return 1 + MAX_VARINT_BYTES;
  let bytes = value === 0n ? 0 : 2;
  for (let rest = Number(value); rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

export class BodyWriter {
  private readonly bytes: Uint8Array;
  private at = 0;

  /** @param mostBytes that will be written. */
  constructor(mostBytes: number) {
    this.bytes = new Uint8Array(mostBytes);
  }

  /** The bytes by themselves: what is kept of a payment for long is no longer than it has to be. */
  finish(): Uint8Array {
    return this.at === this.bytes.length ? this.bytes : this.bytes.slice(0, this.at);
  }

  /** Also 0. */
  uint(field: number, value: number): void {
    this.tag(field, VARINT);
    this.varint(value);
  }

  /** A signed 64-bit integer; 0 is left out. */
  money(field: number, value: bigint): void {
    if (value === 0n) return;
    this.tag(field, VARINT);
    if (value > 0n && value <= MAX_SAFE) return this.varint(Number(value));
    invariant(fitsInt64(value), 'money in a body fits a signed 64-bit integer', { value });
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
    this.bytes[this.at++] = Number(rest);
  }

  /** '' is left out. */
  text(field: number, value: string): void {
    if (value === '') return;
    this.tag(field, LENGTH_DELIMITED);
    const start = this.at;
    this.at = start + 1;
    let isAscii = true;
    for (let i = 0; i < value.length && isAscii; i += 1) {
      const code = value.charCodeAt(i);
      isAscii = code < 0x80;
      this.bytes[this.at++] = code;
    }
    if (!isAscii) {
      invariant(!/\p{Surrogate}/u.test(value), 'text is well-formed Unicode');
      this.at = start + 1 + new TextEncoder().encodeInto(value, this.bytes.subarray(start + 1)).written;
    }
    this.close(start);
  }

  /** 64 hexadecimal digits, as 32 bytes. */
  hash(field: number, hex: string): void {
    this.tag(field, LENGTH_DELIMITED);
    this.bytes[this.at++] = 32;
    for (let i = 0; i < 64; i += 2) this.bytes[this.at++] = Number.parseInt(hex.slice(i, i + 2), 16);
  }

  /** A message begins; `close` is given what this returns. */
  open(field: number): number {
    this.tag(field, LENGTH_DELIMITED);
    return this.at++;
  }

  /** Puts the length before what was written since: one byte is reserved there, a longer one shifts it. */
  close(start: number): void {
    const length = this.at - start - 1;
    if (length < 0x80) {
      this.bytes[start] = length;
      return;
    }
    let extra = 0;
    for (let rest = length; rest > 0x7f; rest >>>= 7) extra += 1;
    this.bytes.copyWithin(start + 1 + extra, start + 1, this.at);
    const end = this.at + extra;
    this.at = start;
    this.varint(length);
    this.at = end;
  }

  private tag(field: number, wireType: number): void {
    this.bytes[this.at++] = (field << 3) | wireType;
  }

  private varint(value: number): void {
    invariant(Number.isSafeInteger(value) && value >= 0, 'a number in a body is an integer from 0 to 2^53-1', { value });
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.bytes[this.at++] = (rest % 0x80) | 0x80;
    this.bytes[this.at++] = rest;
  }
}
