/** Rows, checkpoints and bucket scalars: round trip, agreement with the proto files, canonical form. */
import { NO_MOVES, type BucketMeta } from '@mas/ledger';
import { bucketId, currency } from '@mas/values';
import * as generated from '../generated/mas/v1/row';
import { bucketMeta, checkpoint, snapshotChunk } from '../testing/arbitrary-ledger';
import { agreesWithProto, roundTrips, survivesDamage } from '../testing/codec-laws';
import { ProtoRowCodec } from './row-codec';

const codec = new ProtoRowCodec();
const chunks = { encode: codec.encodeChunk.bind(codec), decode: codec.decodeChunk.bind(codec) };
const checkpoints = { encode: codec.encodeCheckpoint.bind(codec), decode: codec.decodeCheckpoint.bind(codec) };
const metas = { encode: codec.encodeMeta.bind(codec), decode: codec.decodeMeta.bind(codec) };

test('chunks of every kind survive the round trip', () => roundTrips(snapshotChunk, chunks, 500));
test('checkpoints survive the round trip', () => roundTrips(checkpoint, checkpoints));
test('bucket scalars survive the round trip', () => roundTrips(bucketMeta, metas));
test('the generated code reads and writes the same chunks', () => agreesWithProto(snapshotChunk, chunks, generated.SnapshotChunk));
test('the generated code reads and writes the same checkpoints', () => agreesWithProto(checkpoint, checkpoints, generated.Checkpoint));
test('damaged chunks are malformed, or canonical', () => void survivesDamage(snapshotChunk, chunks, 1500));
test('damaged checkpoints are malformed, or canonical', () => void survivesDamage(checkpoint, checkpoints, 1500));

test('totals are equal bytes whatever the order of insertion', () => {
  const base: BucketMeta = {
    bucket: bucketId(1),
    stampMs: 1,
    momentUs: 1_000,
    momentsSinceUs: 1,
    rev: 1,
    lockSeq: 0,
    policy: null,
    slots: [],
    epoch: 1,
    issued: new Map(),
    totals: new Map(),
    accountCount: 0,
    semanticsVersion: 1,
    moves: NO_MOVES,
  };
  const usd = [currency('USD'), 1n] as const;
  const eur = [currency('EUR'), 2n] as const;
  expect(codec.encodeMeta({ ...base, totals: new Map([usd, eur]) })).toEqual(codec.encodeMeta({ ...base, totals: new Map([eur, usd]) }));
});
