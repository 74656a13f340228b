/** mas/v1/placement.proto. That slots are covered once is PlacementIndex's to check; here only the form is. */
import { clusterId, incarnation, isHexId, MAX_ORDINAL, ordinal } from '@mas/membership';
import type {
  BucketPlacement,
  ClusterNode,
  ClusterRecord,
  FoundingBucket,
  LaterBuckets,
  PlacementMap,
  ResourceManagerAddress,
  Roster,
  SlotsMove,
  SlotsStep,
  SlotsWishes,
} from '@mas/placement';
import { MAX_SLOTS_PER_MOVE } from '@mas/values';
import { readWire, type WireReader } from '../wire/wire-reader';
import { WireWriter } from '../wire/wire-writer';
import { readSlotRange, writeSlotRange } from './policy-messages';

export function encodePlacementMap(map: PlacementMap): Uint8Array {
  const writer = new WireWriter();
  writePlacementMap(writer, map);
  return writer.finish();
}

/** @throws MalformedBytes */
export function decodePlacementMap(bytes: Uint8Array): PlacementMap {
  return readWire(bytes, readPlacementMap);
}

export function writePlacementMap(writer: WireWriter, map: PlacementMap): void {
  writer.uint(1, map.version);
  writer.messages(2, map.resourceManagers, writeAddress);
  writer.messages(3, map.buckets, writeBucketPlacement);
  writer.optionalMessage(4, map.cluster, writeCluster);
}

export function readPlacementMap(reader: WireReader): PlacementMap {
  return {
    version: reader.uint(1),
    resourceManagers: reader.messages(2, readAddress),
    buckets: reader.messages(3, readBucketPlacement),
    cluster: reader.optionalMessage(4, readCluster),
  };
}

function writeCluster(writer: WireWriter, { clusterId: id, nodes, txnVersion, roster, moves, laterBuckets, wishes }: ClusterRecord): void {
  writer.text(1, id);
  writer.messages(2, nodes, writeNode);
  writer.uint(3, txnVersion === 1 ? 0 : txnVersion);
  writer.optionalMessage(4, roster ?? null, writeRoster);
  writer.messages(5, moves ?? [], writeMove);
  writer.optionalMessage(6, laterBuckets ?? null, writeLaterBuckets);
  writer.optionalMessage(7, wishes ?? null, writeWishes);
}

function readCluster(reader: WireReader): ClusterRecord {
  const known = { clusterId: clusterId(hexId(reader, 1)), nodes: reader.messages(2, readNode), txnVersion: readTxnVersion(reader, 3) };
  const roster = reader.optionalMessage(4, readRoster);
  const moves = reader.messages(5, readMove);
  const laterBuckets = reader.optionalMessage(6, readLaterBuckets);
  const wishes = reader.optionalMessage(7, readWishes);
  return {
    ...known,
    ...(roster === null ? {} : { roster }),
    ...(moves.length === 0 ? {} : { moves }),
    ...(laterBuckets === null ? {} : { laterBuckets }),
    ...(wishes === null ? {} : { wishes }),
  };
}

function writeMove(writer: WireWriter, { number, slots, from, to, calledOff }: SlotsMove): void {
  writer.uint(1, number);
  writer.message(2, slots, writeSlotRange);
  writer.uint(3, from);
  writer.uint(4, to);
  writer.bool(5, calledOff);
}

function readMove(reader: WireReader): SlotsMove {
  const move = { number: reader.uint(1), slots: reader.message(2, readSlotRange), from: reader.bucket(3), to: reader.bucket(4), calledOff: reader.bool(5) };
  return move.slots.to - move.slots.from < MAX_SLOTS_PER_MOVE ? move : reader.fail('more slots than may move together');
}

function writeLaterBuckets(writer: WireWriter, { lastId, founding }: LaterBuckets): void {
  writer.uint(1, lastId);
  writer.messages(2, founding, writeFounding);
}

function readLaterBuckets(reader: WireReader): LaterBuckets {
  return { lastId: reader.bucket(1), founding: reader.messages(2, readFounding) };
}

function writeFounding(writer: WireWriter, { bucket, founder }: FoundingBucket): void {
  writer.uint(1, bucket);
  writer.uint(2, founder.rm);
  writer.uint(3, founder.ordinal);
}

function readFounding(reader: WireReader): FoundingBucket {
  return { bucket: reader.bucket(1), founder: { rm: reader.rm(2), ordinal: readOrdinal(reader, 3) } };
}

function writeWishes(writer: WireWriter, { isPaused, isBalancing, retiring, wanted }: SlotsWishes): void {
  writer.bool(1, isPaused);
  writer.bool(2, isBalancing);
  writer.packedUints(3, retiring);
  writer.messages(4, wanted, writeSlotsStep);
}

function readWishes(reader: WireReader): SlotsWishes {
  return { isPaused: reader.bool(1), isBalancing: reader.bool(2), retiring: reader.buckets(3), wanted: reader.messages(4, readSlotsStep) };
}

export function writeSlotsStep(writer: WireWriter, { slots, from, to }: SlotsStep): void {
  writer.message(1, slots, writeSlotRange);
  writer.uint(2, from);
  writer.uint(3, to);
}

export function readSlotsStep(reader: WireReader): SlotsStep {
  return { slots: reader.message(1, readSlotRange), from: reader.bucket(2), to: reader.bucket(3) };
}

function writeRoster(writer: WireWriter, { expected, draining, removed, meta, replicas, isBalancing }: Roster): void {
  writer.messages(1, expected, writeAddress);
  writer.packedUints(2, draining);
  writer.packedUints(3, removed);
  writer.packedUints(4, meta);
  writer.uint(5, replicas);
  writer.bool(6, isBalancing);
}

function readRoster(reader: WireReader): Roster {
  return {
    expected: reader.messages(1, readAddress),
    draining: reader.rms(2),
    removed: reader.rms(3),
    meta: reader.rms(4),
    replicas: reader.uint(5),
    isBalancing: reader.bool(6),
  };
}

/** The first one is left out, as programs that know no other leave it out. */
function readTxnVersion(reader: WireReader, field: number): ClusterRecord['txnVersion'] {
  const value = reader.uint(field);
  if (value === 0) return 1;
  return value === 2 ? value : reader.fail('not a version of txns that this program knows');
}

export function writeNode(writer: WireWriter, node: ClusterNode): void {
  writer.uint(1, node.rm);
  writer.text(2, node.incarnation);
  writer.uint(3, node.ordinal);
  writer.bool(4, node.isLost);
}

export function readNode(reader: WireReader): ClusterNode {
  return { rm: reader.rm(1), incarnation: incarnation(hexId(reader, 2)), ordinal: readOrdinal(reader, 3), isLost: reader.bool(4) };
}

export function readIncarnation(reader: WireReader, field: number): ClusterNode['incarnation'] {
  return incarnation(hexId(reader, field));
}

function readOrdinal(reader: WireReader, field: number): ClusterNode['ordinal'] {
  const value = reader.uint(field);
  return value <= MAX_ORDINAL ? ordinal(value) : reader.fail('not an ordinal');
}

function hexId(reader: WireReader, field: number): string {
  const text = reader.text(field);
  return isHexId(text) ? text : reader.fail('not an id of 32 hexadecimal digits');
}

function writeAddress(writer: WireWriter, entry: ResourceManagerAddress): void {
  writer.uint(1, entry.rm);
  writer.text(2, entry.address);
}

function readAddress(reader: WireReader): ResourceManagerAddress {
  return { rm: reader.rm(1), address: reader.text(2) };
}

function writeBucketPlacement(writer: WireWriter, placement: BucketPlacement): void {
  writer.uint(1, placement.bucket);
  writer.messages(2, placement.slots, writeSlotRange);
  writer.packedUints(3, placement.replicas);
}

function readBucketPlacement(reader: WireReader): BucketPlacement {
  return { bucket: reader.bucket(1), slots: reader.messages(2, readSlotRange), replicas: reader.rms(3) };
}
