/**
 * What the four kinds of rows of a bucket's generation have in common: bulk upserts, reads by key, pages in key order.
 * AccountDAO, PaymentDAO, OutcomeDAO and LockDAO add what is particular to each.
 *
 * Bulk statements are written here rather than by the query builder: it costs 1.7 µs a row (PaymentDAO alone writes
 * several rows a payment). Prepared statements are no way out: MySQL describes every parameter of every statement back to
 * the client (measured: 60 µs a row against 5).
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { CompiledQuery, sql, type Kysely } from 'kysely';
import type { BucketId, SlotRange } from '@mas/values';
import type { RowKey } from '../rows/row-key';
import { bySlot } from '../rows/row-order';
import type { RowWriter } from '../rows/row-writer';
import type { RowInSlot, TableText } from '../rows/table-text';
import { GENERATION_TABLES, type Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';
import { integer } from '../sql-dialect';
import type { RawRow } from '../sql-database';

export interface Generation {
  readonly bucket: BucketId;
  readonly generation: number;
}

/** All rows of these slots, of every kind: keys begin with the slot. */
export async function dropSlots(executor: Kysely<Schema>, at: Generation, { from, to }: SlotRange): Promise<void> {
  for (const table of GENERATION_TABLES) {
    await executor
      .deleteFrom(table)
      .where('bucket', '=', at.bucket)
      .where('generation', '=', at.generation)
      .where('slot', '>=', from)
      .where('slot', '<=', to)
      .execute();
  }
}

/** The optimizers of MySQL and MariaDB need more than linear time for more in one WHERE, and at some point drop key parts. */
const MAX_KEYS_PER_SELECT = 250;

/** A millisecond of our thread; then others have it, as a leader answers on it. */
const BYTES_WITHOUT_REST = 128 * 1024;

export class GenerationRows<Row extends RowInSlot> {
  constructor(
    protected readonly executor: Kysely<Schema>,
    protected readonly dialect: SqlDialect,
    protected readonly at: Generation,
    protected readonly text: TableText<Row>,
  ) {}

  /** Absolute values: rows that exist are replaced. */
  async upsert(rows: readonly Row[]): Promise<void> {
    const { keyColumns, columns, table } = this.text;
    const leading = { bucket: this.at.bucket, generation: this.at.generation };
    const writer = this.dialect.upserts({ table, leading, keyColumns: ['slot', ...keyColumns], columns });
    let underWay: Promise<unknown> = Promise.resolve();
    let restedAt = 0;
    for (const row of bySlot(rows)) {
      writer.startRow();
      this.text.write(row, writer);
      writer.endRow();
      if (!writer.isFull) {
        if (writer.byteCount - restedAt < BYTES_WITHOUT_REST) continue;
        restedAt = writer.byteCount;
        await turnOfTheLoop();
        continue;
      }
      restedAt = 0;
      // The next statement's rows are written while the server works on this one.
      await underWay;
      underWay = this.send(writer);
      // Its failure is ours below; should a row be refused before, that is what the caller hears.
      underWay.catch(() => undefined);
      if (this.dialect.blocksThread) await underWay.then(() => turnOfTheLoop());
    }
    await underWay;
    if (writer.rowCount > 0) await this.send(writer);
  }

  /** SELECTs that find the rows with these keys, for one consistent read together with others. */
  lookups(keys: readonly RowKey[]): readonly string[] {
    const names = ['slot', ...this.text.keyColumns];
    const tuples = keys.map((key) => key.map((value) => this.literal(value)));
    return portionsOf(tuples).map((some) => this.dialect.selectByKeys(this.text.table, this.ofGeneration(), names, some));
  }

  async byKeys(keys: readonly RowKey[]): Promise<readonly Row[]> {
    const found: Row[] = [];
    for (const statement of this.lookups(keys)) {
      const { rows } = await this.executor.executeQuery(CompiledQuery.raw(statement));
      found.push(...this.decodeAll(rows as readonly RawRow[]));
    }
    return found;
  }

  /**
   * At most `limit` rows behind the key `after`, in key order.
   * @param among a condition; what does not fulfil it is passed over
   */
  async page(after: RowKey | null, limit: number, among = ''): Promise<readonly Row[]> {
    return this.decodeAll(await this.pageOf(['*'], after, limit, among));
  }

  decodeAll(rows: readonly RawRow[]): readonly Row[] {
    return rows.map((raw) => this.text.decode(raw));
  }

  protected async pageOf(columns: readonly string[], after: RowKey | null, limit: number, among = ''): Promise<readonly RawRow[]> {
    const key = ['slot', ...this.text.keyColumns];
    const behind =
      after === null
        ? ''
        : ` and slot>=${this.literal(after[0] ?? 0)} and ${this.dialect.behind(
            key,
            after.map((value) => this.literal(value)),
          )}`;
    const text = `select ${columns.join(',')} from ${this.text.table}${this.dialect.byPrimaryKey} where ${this.ofGeneration()}${behind}${among === '' ? '' : ` and ${among}`} order by ${key.join(',')} limit ${integer(limit)}`;
    const { rows } = await sql.raw<RawRow>(text).execute(this.executor);
    return rows;
  }

  /** One SELECT for up to MAX_KEYS_PER_SELECT tuples. */
  protected selectsMatching(tuples: readonly (readonly string[])[], condition: (parts: readonly string[]) => string): readonly string[] {
    return portionsOf(tuples).map((some) => this.dialect.selectMatching(this.text.table, this.ofGeneration(), some, condition));
  }

  protected ofGeneration(): string {
    return `bucket=${integer(this.at.bucket)} and generation=${integer(this.at.generation)}`;
  }

  protected literal(value: number | string): string {
    return typeof value === 'number' ? integer(value) : this.dialect.text(value);
  }

  private send(writer: RowWriter): Promise<unknown> {
    const { sql: text, parameters } = writer.take();
    return this.executor.executeQuery(CompiledQuery.raw(text, [...parameters]));
  }
}

function portionsOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / MAX_KEYS_PER_SELECT);
  return Array.from({ length: count }, (_, at) => items.slice(at * MAX_KEYS_PER_SELECT, (at + 1) * MAX_KEYS_PER_SELECT));
}
