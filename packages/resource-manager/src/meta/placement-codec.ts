/** The placement map as text, for the meta group's entries, checkpoints and snapshots. Format 1 knew no cluster, 2 no version of txns; their maps are read as they are. */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import type { ClusterRecord, PlacementMap } from '@mas/placement';
import { bucketId, invariant, rmId, slot } from '@mas/values';

const FORMAT = 3;
/** What a cluster with the first txns is written in: replicas of programs that know no other must go on reading it. */
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
    format: cluster === null || cluster.txnVersion === 1 ? FORMAT_OF_FIRST_TXNS : FORMAT,
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
  invariant(format === 1 || format === FORMAT_OF_FIRST_TXNS || format === FORMAT, 'the placement map has a known format', { format });
  invariant(Number.isSafeInteger(version) && Number(version) > 0, 'a placement map has a version', { version });
  return {
    version: Number(version),
    resourceManagers: tuples(resourceManagers).map(([rm, address]) => ({ rm: rmId(Number(rm)), address: String(address) })),
    buckets: tuples(buckets).map(([bucket, slots, replicas]) => ({
      bucket: bucketId(Number(bucket)),
      slots: tuples(slots).map(([from, to]) => ({ from: slot(Number(from)), to: slot(Number(to)) })),
      replicas: list(replicas).map((rm) => rmId(Number(rm))),
    })),
    cluster: cluster === null ? null : clusterIn(list(cluster)),
  };
}

function clusterFields({ clusterId: id, nodes, txnVersion }: ClusterRecord): readonly unknown[] {
  const fields = [id, nodes.map((node) => [node.rm, node.incarnation, node.ordinal, node.isLost])];
  return txnVersion === 1 ? fields : [...fields, txnVersion];
}

function clusterIn([id, nodes, txnVersion = 1]: readonly unknown[]): ClusterRecord {
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
  };
}

function list(value: unknown): readonly unknown[] {
  invariant(Array.isArray(value), 'a list of the placement map');
  return value;
}

function tuples(value: unknown): readonly (readonly unknown[])[] {
  return list(value).map(list);
}
