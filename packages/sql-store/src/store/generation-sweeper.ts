/**
 * Removes rows of generations that no longer count (replaced, abandoned or dropped), in small deletes with pauses, behind
 * everybody's back. It needs no lock: a generation number that is below generation_seq, is not the current one and is not
 * being installed by this process can never become current, because numbers are given out once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { BucketId, Logger } from '@mas/values';
import { BucketMetaDAO, type MetaRow } from '../dao/bucket-meta-dao';
import { asInt } from '../rows/raw-values';
import { GENERATION_TABLES } from '../schema/schema';
import { integer } from '../sql-dialect';
import type { SqlDatabase } from '../sql-database';
import { answered } from './sql-transaction';

const ROWS_PER_DELETE = 1_000;
const PAUSE_MS = 5;

export class GenerationSweeper {
  private readonly running = new Map<BucketId, Promise<void>>();
  private readonly askedAgain = new Set<BucketId>();
  /** Generations that somebody reads or writes, by bucket. */
  private readonly inUse = new Map<BucketId, Map<number, number>>();
  private stopped = false;

  constructor(
    private readonly database: SqlDatabase,
    private readonly logger: Logger,
  ) {}

  /** Keeps a generation from being removed until the function that is returned is called. */
  protect(bucket: BucketId, generation: number): () => void {
    const users = this.inUse.get(bucket) ?? new Map<number, number>();
    this.inUse.set(bucket, users);
    users.set(generation, (users.get(generation) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = (users.get(generation) ?? 1) - 1;
      if (left === 0) users.delete(generation);
      else users.set(generation, left);
    };
  }

  /** Starts in the background; one sweep per bucket at a time. `writerEpoch`: stop once somebody else owns the bucket. */
  start(bucket: BucketId, writerEpoch: number): void {
    if (this.stopped) return;
    if (this.running.has(bucket)) {
      this.askedAgain.add(bucket);
      return;
    }
    const sweep = this.sweep(bucket, writerEpoch)
      .catch((error: unknown) => this.logger.warn({ bucket, err: error }, 'old rows stay until the bucket is opened again'))
      .then(() => {
        this.running.delete(bucket);
        if (this.askedAgain.delete(bucket)) this.start(bucket, writerEpoch);
      });
    this.running.set(bucket, sweep);
  }

  /** Resolves when nothing is being swept. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.askedAgain.clear();
    await this.idle();
  }

  private async sweep(bucket: BucketId, writerEpoch: number): Promise<void> {
    for (;;) {
      if (this.stopped) return;
      const row = await answered(this.database, `sweep of bucket ${bucket}`, () => new BucketMetaDAO(this.database.bulk, this.database.dialect, bucket).find());
      if (row === null || row.writerEpoch !== writerEpoch) return;
      if (!(await this.removeSome(bucket, row))) return;
      await delay(PAUSE_MS);
    }
  }

  /** False when there was nothing to remove. */
  private async removeSome(bucket: BucketId, row: MetaRow): Promise<boolean> {
    const kept = [row.generation, ...(this.inUse.get(bucket)?.keys() ?? [])];
    for (const table of GENERATION_TABLES) {
      const { min } = this.database.bulk.fn;
      const oldest = await answered(this.database, 'sweep', () =>
        this.database.bulk
          .selectFrom(table)
          .select(min('generation').as('generation'))
          .where('bucket', '=', bucket)
          .where('generation', 'not in', kept)
          .where('generation', '<=', row.generationSeq)
          .executeTakeFirst(),
      );
      if (oldest?.generation === null || oldest === undefined) continue;
      const condition = `bucket=${integer(bucket)} and generation=${integer(asInt(oldest.generation, 'generation'))}`;
      const text = this.database.dialect.deleteSome(table, condition, ROWS_PER_DELETE);
      await answered(this.database, 'sweep', () => sql.raw(text).execute(this.database.bulk));
      return true;
    }
    return false;
  }
}
