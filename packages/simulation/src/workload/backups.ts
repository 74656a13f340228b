/** A backup while everything goes on (docs/adr/0028). What came is kept, and examined once the run is over. */
import type { BucketId } from '@mas/values';
import { OPERATOR } from '../cluster/tokens';
import type { Client } from './client';
import { callTm } from './tm-call';

/** It may take several moments until all buckets are cut at one. */
const DEADLINE_MS = 25_000;

export interface BackupBytes {
  readonly momentUs: number;
  readonly buckets: ReadonlyMap<BucketId, Uint8Array>;
}

export async function backUp(client: Client): Promise<void> {
  const pieces = new Map<BucketId, Uint8Array[]>();
  const call = { ...client.call(OPERATOR, 'back up'), deadlineMs: DEADLINE_MS };
  const called = await callTm(client.cluster, call, (_tm, caller, coordinator) =>
    coordinator.backup(caller, {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onBegin: () => Promise.resolve(),
      onPiece: (bucket, bytes) => {
        const ofBucket = pieces.get(bucket) ?? [];
        ofBucket.push(bytes);
        pieces.set(bucket, ofBucket);
        return Promise.resolve();
      },
    }),
  );
  const { counters } = client.cluster.world;
  if (called.kind !== 'answered' || !called.value.ok) return counters.add('backups that came to nothing');
  counters.add('backups taken');
  client.backups.push({ momentUs: called.value.value.momentUs, buckets: new Map([...pieces].map(([bucket, all]) => [bucket, Buffer.concat(all)])) });
}
