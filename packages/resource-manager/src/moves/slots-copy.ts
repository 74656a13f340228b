/**
 * The rows of some slots as a bucket's tables have them, all of one index, in the spool: so sending them, which takes as long as the next owner needs, holds
 * no SQL transaction open.
 */
import { isIn, type SlotRange } from '@mas/values';
import type { Position, SnapshotChunk, SnapshotReader } from '../applied-store';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import { decodeSnapshot, encodeSnapshot } from '../bucket/snapshot-stream';
import type { SpooledSnapshot } from '../snapshot-spool';
import { CopiedSums } from './copied-sums';
import { rowsOfChunk, type MovedRow } from './import-parts';

type Kinds = readonly SnapshotChunk['kind'][];

export class SlotsCopy {
  private constructor(
    readonly applied: Position,
    readonly sums: CopiedSums,
    private readonly spooled: SpooledSnapshot,
    private readonly context: ReplicaContext,
  ) {}

  /** Everything that has been applied is in it. To be released. @throws StoreUnavailable */
  static async take(applier: BucketApplier, context: ReplicaContext, slots: SlotRange, kinds: Kinds): Promise<SlotsCopy> {
    const sums = new CopiedSums();
    const reader = await readerOf(applier, context);
    const { checkpoint } = reader;
    const frames = encodeSnapshot(
      { checkpoint, chunks: () => ofSlots(reader, slots, kinds, sums), close: () => reader.close() },
      context.rowCodec,
      context.digest,
    );
    const spooled = await context.spool.spool(applier.bucket, frames).finally(() => reader.close());
    return new SlotsCopy(checkpoint.applied, sums, spooled, context);
  }

  /** In the order of their keys, kind after kind. */
  async *rows(): AsyncGenerator<readonly MovedRow[]> {
    for await (const frame of decodeSnapshot(this.spooled.read(), this.context.rowCodec, this.context.digest))
      if (frame.kind === 'rows') yield rowsOfChunk(frame.chunk);
  }

  release(): Promise<void> {
    return this.spooled.release();
  }
}

/** Of all rows of the slots. @throws StoreUnavailable */
export async function sumsInTables(applier: BucketApplier, context: ReplicaContext, slots: SlotRange): Promise<CopiedSums> {
  const sums = new CopiedSums();
  const reader = await readerOf(applier, context);
  try {
    for await (const chunk of reader.chunks()) for (const row of rowsOfChunk(inSlots(chunk, slots))) sums.add(row);
  } finally {
    await reader.close();
  }
  return sums;
}

async function readerOf(applier: BucketApplier, { config }: ReplicaContext): Promise<SnapshotReader> {
  await applier.flush(applier.applied().index, config.readTimeoutMs);
  return applier.state().store.readSnapshot();
}

async function* ofSlots(reader: SnapshotReader, slots: SlotRange, kinds: Kinds, sums: CopiedSums): AsyncGenerator<SnapshotChunk> {
  for await (const chunk of reader.chunks(kinds)) {
    const own = inSlots(chunk, slots);
    if (own.rows.length === 0) continue;
    for (const row of rowsOfChunk(own)) sums.add(row);
    yield own;
  }
}

function inSlots(chunk: SnapshotChunk, slots: SlotRange): SnapshotChunk {
  const isOwn = ({ slot }: { readonly slot: number }): boolean => isIn(slots, slot);
  switch (chunk.kind) {
    case 'accounts':
      return { kind: 'accounts', rows: chunk.rows.filter(isOwn) };
    case 'legs':
      return { kind: 'legs', rows: chunk.rows.filter(isOwn) };
    case 'outcomes':
      return { kind: 'outcomes', rows: chunk.rows.filter(isOwn) };
    case 'locks':
      return { kind: 'locks', rows: chunk.rows.filter(isOwn) };
  }
}
