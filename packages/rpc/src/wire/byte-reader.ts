/**
 * Numbers and lengths of protobuf's binary format, from a range of bytes. Every read is checked against the end of the
 * message that is being read; varints must be of the shortest form.
 */
import { MalformedBytes } from './malformed-bytes';

export class ByteReader {
  protected readonly buffer: Buffer;
  protected at = 0;
  protected limit: number;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limit = bytes.length;
  }

  /** @throws MalformedBytes */
  fail(what: string): never {
    throw new MalformedBytes(what, this.at);
  }

  protected lengthEnd(): number {
    const end = this.varint() + this.at;
    return end <= this.limit ? end : this.fail('cut short');
  }

  protected varint(): number {
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
  protected bigVarint(): bigint {
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

  private byte(): number {
    if (this.at >= this.limit) this.fail('cut short');
    return this.buffer[this.at++] ?? this.fail('cut short');
  }
}
