/** Each backup that was taken is one state of the ledger, of exactly its moment: by the examination of the product, and by what the final rows say was decided up to then. */
import { Examiner } from '@mas/backup';
import type { BucketRows, Findings } from '@mas/auditor';
import { decodeSnapshot, platformDigest, type SnapshotChunk, type SnapshotReader } from '@mas/resource-manager';
import { ProtoRowCodec } from '@mas/rpc';
import type { BackupBytes } from '../workload/backups';

const CODEC = new ProtoRowCodec();
const RULE = 'a backup is the ledger at its moment';

export async function auditBackups(backups: readonly BackupBytes[], final: readonly BucketRows[], findings: Findings): Promise<void> {
  for (const { momentUs, buckets } of backups) {
    const sources = [...buckets].map(([bucket, bytes]) => ({ bucket, name: `bucket ${bucket} at ${momentUs}`, open: () => readerOf(bytes) }));
    const { findings: texts, shares } = await new Examiner({ momentUs, buckets: sources, isWhole: true, onRows: () => undefined }).run();
    for (const text of texts) findings.add(RULE, text);
    const backedUp = new Set<string>();
    for (const { bucket, open } of sources)
      for await (const chunk of (await open()).chunks(['outcomes']))
        if (chunk.kind === 'outcomes')
          for (const row of chunk.rows) if (row.decision.kind === 'committed' && shares.get(bucket)?.has(row.slot) === true) backedUp.add(row.txn);
    for (const row of final.flatMap(({ outcomes }) => outcomes)) {
      if (row.decision.kind !== 'committed' || row.decision.commitUs === null) continue;
      const isOfThen = row.decision.commitUs <= momentUs;
      findings.expect(
        isOfThen === backedUp.has(row.txn),
        RULE,
        () =>
          `${row.txn}, decided at ${row.decision.kind === 'committed' ? row.decision.commitUs : ''}, is ${isOfThen ? 'not ' : ''}in the backup of ${momentUs}`,
      );
    }
  }
}

async function readerOf(bytes: Uint8Array): Promise<SnapshotReader> {
  const frames = (kinds?: readonly SnapshotChunk['kind'][]): ReturnType<typeof decodeSnapshot> => decodeSnapshot(once(bytes), CODEC, platformDigest, kinds);
  const first = await frames().next();
  if (first.done === true || first.value.kind !== 'checkpoint') throw new Error('a backup without a checkpoint');
  return {
    checkpoint: first.value.checkpoint,
    chunks: async function* (kinds) {
      for await (const frame of frames(kinds)) if (frame.kind === 'rows') yield frame.chunk;
    },
    close: () => Promise.resolve(),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
