/** Where a new bucket's replicas should be. Pure and deterministic. */
import { bucketId, err, MAX_BUCKET_ID, ok, type Result, type RmId } from '@mas/values';
import { changeSlots, type SlotsChange, type SlotsRefusal } from './slots-changes';
import type { PlacementMap } from './placement-map';
import { rosterOf } from './roster';
import { laterBucketsOf } from './slots-move';

/**
 * The next bucket, on the nodes with the fewest replicas.
 * @param isUp whether the node answers: only such a one is given a replica
 */
export function planBucket(map: PlacementMap, isUp: (rm: RmId) => boolean): Result<SlotsChange, SlotsRefusal> {
  const { draining, replicas: wanted } = rosterOf(map);
  const { lastId } = laterBucketsOf(map);
  if (lastId === MAX_BUCKET_ID) return err({ name: 'BUCKET_IDS_USED_UP', message: `All ids of buckets up to ${MAX_BUCKET_ID} have been used.` });
  const load = (rm: RmId): number => map.buckets.filter(({ replicas }) => replicas.includes(rm)).length;
  const able = (map.cluster?.nodes ?? []).filter(({ rm, isLost }) => !isLost && !draining.includes(rm) && isUp(rm)).map(({ rm }) => rm);
  if (map.cluster !== null && able.length < wanted)
    return err({ name: 'TOO_FEW_NODES', message: `${wanted} replicas need as many nodes, and ${able.length} answer that are not drained.` });
  const replicas = able.sort((a, b) => load(a) - load(b) || a - b).slice(0, wanted);
  const change: SlotsChange = { kind: 'add-bucket', bucket: bucketId(lastId + 1), replicas };
  const changed = changeSlots(map, change);
  return changed.ok ? ok(change) : changed;
}
