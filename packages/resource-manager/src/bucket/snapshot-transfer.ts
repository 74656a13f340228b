/**
 * Snapshots out of and into a replica's tables. Outgoing: one consistent read, spooled, so that sending never holds a
 * SQL transaction open. Incoming: a new generation beside the present one, which stays in force until the flip.
 */
import type { ConfState, EntryId } from '@mas/raft';
import { delay, present, type BucketId } from '@mas/values';
import { StoreUnavailable, type BucketStore, type Checkpoint, type Position, type SnapshotInstaller } from '../applied-store';
import type { Checkpointer } from './checkpointer';
import { entryId } from './entry-id';
import type { ReplicaContext } from './replica-context';
import { decodeSnapshot, encodeSnapshot, SnapshotDamaged } from './snapshot-stream';

const TIMEOUT_MS = 10_000;

export interface OutgoingSnapshot {
  readonly applied: EntryId;
  readonly confState: ConfState;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface IncomingSnapshot {
  readonly at: EntryId;
  readonly confState: ConfState;
  readonly chunks: AsyncIterable<Uint8Array>;
}

interface SnapshotSource {
  readonly bucket: BucketId;
  flush(index: number, timeoutMs: number): Promise<void>;
  state(): { readonly store: BucketStore };
}

export async function outgoingSnapshot(source: SnapshotSource, context: ReplicaContext, atLeast: number): Promise<OutgoingSnapshot> {
  await source.flush(atLeast, TIMEOUT_MS);
  const reader = await source.state().store.readSnapshot();
  const spooled = await context.spool.spool(source.bucket, encodeSnapshot(reader, context.rowCodec, context.digest)).finally(() => reader.close());
  const { applied, confState } = reader.checkpoint;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* spooled.read();
    } finally {
      await spooled.release();
    }
  };
  return { applied: entryId(applied), confState: present(confState, 'configuration of the snapshot'), chunks: chunks() };
}

/**
 * The tables hold the snapshot afterwards; its checkpoint is what the memory is rebuilt from. The checkpointer stays
 * paused then: its state is no longer the tables'. On an error everything is as before.
 */
export async function installSnapshot(
  store: BucketStore,
  checkpointer: Checkpointer,
  context: ReplicaContext,
  { at, confState, chunks }: IncomingSnapshot,
  stopped: () => boolean,
): Promise<Checkpoint> {
  const frames = decodeSnapshot(chunks, context.rowCodec, context.digest);
  const first = await frames.next();
  if (first.done === true || first.value.kind !== 'checkpoint') throw new SnapshotDamaged('it has no checkpoint');
  const received = first.value.checkpoint;
  if (received.applied.index !== at.index || received.applied.term !== at.term) throw new SnapshotDamaged('it stands at another index than announced');
  const checkpoint: Checkpoint = { ...received, confState };
  const installer = await store.beginInstall(checkpoint);
  try {
    for await (const frame of frames) {
      if (frame.kind === 'rows') await installer.write(frame.chunk);
    }
    // From here on nothing of the old state may be written over the new one.
    await checkpointer.pause(TIMEOUT_MS);
  } catch (error) {
    await installer.abandon().catch(() => undefined);
    throw error;
  }
  await finish(installer, store, checkpointer, context, at, stopped);
  return checkpoint;
}

/** A COMMIT without an answer may have taken effect: what SQL says decides whether the old state goes on. */
async function finish(
  installer: SnapshotInstaller,
  store: BucketStore,
  checkpointer: Checkpointer,
  context: ReplicaContext,
  at: EntryId,
  stopped: () => boolean,
): Promise<void> {
  try {
    await installer.finish();
  } catch (error) {
    const standing = await standingInSql(store, context, stopped);
    if (standing.index === at.index) return;
    checkpointer.resume();
    throw error;
  }
}

async function standingInSql(store: BucketStore, { config, clock }: ReplicaContext, stopped: () => boolean): Promise<Position> {
  for (let waitMs = config.storeRetryMs; ; waitMs = Math.min(waitMs * 2, config.storeRetryMaxMs)) {
    try {
      const reader = await store.readSnapshot();
      await reader.close();
      return reader.checkpoint.applied;
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || stopped()) throw error;
    }
    await delay(clock, waitMs);
  }
}
