/** Rows as literals of a multi-row INSERT: ASCII in every case, as a text with anything else in it is written in hexadecimal. */
import { InvariantViolation } from '@mas/values';
import { BACKSLASH, CONTROL, NOT_ASCII, RowWriter, SINGLE_QUOTE, type BulkStatement, type StatementLimits } from './row-writer';

const HEX = /^(?:[0-9a-f]{2})*$/;
const COMMA = 44;
const OPEN = 40;
const CLOSE = 41;
const QUOTE = 39;

export class RowLiterals extends RowWriter {
  private readonly head: string;

  /**
   * @param leading values of the first columns, the same in every row
   * @param tail behind the rows
   * @param awkwardText the literal of a text with other than printable ASCII, a quote or a backslash in it
   */
  constructor(
    table: string,
    columns: readonly string[],
    private readonly leading: readonly number[],
    private readonly tail: string,
    private readonly awkwardText: (bytes: Buffer) => string,
    limits: StatementLimits,
  ) {
    super(limits);
    this.head = `insert into ${table} (${columns.join(',')}) values `;
    this.copy(this.head);
  }

  none(): void {
    this.copy('null');
    this.endValue();
  }

  byteString(hex: string): void {
    if (!HEX.test(hex)) throw new InvariantViolation('a byte string is hexadecimal', { hex });
    this.copy(`x'`);
    this.copy(hex);
    this.copy(`'`);
    this.endValue();
  }

  byteArray(value: Uint8Array): void {
    this.byteString(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex'));
  }

  protected openRow(): void {
    this.reserve(1);
    this.bytes[this.at++] = OPEN;
    for (const value of this.leading) this.integer(value);
  }

  protected closeRow(): void {
    this.bytes[this.at - 1] = CLOSE;
    this.endValue();
  }

  protected endValue(): void {
    this.reserve(1);
    this.bytes[this.at++] = COMMA;
  }

  protected openText(): void {
    this.reserve(1);
    this.bytes[this.at++] = QUOTE;
  }

  protected closeText(start: number, found: number): void {
    if ((found & (CONTROL | BACKSLASH | SINGLE_QUOTE | NOT_ASCII)) === 0) {
      this.reserve(1);
      this.bytes[this.at++] = QUOTE;
      return;
    }
    const literal = this.awkwardText(this.bytes.subarray(start, this.at));
    this.at = start - 1;
    this.copy(literal);
  }

  protected statement(): BulkStatement {
    // One text from one buffer: a text of parts would be put together once more by the driver.
    this.at -= 1;
    this.copy(this.tail);
    const sql = this.bytes.toString('latin1', 0, this.at);
    this.at = 0;
    this.copy(this.head);
    return { sql, parameters: [] };
  }
}
