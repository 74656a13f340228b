/** What must hold of every history at the ends of all ranges, however its rows are kept: nothing throws, nothing is lost or rounded. */
import * as fc from 'fast-check';
import { checkBucket } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { AppliedStore, BucketStore, CheckpointBatch, SnapshotChunk } from '@mas/resource-manager';
import { ProtoRowCodec } from '@mas/rpc';
import { bucketId, invariant, type BucketId } from '@mas/values';
import { EdgeHistory } from './edge-history';

export const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 120, size: 'max' });
const codec = new ProtoRowCodec();
const CONF_STATE = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

export function played(list: readonly number[]): EdgeHistory {
  const history = new EdgeHistory();
  for (const choice of list) history.step(choice);
  return history;
}

/** Adds up, and comes through the bytes of a snapshot unchanged. */
export function checkRows(history: EdgeHistory): void {
  const rows = chunksOf(history);
  const meta = history.ledger.meta();
  const [accounts, legs, outcomes, locks] = [
    history.rows.sortedAccounts(),
    history.rows.sortedLegs(),
    history.rows.sortedOutcomes(),
    history.rows.sortedLocks(),
  ];
  const { differences } = checkBucket(meta, slotOfAccount, { accounts, legs, outcomes, locks });
  invariant(differences.length === 0, 'the bucket adds up', { differences: differences.join(' ') });
  for (const chunk of rows) same('a chunk comes through its bytes', codec.decodeChunk(codec.encodeChunk(chunk)), chunk);
  same('the scalars come through their bytes', codec.decodeMeta(codec.encodeMeta(meta)), meta);
}

/** Written as a checkpoint, read back as a snapshot and as a restart reads it; then installed into another bucket's place and read again. */
export async function checkStore(store: AppliedStore, bucket: BucketId, history: EdgeHistory): Promise<void> {
  const { store: own } = await store.openBucket(bucket);
  await own.checkpoint(batchOf(bucket, history));
  const expected = chunksOf(history);
  const { chunks, checkpoint } = await snapshotOf(own);
  same('a snapshot reads what was written', chunks, expected);
  same('the scalars are read as they were written', { ...checkpoint.meta, bucket: 1 }, history.ledger.meta());
  const pinned = history.ledger.pinned();
  const loaded = await own.loadPinned();
  same('a restart finds what was prepared', bySeq(loaded.prepared), bySeq(pinned.prepared));
  same('a restart finds open authorizations', bySeq(loaded.openAuthorizations), bySeq(pinned.openAuthorizations));
  await own.listAccounts(null, 100);
  const installer = await own.beginInstall({ ...checkpoint, applied: { index: checkpoint.applied.index + 1, term: 1 } });
  for (const chunk of chunks) await installer.write(chunk);
  await installer.finish();
  same('an installed snapshot reads the same', (await snapshotOf(own)).chunks, expected);
  await own.close();
}

async function snapshotOf(
  store: BucketStore,
): Promise<{ readonly chunks: readonly SnapshotChunk[]; readonly checkpoint: Awaited<ReturnType<BucketStore['readSnapshot']>>['checkpoint'] }> {
  const reader = await store.readSnapshot();
  const chunks: SnapshotChunk[] = [];
  for await (const chunk of reader.chunks()) chunks.push(chunk);
  await reader.close();
  return { chunks, checkpoint: reader.checkpoint };
}

function batchOf(bucket: BucketId, history: EdgeHistory): CheckpointBatch {
  const { rows, ledger, index } = history;
  return {
    previous: { index: 0, term: 0 },
    applied: { index, term: 1 },
    confState: CONF_STATE,
    meta: { ...ledger.meta(), bucket: bucketId(bucket) },
    accounts: rows.sortedAccounts(),
    legs: rows.sortedLegs(),
    outcomes: rows.sortedOutcomes(),
    locks: rows.sortedLocks(),
    removedLocks: [],
    droppedSlots: [],
  };
}

/** Few enough rows for one chunk of each kind; kinds without rows have none. */
function chunksOf({ rows }: EdgeHistory): readonly SnapshotChunk[] {
  const all: readonly SnapshotChunk[] = [
    { kind: 'accounts', rows: rows.sortedAccounts() },
    { kind: 'legs', rows: rows.sortedLegs() },
    { kind: 'outcomes', rows: rows.sortedOutcomes() },
    { kind: 'locks', rows: rows.sortedLocks() },
  ];
  return all.filter((chunk) => chunk.rows.length > 0);
}

function bySeq<Row extends { readonly account: string; readonly seq: number }>(legs: readonly Row[]): readonly Row[] {
  return [...legs].sort((a, b) => (a.account === b.account ? a.seq - b.seq : a.account < b.account ? -1 : 1));
}

function same(what: string, found: unknown, expected: unknown): void {
  const [one, other] = [text(found), text(expected)];
  invariant(one === other, what, { found: one.slice(0, 4_000), expected: other.slice(0, 4_000) });
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field === 'bigint') return `${field}n`;
    if (field instanceof Map) return [...field];
    if (typeof field === 'object' && field !== null && !Array.isArray(field))
      return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)));
    return field;
  });
}
