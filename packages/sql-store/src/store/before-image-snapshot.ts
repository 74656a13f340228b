/**
 * A snapshot on the one connection of the embedded database, while checkpoints go on. No read view exists there, so the
 * store keeps what a checkpoint is about to overwrite: for every key that an open snapshot has not passed yet, the row as
 * it was, or that there was none. A page is then the table's rows with these before-images laid over them.
 *
 * Why not the simpler ways: holding checkpoints back for as long as a slow receiver reads would fill the backlog and stop
 * the bucket; copying the bucket first would stop the thread.
 *
 * Pages and checkpoints exclude one another by the connection's mutex; `passed` moves while a page still holds it.
 *
 * The database works on our own thread, and nothing of it waits for I/O: without a turn of the event loop between pages a large bucket
 * would be read in one piece, and its process would be silent for seconds.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { lockKey } from '@mas/ledger';
import type { Kysely } from 'kysely';
import type { Checkpoint, CheckpointBatch, SnapshotChunk, SnapshotReader } from '@mas/resource-manager';
import { StoreUnavailable } from '@mas/resource-manager';
import { SLOT_COUNT, type SlotRange } from '@mas/values';
import { BucketMetaDAO } from '../dao/bucket-meta-dao';
import type { Generation } from '../dao/generation-rows';
import { compareKeys, nameOfKey, type RowKey } from '../rows/row-key';
import type { Schema } from '../schema/schema';
import type { SqlDatabase } from '../sql-database';
import { integer } from '../sql-dialect';
import { changedSince, chunkOf, ROWS_PER_CHUNK, rowsOf, SNAPSHOT_KINDS, textOf, type SnapshotKind, type SnapshotRow } from './snapshot-kinds';
import { answered, unavailable } from './sql-transaction';
import { requireWriter, type Fence } from './writer-fence';

/** A snapshot that is outrun by this many changed rows gives up rather than fill the memory; the receiver asks again. */
const MAX_BEFORE_IMAGES = 200_000;

interface BeforeImage {
  readonly key: RowKey;
  /** Null: there was no such row. */
  readonly row: SnapshotRow | null;
}

/** The open snapshots of one bucket. */
export class BeforeImageSnapshots {
  private readonly open = new Set<BeforeImageSnapshot>();

  constructor(private readonly database: SqlDatabase) {}

  /** `protect` keeps the generation's rows from being swept while the snapshot is open. @throws StoreUnavailable, WriterFenced */
  async start(fence: Fence, protect: (generation: number) => () => void): Promise<SnapshotReader> {
    const what = `snapshot of bucket ${fence.bucket}`;
    return answered(this.database, what, () =>
      this.database.bulk.connection().execute(async (connection) => {
        const row = requireWriter(fence, await new BucketMetaDAO(connection, this.database.dialect, fence.bucket).find());
        const at = { bucket: fence.bucket, generation: row.generation };
        const release = protect(row.generation);
        const snapshot: BeforeImageSnapshot = new BeforeImageSnapshot(this.database, at, BucketMetaDAO.checkpointOf(row), what, () => {
          this.open.delete(snapshot);
          release();
        });
        this.open.add(snapshot);
        return snapshot;
      }),
    );
  }

  /** Called inside a checkpoint's SQL transaction before it writes. */
  async preserve(executor: Kysely<Schema>, at: Generation, batch: CheckpointBatch): Promise<void> {
    for (const snapshot of this.open) {
      if (snapshot.at.generation !== at.generation) continue;
      for (const slots of batch.droppedSlots) for (const kind of SNAPSHOT_KINDS) await snapshot.preserveSlots(executor, kind, slots);
      await snapshot.preserve(executor, 'accounts', batch.accounts);
      await snapshot.preserve(executor, 'legs', batch.legs);
      await snapshot.preserve(executor, 'outcomes', batch.outcomes);
      await snapshot.preserveKeys(
        executor,
        'locks',
        [...batch.locks.map((lock) => ({ slot: lock.slot, key: lockKey(lock) })), ...batch.removedLocks].map(({ slot, key }) => [slot, key]),
      );
    }
  }
}

/** By slot, then by key: keys begin with the slot, so that a page looks at the slots that it covers and at no others. */
type Images = Map<number, Map<string, BeforeImage>>;

class BeforeImageSnapshot implements SnapshotReader {
  private readonly images = new Map<SnapshotKind, Images>(SNAPSHOT_KINDS.map((kind) => [kind, new Map()]));
  private imageCount = 0;
  /** The last key given out, per kind; `all` once the kind is finished. */
  private readonly passed = new Map<SnapshotKind, RowKey | 'all' | null>(SNAPSHOT_KINDS.map((kind) => [kind, null]));
  private state: 'open' | 'outrun' | 'closed' = 'open';

  constructor(
    private readonly database: SqlDatabase,
    readonly at: Generation,
    readonly checkpoint: Checkpoint,
    private readonly what: string,
    private readonly onClose: () => void,
  ) {}

  async *chunks(kinds = SNAPSHOT_KINDS, sinceMs: number | null = null): AsyncIterable<SnapshotChunk> {
    for (const kind of kinds) {
      while (this.passed.get(kind) !== 'all') {
        await turnOfTheLoop();
        const rows = await this.page(kind, changedSince(kind, sinceMs));
        if (rows.length > 0) yield chunkOf(kind, rows);
      }
    }
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.end('closed');
    return Promise.resolve();
  }

  async preserve(executor: Kysely<Schema>, kind: SnapshotKind, rows: readonly SnapshotRow[]): Promise<void> {
    await this.preserveKeys(
      executor,
      kind,
      rows.map((row) => textOf(kind).keyOf(row)),
    );
  }

  async preserveKeys(executor: Kysely<Schema>, kind: SnapshotKind, keys: readonly RowKey[]): Promise<void> {
    const passed = this.passed.get(kind) ?? null;
    if (this.state !== 'open' || passed === 'all') return;
    const fresh = keys.filter((key) => !this.imagesOf(kind, slotOf(key)).has(nameOfKey(key)) && (passed === null || compareKeys(key, passed) > 0));
    const found = await rowsOf(executor, this.database.dialect, this.at, kind).byKeys(fresh);
    for (const key of fresh) this.noteImage(kind, { key, row: null });
    for (const row of found) {
      this.noteImage(kind, { key: textOf(kind).keyOf(row), row });
    }
    if (this.imageCount > MAX_BEFORE_IMAGES) this.end('outrun');
  }

  /** All rows of these slots that have not been passed yet. */
  async preserveSlots(executor: Kysely<Schema>, kind: SnapshotKind, { from, to }: SlotRange): Promise<void> {
    const passed = this.passed.get(kind) ?? null;
    if (passed === 'all') return;
    const { keyOf } = textOf(kind);
    for (let after = passed; this.state === 'open'; ) {
      const rows = await rowsOf(executor, this.database.dialect, this.at, kind).page(after, ROWS_PER_CHUNK, `slot between ${integer(from)} and ${integer(to)}`);
      for (const row of rows) if (!this.imagesOf(kind, row.slot).has(nameOfKey(keyOf(row)))) this.noteImage(kind, { key: keyOf(row), row });
      if (this.imageCount > MAX_BEFORE_IMAGES) this.end('outrun');
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_CHUNK) return;
      after = keyOf(last);
    }
  }

  private noteImage(kind: SnapshotKind, image: BeforeImage): void {
    const images = this.imagesOf(kind, slotOf(image.key));
    const name = nameOfKey(image.key);
    if (!images.has(name)) this.imageCount += 1;
    images.set(name, image);
  }

  private page(kind: SnapshotKind, changed: string): Promise<readonly SnapshotRow[]> {
    return answered(this.database, this.what, () =>
      this.database.bulk.connection().execute(async (connection) => {
        this.requireOpen();
        const after = this.passed.get(kind) ?? null;
        if (after === 'all') return [];
        const window = changed === '' ? null : windowBehind(kind, after);
        const among = window === null ? changed : `${changed} and slot<=${integer(window.lastSlot)}`;
        const stored = await rowsOf(connection, this.database.dialect, this.at, kind).page(after, ROWS_PER_CHUNK, among);
        const last = stored.length < ROWS_PER_CHUNK ? null : (stored.at(-1) ?? null);
        const until = last === null ? (window?.end ?? 'all') : textOf(kind).keyOf(last);
        const rows = this.overlay(kind, stored, after, until);
        this.passed.set(kind, until);
        return rows;
      }),
    );
  }

  /** The rows as they were, up to and with `until`, in key order; their before-images are not needed any more. */
  private overlay(kind: SnapshotKind, stored: readonly SnapshotRow[], after: RowKey | null, until: RowKey | 'all'): readonly SnapshotRow[] {
    const { keyOf } = textOf(kind);
    const rows = stored.filter((row) => !this.imagesOf(kind, slotOf(keyOf(row))).has(nameOfKey(keyOf(row))));
    const fromStore = rows.length;
    for (const [slot, images] of this.slotsOf(kind)) {
      if ((after !== null && slot < slotOf(after)) || (until !== 'all' && slot > slotOf(until))) continue;
      for (const [name, image] of images) {
        if (until !== 'all' && compareKeys(image.key, until) > 0) continue;
        if (image.row !== null) rows.push(image.row);
        images.delete(name);
        this.imageCount -= 1;
      }
      if (images.size === 0) this.slotsOf(kind).delete(slot);
    }
    return rows.length === fromStore ? rows : rows.sort((left, right) => compareKeys(keyOf(left), keyOf(right)));
  }

  private requireOpen(): void {
    if (this.state === 'open') return;
    const reason = this.state === 'outrun' ? `more than ${MAX_BEFORE_IMAGES} rows changed while it was read; begin again` : 'it was closed';
    throw unavailable(this.database, this.what, new StoreUnavailable(reason, false), false);
  }

  private end(state: 'outrun' | 'closed'): void {
    this.state = state;
    for (const images of this.images.values()) images.clear();
    this.imageCount = 0;
    this.onClose();
  }

  private slotsOf(kind: SnapshotKind): Images {
    const images = this.images.get(kind) ?? new Map<number, Map<string, BeforeImage>>();
    this.images.set(kind, images);
    return images;
  }

  private imagesOf(kind: SnapshotKind, slot: number): Map<string, BeforeImage> {
    const slots = this.slotsOf(kind);
    const images = slots.get(slot) ?? new Map<string, BeforeImage>();
    slots.set(slot, images);
    return images;
  }
}

/** Among rows of which few are wanted: so many slots are looked through in one piece. */
const SLOTS_PER_WINDOW = 16;
/** Behind all text. */
const LAST_TEXT = '\u{10ffff}';

/** `end`: a key behind all of its slots, or that there are no more. */
function windowBehind(kind: SnapshotKind, after: RowKey | null): { readonly lastSlot: number; readonly end: RowKey | 'all' } {
  const lastSlot = (after === null ? -1 : slotOf(after)) + SLOTS_PER_WINDOW;
  return { lastSlot, end: lastSlot >= SLOT_COUNT - 1 ? 'all' : [lastSlot, LAST_TEXT, kind === 'legs' ? Number.MAX_SAFE_INTEGER : LAST_TEXT] };
}

function slotOf(key: RowKey): number {
  return Number(key[0]);
}
