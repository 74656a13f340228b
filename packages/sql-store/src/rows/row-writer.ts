/**
 * Writes rows as bytes for one bulk statement: the values' common part, in a buffer that grows. How a value is delimited
 * and escaped belongs to the two forms, RowLiterals (INSERT) and LoadLines (LOAD DATA).
 *
 * This is a checkpoint's inner loop, about fifteen values a row and several rows a payment. So nothing is joined, matched
 * by pattern or copied twice: characters go into the buffer as they are, while their classes are gathered; only a text that
 * turns out to hold an awkward one is written again.
 */
import { InvariantViolation } from '@mas/values';

/** Classes of characters and bytes; a text's are their union. */
export const CONTROL = 1;
/** Tab and line feed, beside being control characters. */
export const SEPARATOR = 2;
export const BACKSLASH = 4;
export const SINGLE_QUOTE = 8;
export const DOUBLE_QUOTE = 16;
export const NOT_ASCII = 32;

/** Most checkpoints of a quiet system are this small. */
const FIRST_BYTES = 4 * 1024;
const BILLION = 1_000_000_000;
const DIGIT_ZERO = 48;
const MINUS = 45;
const QUOTE = 34;
/** Of a number below a billion; longer ones are written in parts. */
const MAX_DIGITS = 20;
const MAX_UTF8_BYTES_PER_UNIT = 3;

const CLASS_OF = classTable();

export interface BulkStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A statement ends with the row that reaches one of them. */
export interface StatementLimits {
  readonly rows: number;
  readonly bytes: number;
}

export abstract class RowWriter {
  protected bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  protected at = 0;
  /** Classes in the text that is being written. */
  private found = 0;
  private textStart = 0;
  private rows = 0;

  constructor(private readonly limits: StatementLimits) {}

  /** Ends the value that was written since; the next one begins. */
  protected abstract endValue(): void;
  protected abstract openText(): void;
  /** The text is the bytes from `start` on; `found` are their classes. */
  protected abstract closeText(start: number, found: number): void;
  protected abstract openRow(): void;
  protected abstract closeRow(): void;
  /** The statement with all rows since the last one, of which there is at least one. */
  protected abstract statement(rowCount: number): BulkStatement;

  abstract none(): void;
  /** A byte string given in hexadecimal. */
  abstract byteString(hex: string): void;
  abstract byteArray(value: Uint8Array): void;

  get rowCount(): number {
    return this.rows;
  }

  /** Of the statement so far. */
  get byteCount(): number {
    return this.at;
  }

  /** True once the rows so far should go on their way. */
  get isFull(): boolean {
    return this.rows >= this.limits.rows || this.at >= this.limits.bytes;
  }

  startRow(): void {
    this.openRow();
  }

  endRow(): void {
    this.closeRow();
    this.rows += 1;
  }

  /** What it returns may be used until it is called again. */
  take(): BulkStatement {
    const statement = this.statement(this.rows);
    this.rows = 0;
    return statement;
  }

  integer(value: number): void {
    this.digits(value);
    this.endValue();
  }

  money(value: bigint): void {
    this.bigDigits(value);
    this.endValue();
  }

  /** A text that is too long for its column stops us here rather than by an error in the middle of a batch. */
  text(value: string, maxBytes: number, what: string): void {
    this.beginText();
    this.part(value);
    if (this.at - this.textStart > maxBytes) throw new InvariantViolation(`${what} has at most ${maxBytes} bytes`, { value });
    this.endText();
  }

  /** One of our own words: plain, and short enough for its column. */
  word(value: string): void {
    this.beginText();
    this.part(value);
    this.endText();
  }

  /** A text in parts: `part`, `digits`, `bigDigits` and `jsonText` from here to endText. */
  beginText(): void {
    this.openText();
    this.found = 0;
    this.textStart = this.at;
  }

  endText(): void {
    this.closeText(this.textStart, this.found);
    this.endValue();
  }

  part(text: string): void {
    const start = this.at;
    const found = this.copy(text);
    this.found |= found;
    if ((found & NOT_ASCII) !== 0) this.at = start + this.bytes.write(text, start, 'utf8');
  }

  /** The text as a JSON string. */
  jsonText(text: string): void {
    this.reserve(1);
    const start = this.at;
    this.bytes[this.at++] = QUOTE;
    const found = this.copy(text);
    this.found |= found;
    if ((found & (CONTROL | BACKSLASH | DOUBLE_QUOTE | NOT_ASCII)) === 0) {
      this.bytes[this.at++] = QUOTE;
      return;
    }
    this.at = start;
    this.part(JSON.stringify(text));
  }

  digits(value: number): void {
    if (!Number.isSafeInteger(value)) throw new InvariantViolation('an integer column takes a safe integer', { value });
    this.reserve(MAX_DIGITS);
    let rest = value;
    if (rest < 0) {
      this.bytes[this.at++] = MINUS;
      rest = -rest;
    }
    if (rest >= BILLION) {
      const billions = Math.floor(rest / BILLION);
      this.at = putDigits(this.bytes, this.at, billions, widthOf(billions));
      this.at = putDigits(this.bytes, this.at, rest - billions * BILLION, 9);
    } else this.at = putDigits(this.bytes, this.at, rest, widthOf(rest));
  }

  bigDigits(value: bigint): void {
    // Rounding takes no unsafe bigint to a safe number, and leaves the safe ones as they are.
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.digits(number);
    else this.copy(value.toString());
  }

  protected reserve(byteCount: number): void {
    if (this.at + byteCount <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + byteCount));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }

  /** One byte a character; what that gives is of use only if the classes say that all are ASCII. Leaves room for UTF-8 and a quote. */
  protected copy(text: string): number {
    const { length } = text;
    this.reserve(length * MAX_UTF8_BYTES_PER_UNIT + 1);
    const { bytes } = this;
    let { at } = this;
    let found = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      found |= CLASS_OF[code] ?? NOT_ASCII;
      bytes[at++] = code;
    }
    this.at = at;
    return found;
  }
}

function widthOf(value: number): number {
  let width = 1;
  for (let limit = 10; value >= limit; limit *= 10) width += 1;
  return width;
}

/** `value` is below 2^31. */
function putDigits(bytes: Buffer, at: number, value: number, width: number): number {
  let rest = value | 0;
  for (let i = at + width - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    bytes[i] = DIGIT_ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + width;
}

function classTable(): Uint8Array {
  const classes = new Uint8Array(128);
  classes.fill(CONTROL, 0, 32);
  classes[127] = CONTROL;
  for (const separator of ['\t', '\n']) classes[separator.charCodeAt(0)] = CONTROL | SEPARATOR;
  classes['\\'.charCodeAt(0)] = BACKSLASH;
  classes["'".charCodeAt(0)] = SINGLE_QUOTE;
  classes['"'.charCodeAt(0)] = DOUBLE_QUOTE;
  return classes;
}
