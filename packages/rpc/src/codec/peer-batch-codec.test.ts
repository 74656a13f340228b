/** Raft messages of every kind, and placement maps. */
import { EMPTY_BATCH } from '@mas/multi-raft';
import type { Entry, PeerMessage } from '@mas/raft';
import { placementCodecConformance } from '@mas/testkit/placement';
import * as generated from '../generated/mas/v1/placement';
import { ReplicateRequest } from '../generated/mas/v1/raft_service';
import { peerBatch, placementMap } from '../testing/arbitrary-protocol';
import { agreesWithProto, roundTrips, survivesDamage } from '../testing/codec-laws';
import { PeerBatchCodec } from './peer-batch-codec';
import { decodePlacementMap, encodePlacementMap } from './placement-messages';

const codec = new PeerBatchCodec();
const batches = { encode: codec.encode.bind(codec), decode: codec.decode.bind(codec) };
const maps = { encode: encodePlacementMap, decode: decodePlacementMap };

test('every raft message survives the round trip', () => roundTrips(peerBatch, batches, 800));
test('the generated code reads and writes the same batches', () => agreesWithProto(peerBatch, batches, ReplicateRequest));
test('damaged batches are malformed, or say what they seem to', () => void survivesDamage(peerBatch, batches, 1000, 'open'));
placementCodecConformance('on the wire', maps);
test('placement maps survive the round trip', () => roundTrips(placementMap, maps));
test('the generated code reads and writes the same maps', () => agreesWithProto(placementMap, maps, generated.PlacementMap));
test('damaged maps are malformed, or canonical', () => void survivesDamage(placementMap, maps));

const entry = (index: number): Entry => ({ term: 3, index, type: 'normal', data: Buffer.from('payload') }) as unknown as Entry;
const append = (entries: readonly Entry[]): PeerMessage =>
  ({ kind: 'append', from: 1, to: 2, term: 3, prevIndex: 7, prevTerm: 3, commit: 5, entries }) as unknown as PeerMessage;

test("an entry's data is a view of the received bytes", () => {
  const bytes = codec.encode({ ...EMPTY_BATCH, messages: [{ group: 1 as never, message: append([entry(8), entry(9)]) }] });
  const message = codec.decode(bytes).messages[0]!.message;
  if (message.kind !== 'append') throw new Error('not an append');
  expect(message.entries.map((each) => each.index)).toEqual([8, 9]);
  expect(message.entries[1]!.data.buffer).toBe(bytes.buffer);
});

test('entries that leave a gap are never sent', () => {
  expect(() => codec.encode({ ...EMPTY_BATCH, messages: [{ group: 1 as never, message: append([entry(8), entry(10)]) }] })).toThrow('without a gap');
});
