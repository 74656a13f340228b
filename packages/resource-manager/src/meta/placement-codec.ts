/**
 * The placement map as text, for the meta group's entries, checkpoints and snapshots. Format 1 knew no cluster, 2 no version of txns, 3 no nodes that come and go, 4 no slots that
 * move and no buckets that come and go, 5 nothing that is wanted of slots; their maps are read as they are, and a map that needs no newer one is written in the older one, for
 * programs that know no other.
 */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import type { ClusterRecord, LaterBuckets, PlacementMap, Roster, SlotsMove, SlotsWishes } from '@mas/placement';
import { bucketId, invariant, MAX_SLOTS_PER_MOVE, rmId, slot, type RmId, type SlotRange } from '@mas/values';

const FORMAT = 6;
/** Before operators could want something of slots that takes more than one move. */
const FORMAT_OF_MOVES = 5;
/** Before slots moved and buckets came. */
const FORMAT_OF_NODES = 4;
/** Before any node has come or gone. */
const FORMAT_OF_FOUNDERS = 3;
/** What a cluster with the first txns is written in. */
const FORMAT_OF_FIRST_TXNS = 2;

export function encodePlacement(map: PlacementMap): Uint8Array {
  return Buffer.from(JSON.stringify(placementFields(map)), 'utf8');
}

/** @throws InvariantViolation for bytes that no version of encodePlacement wrote. */
export function decodePlacement(bytes: Uint8Array): PlacementMap {
  return placementIn(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

export function placementFields({ version, resourceManagers, buckets, cluster }: PlacementMap): Readonly<Record<string, unknown>> {
  return {
    format: formatOf(cluster),
    version,
    resourceManagers: resourceManagers.map(({ rm, address }) => [rm, address]),
    buckets: buckets.map(({ bucket, slots, replicas }) => [bucket, slots.map(({ from, to }) => [from, to]), replicas]),
    cluster: cluster === null ? null : clusterFields(cluster),
  };
}

/** @throws InvariantViolation */
export function placementIn(value: unknown): PlacementMap {
  invariant(typeof value === 'object' && value !== null, 'a placement map is an object');
  const { format, version, resourceManagers, buckets, cluster = null } = value as Record<string, unknown>;
  invariant(typeof format === 'number' && format >= 1 && format <= FORMAT, 'the placement map has a known format', { format });
  invariant(Number.isSafeInteger(version) && Number(version) > 0, 'a placement map has a version', { version });
  return {
    version: Number(version),
    resourceManagers: tuples(resourceManagers).map(([rm, address]) => ({ rm: rmId(Number(rm)), address: String(address) })),
    buckets: tuples(buckets).map(([bucket, slots, replicas]) => ({
      bucket: bucketId(Number(bucket)),
      slots: tuples(slots).map(([from, to]) => rangeIn(from, to)),
      replicas: list(replicas).map((rm) => rmId(Number(rm))),
    })),
    cluster: cluster === null ? null : clusterIn(list(cluster)),
  };
}

function formatOf(cluster: ClusterRecord | null): number {
  if (cluster?.wishes !== undefined) return FORMAT;
  if (cluster?.moves !== undefined || cluster?.laterBuckets !== undefined) return FORMAT_OF_MOVES;
  if (cluster?.roster !== undefined) return FORMAT_OF_NODES;
  return cluster === null || cluster.txnVersion === 1 ? FORMAT_OF_FIRST_TXNS : FORMAT_OF_FOUNDERS;
}

function clusterFields({ clusterId: id, nodes, txnVersion, roster, moves, laterBuckets, wishes }: ClusterRecord): readonly unknown[] {
  const fields = [id, nodes.map((node) => [node.rm, node.incarnation, node.ordinal, node.isLost])];
  if (moves !== undefined || laterBuckets !== undefined || wishes !== undefined) {
    const ofSlots = [(moves ?? []).map(moveFields), laterBuckets === undefined ? null : laterFields(laterBuckets)];
    return [...fields, txnVersion, roster ?? null, ...ofSlots, ...(wishes === undefined ? [] : [wishFields(wishes)])];
  }
  if (roster !== undefined) return [...fields, txnVersion, roster];
  return txnVersion === 1 ? fields : [...fields, txnVersion];
}

function clusterIn([id, nodes, txnVersion = 1, roster = null, moves = [], laterBuckets = null, wishes = null]: readonly unknown[]): ClusterRecord {
  invariant(txnVersion === 1 || txnVersion === 2, 'the version of txns is known', { txnVersion });
  return {
    clusterId: clusterId(String(id)),
    nodes: tuples(nodes).map(([rm, text, admitted, isLost]) => ({
      rm: rmId(Number(rm)),
      incarnation: incarnation(String(text)),
      ordinal: ordinal(Number(admitted)),
      isLost: isLost === true,
    })),
    txnVersion,
    ...(roster === null ? {} : { roster: rosterIn(roster) }),
    ...(list(moves).length === 0 ? {} : { moves: tuples(moves).map(moveIn) }),
    ...(laterBuckets === null ? {} : { laterBuckets: laterIn(list(laterBuckets)) }),
    ...(wishes === null ? {} : { wishes: wishesIn(list(wishes)) }),
  };
}

function moveFields({ number, slots, from, to, calledOff }: SlotsMove): readonly unknown[] {
  return [number, slots.from, slots.to, from, to, calledOff];
}

function moveIn([number, first, last, from, to, calledOff]: readonly unknown[]): SlotsMove {
  invariant(Number.isSafeInteger(number) && Number(number) > 0, 'a move has a number', { number });
  const slots = rangeIn(first, last);
  invariant(slots.to - slots.from < MAX_SLOTS_PER_MOVE, 'so many slots move together', { slots });
  return { number: Number(number), slots, from: bucketId(Number(from)), to: bucketId(Number(to)), calledOff: calledOff === true };
}

function laterFields({ lastId, founding }: LaterBuckets): readonly unknown[] {
  return [lastId, founding.map(({ bucket, founder }) => [bucket, founder.rm, founder.ordinal])];
}

function laterIn([lastId, founding]: readonly unknown[]): LaterBuckets {
  return {
    lastId: bucketId(Number(lastId)),
    founding: tuples(founding).map(([bucket, rm, admitted]) => ({
      bucket: bucketId(Number(bucket)),
      founder: { rm: rmId(Number(rm)), ordinal: ordinal(Number(admitted)) },
    })),
  };
}

function wishFields({ isPaused, isBalancing, retiring, wanted }: SlotsWishes): readonly unknown[] {
  return [isPaused, isBalancing, retiring, wanted.map(({ slots, from, to }) => [slots.from, slots.to, from, to])];
}

function wishesIn([isPaused, isBalancing, retiring, wanted]: readonly unknown[]): SlotsWishes {
  return {
    isPaused: isPaused === true,
    isBalancing: isBalancing === true,
    retiring: list(retiring).map((bucket) => bucketId(Number(bucket))),
    wanted: tuples(wanted).map(([first, last, from, to]) => ({ slots: rangeIn(first, last), from: bucketId(Number(from)), to: bucketId(Number(to)) })),
  };
}

export function rangeIn(from: unknown, to: unknown): SlotRange {
  const range = { from: slot(Number(from)), to: slot(Number(to)) };
  invariant(range.from <= range.to, 'a range of slots ends where it starts, or behind', range);
  return range;
}

export function rosterIn(value: unknown): Roster {
  invariant(typeof value === 'object' && value !== null, 'a roster is an object');
  const { expected, draining, removed, meta, replicas, isBalancing } = value as Record<string, unknown>;
  const rms = (each: unknown): RmId[] => list(each).map((rm) => rmId(Number(rm)));
  return {
    expected: list(expected).map((entry) => {
      const { rm, address } = entry as Record<string, unknown>;
      return { rm: rmId(Number(rm)), address: String(address) };
    }),
    draining: rms(draining),
    removed: rms(removed),
    meta: rms(meta),
    replicas: Number(replicas),
    isBalancing: isBalancing === true,
  };
}

function list(value: unknown): readonly unknown[] {
  invariant(Array.isArray(value), 'a list of the placement map');
  return value;
}

function tuples(value: unknown): readonly (readonly unknown[])[] {
  return list(value).map(list);
}
