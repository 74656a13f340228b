/**
 * Placement maps and cached balances as JSON text, amounts as decimal strings: a number of more than 53 bits survives
 * neither JSON nor Lua. What cannot be decoded (another version wrote it) is as good as absent, because all of this is an
 * index only. Transaction entries, which every payment writes twice, have a form of their own: entry-codec.ts.
 */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import type { LaterBuckets, PlacementMap, Roster, SlotsMove, SlotsStep, SlotsWishes } from '@mas/placement';
import type { CachedBalance } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency, rmId, slot, type SlotRange } from '@mas/values';

const BALANCE_VERSION = 1;
/** 1 did not say which txns are minted: who needs to know asks the Resource Managers. */
const PLACEMENT_VERSION = 2;
/** Of a map with slots that move, or with buckets that came later: a program of before would read it without them, as if that were all. */
const PLACEMENT_WITH_MOVES_VERSION = 3;
/** The same, where more is wanted of slots than the moves under way. */
const PLACEMENT_WITH_WISHES_VERSION = 4;

export function encodePlacement(map: PlacementMap): string {
  return JSON.stringify({ v: versionOf(map), ...map });
}

function versionOf({ cluster }: PlacementMap): number {
  if (cluster?.wishes !== undefined) return PLACEMENT_WITH_WISHES_VERSION;
  return cluster?.moves === undefined && cluster?.laterBuckets === undefined ? PLACEMENT_VERSION : PLACEMENT_WITH_MOVES_VERSION;
}

export function decodePlacement(text: string | null | undefined): PlacementMap | null {
  return decode(text, [PLACEMENT_VERSION, PLACEMENT_WITH_MOVES_VERSION, PLACEMENT_WITH_WISHES_VERSION], (value: Wire<PlacementMap>) => ({
    version: value.version,
    resourceManagers: value.resourceManagers.map(({ rm, address }) => ({ rm: rmId(rm), address })),
    buckets: value.buckets.map((placement) => ({
      bucket: bucketId(placement.bucket),
      slots: placement.slots.map(rangeOf),
      replicas: placement.replicas.map(rmId),
    })),
    cluster: clusterOf(value.cluster),
  }));
}

export function encodeBalance(balance: CachedBalance): string {
  return JSON.stringify({ v: BALANCE_VERSION, ...balance, balanceMinor: balance.balanceMinor.toString() });
}

export function decodeBalance(text: string | null | undefined): CachedBalance | null {
  return decode(text, [BALANCE_VERSION], (value: Wire<CachedBalance>) => ({
    number: accountNumber(value.number),
    currency: currency(value.currency),
    balanceMinor: BigInt(value.balanceMinor),
    rev: value.rev,
    readAtMs: value.readAtMs,
  }));
}

/** The peers table of the seed: bucket id → `host:port,host:port`. */
export function peersOf(map: PlacementMap): readonly (readonly [string, string])[] {
  const addresses = new Map(map.resourceManagers.map(({ rm, address }) => [rm, address]));
  return map.buckets.map(({ bucket, replicas }) => [String(bucket), replicas.flatMap((rm) => addresses.get(rm) ?? []).join(',')]);
}

function clusterOf(cluster: Wire<PlacementMap>['cluster']): PlacementMap['cluster'] {
  if (cluster === null) return null;
  return {
    clusterId: clusterId(cluster.clusterId),
    nodes: cluster.nodes.map((node) => ({
      rm: rmId(node.rm),
      incarnation: incarnation(node.incarnation),
      ordinal: ordinal(node.ordinal),
      isLost: node.isLost,
    })),
    txnVersion: cluster.txnVersion === 1 ? 1 : 2,
    ...(cluster.roster === undefined ? {} : { roster: rosterOf(cluster.roster) }),
    ...(cluster.moves === undefined ? {} : { moves: cluster.moves.map(moveOf) }),
    ...(cluster.laterBuckets === undefined ? {} : { laterBuckets: laterBucketsOf(cluster.laterBuckets) }),
    ...(cluster.wishes === undefined ? {} : { wishes: wishesOf(cluster.wishes) }),
  };
}

function moveOf({ number, slots, from, to, calledOff }: Wire<SlotsMove>): SlotsMove {
  return { number, slots: rangeOf(slots), from: bucketId(from), to: bucketId(to), calledOff };
}

function laterBucketsOf({ lastId, founding }: Wire<LaterBuckets>): LaterBuckets {
  return {
    lastId: bucketId(lastId),
    founding: founding.map(({ bucket, founder }) => ({ bucket: bucketId(bucket), founder: { rm: rmId(founder.rm), ordinal: ordinal(founder.ordinal) } })),
  };
}

function wishesOf({ isPaused, isBalancing, retiring, wanted }: Wire<SlotsWishes>): SlotsWishes {
  return { isPaused, isBalancing, retiring: retiring.map(bucketId), wanted: wanted.map(stepOf) };
}

function stepOf({ slots, from, to }: Wire<SlotsStep>): SlotsStep {
  return { slots: rangeOf(slots), from: bucketId(from), to: bucketId(to) };
}

function rangeOf({ from, to }: Wire<SlotRange>): SlotRange {
  return { from: slot(from), to: slot(to) };
}

function rosterOf({ expected, draining, removed, meta, replicas, isBalancing }: Wire<Roster>): Roster {
  return {
    expected: expected.map(({ rm, address }) => ({ rm: rmId(rm), address })),
    draining: draining.map(rmId),
    removed: removed.map(rmId),
    meta: meta.map(rmId),
    replicas,
    isBalancing,
  };
}

/** A value as JSON carries it: no brands, amounts as text. */
type Wire<Value> = Value extends bigint
  ? string
  : Value extends number
    ? number
    : Value extends string
      ? string extends Value
        ? string
        : Value extends { readonly length: number } & string
          ? Value
          : string
      : Value extends readonly (infer Item)[]
        ? readonly Wire<Item>[]
        : Value extends object
          ? { readonly [Key in keyof Value]: Wire<Value[Key]> }
          : Value;

function decode<WireValue, Value>(text: string | null | undefined, versions: readonly unknown[], from: (value: WireValue) => Value): Value | null {
  if (text === null || text === undefined) return null;
  try {
    const value = JSON.parse(text) as WireValue & { readonly v: unknown };
    return versions.includes(value.v) ? from(value) : null;
  } catch {
    return null;
  }
}
