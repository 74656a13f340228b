/**
 * What operators want of buckets and slots becomes changes of the map (docs/adr/0032), or a refusal by name. What takes more than one change, or has to wait, is written into
 * the map as a wish, which the steward sees to.
 */
import { SLOTS_MOVE_SINCE } from '@mas/ledger';
import {
  changeMap,
  movesOf,
  EVENLY,
  planBucket,
  planSlots,
  planWishes,
  wishesOf,
  type MapChange,
  type NodeOrder,
  type PlacementMap,
  type SlotsStep,
} from '@mas/placement';
import { err, ok, overlap, unreachable, type BucketId, type Result, type RmId } from '@mas/values';
import type { ClusterView } from './cluster-view';
import { decided, refused, type Decision, type Refusal } from './decision';

export type SlotOrder = Extract<NodeOrder, { readonly kind: 'add-bucket' | 'move-slots' | 'retire-bucket' | 'pause-moves' | 'cancel-moves' }>;

export function decideOnSlots(map: PlacementMap, order: SlotOrder, view: ClusterView): Decision {
  switch (order.kind) {
    case 'add-bucket':
      return addBucket(map, order.bucket, order.replicas, order.isDryRun, view);
    case 'move-slots': {
      const { slots, from, to, isDryRun } = order;
      return decide(map, { kind: 'want-slots', slots, from, to }, isDryRun, view, (step) => step.from === from && step.to === to && overlap(step.slots, slots));
    }
    case 'retire-bucket':
      return decide(map, retiring(map, order.bucket), order.isDryRun, view, ({ from }) => from === order.bucket);
    case 'pause-moves':
      return decide(map, { kind: 'pause-moves', isPaused: order.isPaused }, false, view, () => !order.isPaused);
    case 'cancel-moves':
      return decide(map, { kind: 'cancel-moves' }, false, view, () => false);
    default:
      return unreachable(order, 'order of slots');
  }
}

/** So that each bucket has as many slots as the others; nothing where they have. */
export function slotsOfBalance(map: PlacementMap, view: ClusterView): Decision {
  const planned = planSlots(map, { ...EVENLY, emptied: wishesOf(map).retiring });
  if (!planned.ok) return planned;
  if (planned.value.length === 0 && movesOf(map).length === 0) return decided([]);
  const older = olderNodes(view);
  return older === null ? decided([{ kind: 'balance-slots', isBalancing: true }], [], planned.value) : err(older);
}

/** One without slots goes at once, also while it is being founded. */
function retiring(map: PlacementMap, bucket: BucketId): MapChange {
  const placement = map.buckets.find((one) => one.bucket === bucket);
  const isEmpty = placement?.slots.length === 0 && movesOf(map).every(({ from, to }) => from !== bucket && to !== bucket);
  return isEmpty ? { kind: 'retire-bucket', bucket } : { kind: 'empty-bucket', bucket };
}

function decide(map: PlacementMap, change: MapChange, isDryRun: boolean, view: ClusterView, isOfIt: (step: SlotsStep) => boolean): Decision {
  const changed = changeMap(map, change);
  if (!changed.ok) return changed;
  const older = changed.value === map ? null : olderNodes(view);
  if (older !== null) return err(older);
  return decided(isDryRun ? [] : [change], [], planWishes(changed.value).filter(isOfIt));
}

function addBucket(map: PlacementMap, bucket: BucketId, replicas: readonly RmId[], isDryRun: boolean, view: ClusterView): Decision {
  if (map.buckets.some((one) => one.bucket === bucket)) return decided([]);
  const chosen = replicas.length > 0 ? ok(replicas) : chooseReplicas(map, view);
  if (!chosen.ok) return chosen;
  const change: MapChange = { kind: 'add-bucket', bucket, replicas: chosen.value };
  const changed = changeMap(map, change);
  if (!changed.ok) return changed;
  const silent = chosen.value.filter((rm) => !view.up.has(rm));
  if (silent.length > 0)
    return refused('NODE_SILENT', `${silent.map((rm) => `rm-${rm}`).join(', ')} does not answer: a new bucket is founded on nodes that do.`);
  return decide(map, change, isDryRun, view, () => false);
}

function chooseReplicas(map: PlacementMap, { up }: ClusterView): Result<readonly RmId[], Refusal> {
  const planned = planBucket(map, (rm) => up.has(rm));
  if (!planned.ok) return planned;
  return ok(planned.value.kind === 'add-bucket' ? planned.value.replicas : []);
}

/** A program that does not know that slots move could not read the map: it would stop, by name. */
function olderNodes({ replicas }: ClusterView): Refusal | null {
  const older = [...new Set(replicas.filter(({ knownSemantics }) => knownSemantics < SLOTS_MOVE_SINCE).map(({ rm }) => rm))];
  if (older.length === 0) return null;
  return { name: 'NODES_OLDER', message: `The programs of ${older.map((rm) => `rm-${rm}`).join(', ')} do not know that slots move: upgrade all nodes first.` };
}
