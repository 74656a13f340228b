/**
 * Rows as LOAD DATA LOCAL reads them: a line per row, values apart by tabs, a backslash before what else would be a
 * separator. Character set binary: bytes arrive as they are, a txn as its 32 bytes.
 */
import { InvariantViolation } from '@mas/values';
import { BACKSLASH, RowWriter, SEPARATOR, type BulkStatement, type StatementLimits } from './row-writer';

const TAB = 9;
const LINE_FEED = 10;
const ESCAPE = 92;
/** In the place of a hexadecimal digit's value. */
const NO_DIGIT = 16;
const DIGIT_OF = digitTable();

/** Rows for LOAD DATA LOCAL, in place of a statement's parameters. */
export class LocalRows {
  constructor(
    readonly bytes: Uint8Array,
    readonly rowCount: number,
  ) {}
}

export class LoadLines extends RowWriter {
  private readonly sql: string;
  /** What every row begins with. */
  private readonly opening: Buffer;
  /** Not in use: the statement before the last one is done. Garbage outside of the heap makes the collector look through all of it. */
  private spare: Buffer = Buffer.alloc(0);

  /** @param leading values of the first columns, the same in every row */
  constructor(table: string, columns: readonly string[], leading: readonly number[], limits: StatementLimits) {
    super(limits);
    this.opening = Buffer.from(leading.map((value) => `${value}\t`).join(''), 'latin1');
    // REPLACE: rows that exist take the new values, in place. Without it LOCAL would skip them, with a warning.
    this.sql = `load data local infile 'rows' replace into table ${table} character set binary fields terminated by '\\t' escaped by '\\\\' lines terminated by '\\n' (${columns.join(',')})`;
  }

  none(): void {
    this.copy('\\N');
    this.endValue();
  }

  byteString(hex: string): void {
    this.reserve(hex.length);
    const { bytes } = this;
    let { at } = this;
    let found = hex.length % 2 === 0 ? 0 : NO_DIGIT;
    for (let i = 0; i + 1 < hex.length; i += 2) {
      const high = DIGIT_OF[hex.charCodeAt(i)] ?? NO_DIGIT;
      const low = DIGIT_OF[hex.charCodeAt(i + 1)] ?? NO_DIGIT;
      found |= high | low;
      const byte = (high << 4) | low;
      if (isAwkward(byte)) bytes[at++] = ESCAPE;
      bytes[at++] = byte;
    }
    if (found >= NO_DIGIT) throw new InvariantViolation('a byte string is hexadecimal', { hex });
    this.at = at;
    this.endValue();
  }

  byteArray(value: Uint8Array): void {
    this.reserve(2 * value.length);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < value.length; i++) {
      const byte = value[i] ?? 0;
      if (isAwkward(byte)) bytes[at++] = ESCAPE;
      bytes[at++] = byte;
    }
    this.at = at;
    this.endValue();
  }

  protected openRow(): void {
    const { opening } = this;
    this.reserve(opening.length);
    for (let i = 0; i < opening.length; i++) this.bytes[this.at++] = opening[i] ?? 0;
  }

  protected closeRow(): void {
    this.bytes[this.at - 1] = LINE_FEED;
  }

  protected endValue(): void {
    this.reserve(1);
    this.bytes[this.at++] = TAB;
  }

  protected openText(): void {
    // Nothing stands before a text.
  }

  protected closeText(start: number, found: number): void {
    if ((found & (SEPARATOR | BACKSLASH)) === 0) return;
    let awkward = 0;
    for (let i = start; i < this.at; i++) if (isAwkward(this.bytes[i] ?? 0)) awkward += 1;
    this.reserve(awkward);
    // From the end, so that nothing is overwritten before it has moved.
    let to = this.at + awkward - 1;
    for (let from = this.at - 1; from >= start; from--) {
      const byte = this.bytes[from] ?? 0;
      this.bytes[to--] = byte;
      if (isAwkward(byte)) this.bytes[to--] = ESCAPE;
    }
    this.at += awkward;
  }

  protected statement(rowCount: number): BulkStatement {
    const rows = new LocalRows(this.bytes.subarray(0, this.at), rowCount);
    [this.bytes, this.spare] = [this.spare, this.bytes];
    this.at = 0;
    return { sql: this.sql, parameters: [rows] };
  }
}

function digitTable(): Uint8Array {
  const digits = new Uint8Array(128).fill(NO_DIGIT);
  for (let digit = 0; digit < 16; digit++) {
    for (const text of [digit.toString(16), digit.toString(16).toUpperCase()]) digits[text.charCodeAt(0)] = digit;
  }
  return digits;
}

function isAwkward(byte: number): boolean {
  return byte === TAB || byte === LINE_FEED || byte === ESCAPE;
}
