/** mas/v1/placement.proto. That slots are covered once is PlacementIndex's to check; here only the form is. */
import type { BucketPlacement, PlacementMap, ResourceManagerAddress } from '@mas/placement';
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
}

export function readPlacementMap(reader: WireReader): PlacementMap {
  return { version: reader.uint(1), resourceManagers: reader.messages(2, readAddress), buckets: reader.messages(3, readBucketPlacement) };
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
