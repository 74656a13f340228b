/** The placement map as bytes, for the meta group's entries, checkpoints and snapshots. */
import type { PlacementMap } from '@mas/placement';
import { bucketId, invariant, rmId, slot } from '@mas/values';

const FORMAT = 1;

export function encodePlacement(map: PlacementMap): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      format: FORMAT,
      version: map.version,
      resourceManagers: map.resourceManagers.map(({ rm, address }) => [rm, address]),
      buckets: map.buckets.map(({ bucket, slots, replicas }) => [bucket, slots.map(({ from, to }) => [from, to]), replicas]),
    }),
    'utf8',
  );
}

/** @throws InvariantViolation for bytes that encodePlacement did not write. */
export function decodePlacement(bytes: Uint8Array): PlacementMap {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  invariant(typeof value === 'object' && value !== null, 'a placement map is an object');
  const { format, version, resourceManagers, buckets } = value as Record<string, unknown>;
  invariant(format === FORMAT, 'the placement map has a known format', { format });
  invariant(Number.isSafeInteger(version) && Number(version) > 0, 'a placement map has a version', { version });
  return {
    version: Number(version),
    resourceManagers: tuples(resourceManagers).map(([rm, address]) => ({ rm: rmId(Number(rm)), address: String(address) })),
    buckets: tuples(buckets).map(([bucket, slots, replicas]) => ({
      bucket: bucketId(Number(bucket)),
      slots: tuples(slots).map(([from, to]) => ({ from: slot(Number(from)), to: slot(Number(to)) })),
      replicas: list(replicas).map((rm) => rmId(Number(rm))),
    })),
  };
}

function list(value: unknown): readonly unknown[] {
  invariant(Array.isArray(value), 'a list of the placement map');
  return value;
}

function tuples(value: unknown): readonly (readonly unknown[])[] {
  return list(value).map(list);
}
