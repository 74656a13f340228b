/**
 * A digest of a replica's whole replicated state at one applied index, from SQL, so that it proves what a restart
 * would find: any replica answers, and equal indexes must give equal digests. On the way the rows are audited.
 */
import { BucketAudit, emptyBucket } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { ReplicaChecksum } from '@mas/two-phase-commit';
import { unreachable } from '@mas/values';
import type { SnapshotChunk } from '../applied-store';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';

/** @throws StoreUnavailable */
export async function replicaChecksum(applier: BucketApplier, context: ReplicaContext, atUs: number | null): Promise<ReplicaChecksum> {
  const { rowCodec, digest, rm, config } = context;
  const reader = await applier.readAt(atUs, config.readTimeoutMs);
  try {
    const meta = reader.checkpoint.meta ?? emptyBucket(applier.bucket);
    const audit = new BucketAudit(meta, slotOfAccount);
    const running = digest.startSha256();
    running.update(rowCodec.encodeMeta(meta));
    for await (const chunk of reader.chunks()) {
      // Row by row: how a store cuts its chunks is its own affair.
      for (const single of rowByRow(chunk)) running.update(rowCodec.encodeChunk(single));
      addTo(audit, chunk);
    }
    const report = audit.finish();
    return {
      bucket: applier.bucket,
      rm,
      appliedIndex: reader.checkpoint.applied.index,
      sha256: running.hex(),
      differences: report.differences,
      accounts: report.accounts,
      legs: report.legs,
    };
  } finally {
    await reader.close();
  }
}

function* rowByRow(chunk: SnapshotChunk): Iterable<SnapshotChunk> {
  switch (chunk.kind) {
    case 'accounts':
      for (const row of chunk.rows) yield { kind: 'accounts', rows: [row] };
      return;
    case 'legs':
      for (const row of chunk.rows) yield { kind: 'legs', rows: [row] };
      return;
    case 'outcomes':
      for (const row of chunk.rows) yield { kind: 'outcomes', rows: [row] };
      return;
    case 'locks':
      for (const row of chunk.rows) yield { kind: 'locks', rows: [row] };
      return;
    default:
      unreachable(chunk, 'snapshot chunk');
  }
}

function addTo(audit: BucketAudit, chunk: SnapshotChunk): void {
  switch (chunk.kind) {
    case 'accounts':
      return audit.addAccounts(chunk.rows);
    case 'legs':
      return audit.addLegs(chunk.rows);
    case 'outcomes':
      return audit.addOutcomes(chunk.rows);
    case 'locks':
      return audit.addLocks(chunk.rows);
    default:
      return unreachable(chunk, 'snapshot chunk');
  }
}
