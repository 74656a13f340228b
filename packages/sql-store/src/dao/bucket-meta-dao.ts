/** BucketMetaDAO: who may write a bucket's rows, which generation of them counts, and where they stand in the log. */
import { sql, type Kysely } from 'kysely';
import type { BucketMeta } from '@mas/ledger';
import type { ConfState } from '@mas/raft';
import type { Checkpoint, Position } from '@mas/resource-manager';
import { bucketId, type BucketId } from '@mas/values';
import { bucketMeta, coldConfState, metaColumns, warmConfState } from '../rows/meta-values';
import { asBase64OrNull, asInt } from '../rows/raw-values';
import type { Schema } from '../schema/schema';
import type { RawRow } from '../sql-database';
import { integer, type SqlDialect } from '../sql-dialect';

export interface MetaRow {
  readonly writerEpoch: number;
  readonly dropped: boolean;
  readonly generation: number;
  readonly generationSeq: number;
  readonly applied: Position;
  readonly raw: RawRow;
}

export class BucketMetaDAO {
  constructor(
    private readonly executor: Kysely<Schema>,
    private readonly dialect: SqlDialect,
    private readonly bucket: BucketId,
  ) {}

  static async hosted(executor: Kysely<Schema>): Promise<readonly BucketId[]> {
    const rows = await executor.selectFrom('bucket_meta').select('bucket').where('dropped', '=', 0).orderBy('bucket').execute();
    return rows.map((row) => bucketId(asInt(row.bucket, 'bucket')));
  }

  /** SELECT of the row, for one consistent read together with the bucket's rows. */
  static lookup(bucket: BucketId): string {
    return `select * from bucket_meta where bucket=${integer(bucket)}`;
  }

  static decode(raw: RawRow): MetaRow {
    return {
      writerEpoch: asInt(raw['writer_epoch'], 'writer epoch'),
      dropped: asInt(raw['dropped'], 'dropped') === 1,
      generation: asInt(raw['generation'], 'generation'),
      generationSeq: asInt(raw['generation_seq'], 'generation seq'),
      applied: { index: asInt(raw['applied_index'], 'applied index'), term: asInt(raw['applied_term'], 'applied term') },
      raw,
    };
  }

  /** Only the opener of a bucket needs the rest of the row. */
  static checkpointOf(row: MetaRow): Checkpoint {
    return {
      applied: row.applied,
      confState: warmConfState(row.raw['conf_state']),
      meta: bucketMeta(row.raw),
      blob: asBase64OrNull(row.raw['group_state'], 'group state'),
    };
  }

  /** A bucket that has never been here gets its row; writers of the same bucket wait for one another from here on. */
  async createIfAbsent(): Promise<void> {
    const columns = 'bucket,writer_epoch,dropped,generation,generation_seq,applied_index,applied_term,stamp_ms,rev,lock_seq,epoch,account_count';
    const text = `${this.dialect.insertIfAbsent} bucket_meta (${columns}) values (${integer(this.bucket)},0,1,1,1,0,0,0,0,0,0,0)`;
    await sql.raw(text).execute(this.executor);
  }

  /** Locks the row until the SQL transaction ends. */
  async lock(): Promise<MetaRow | null> {
    return this.read(this.dialect.forUpdate);
  }

  async find(): Promise<MetaRow | null> {
    return this.read('');
  }

  async raiseWriterEpoch(from: MetaRow): Promise<MetaRow> {
    await this.executor
      .updateTable('bucket_meta')
      .set({ writer_epoch: from.writerEpoch + 1, dropped: 0 })
      .where('bucket', '=', this.bucket)
      .execute();
    return { ...from, writerEpoch: from.writerEpoch + 1, dropped: false };
  }

  /** @param blob undefined: as it is. */
  async setCheckpoint(applied: Position, confState: ConfState | null, meta: BucketMeta | null, blob: Uint8Array | null | undefined): Promise<void> {
    await this.executor
      .updateTable('bucket_meta')
      .set({
        applied_index: applied.index,
        applied_term: applied.term,
        conf_state: confState === null ? null : coldConfState(confState),
        ...(meta === null ? { detail: null } : metaColumns(meta)),
        ...(blob === undefined ? {} : { group_state: blob === null ? null : Buffer.from(blob).toString('base64') }),
      })
      .where('bucket', '=', this.bucket)
      .execute();
  }

  async setGeneration(generation: number): Promise<void> {
    await this.executor.updateTable('bucket_meta').set({ generation }).where('bucket', '=', this.bucket).execute();
  }

  /** Gives out a generation number. */
  async nextGeneration(row: MetaRow): Promise<number> {
    const generation = row.generationSeq + 1;
    await this.executor.updateTable('bucket_meta').set({ generation_seq: generation }).where('bucket', '=', this.bucket).execute();
    return generation;
  }

  /** Turns the page: no rows, no writer that was there before. */
  async drop(row: MetaRow): Promise<void> {
    const generation = await this.nextGeneration(row);
    await this.setGeneration(generation);
    await this.setCheckpoint({ index: 0, term: 0 }, null, null, null);
    await this.executor
      .updateTable('bucket_meta')
      .set({ writer_epoch: row.writerEpoch + 1, dropped: 1 })
      .where('bucket', '=', this.bucket)
      .execute();
  }

  private async read(suffix: string): Promise<MetaRow | null> {
    const { rows } = await sql.raw<RawRow>(BucketMetaDAO.lookup(this.bucket) + suffix).execute(this.executor);
    const [raw] = rows;
    return raw === undefined ? null : BucketMetaDAO.decode(raw);
  }
}
