/** Codecs for tests: JSON that keeps bigints and maps. */
import type { Instruction, LedgerCodec, LedgerEntry } from '@mas/ledger';
import type { Checkpoint, SnapshotChunk } from '../applied-store';
import type { RowCodec } from '../row-codec';
import type { BucketMeta } from '@mas/ledger';

function encode(value: unknown): Uint8Array {
  return Buffer.from(
    JSON.stringify(value, (_key, field: unknown) => {
      if (typeof field === 'bigint') return { $bigint: field.toString() };
      if (field instanceof Map) return { $map: [...field].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)) };
      if (field instanceof Uint8Array) return { $bytes: Buffer.from(field).toString('base64') };
      return field;
    }),
  );
}

function decode<Value>(bytes: Uint8Array): Value {
  return JSON.parse(Buffer.from(bytes).toString(), (_key, field: unknown) => {
    if (typeof field !== 'object' || field === null) return field;
    if ('$bigint' in field) return BigInt(String(field.$bigint));
    if ('$map' in field) return new Map(field.$map as [unknown, unknown][]);
    if ('$bytes' in field) return Buffer.from(String(field.$bytes), 'base64');
    return field;
  }) as Value;
}

export const jsonLedgerCodec: LedgerCodec = {
  encodeInstruction: encode,
  decodeInstruction: (bytes) => decode<Instruction>(bytes),
  encodeEntry: (stampMs, instructions) => encode({ stampMs, instructions: instructions.map((bytes) => decode(bytes)) }),
  decodeEntry: (bytes) => decode<LedgerEntry>(bytes),
};

export const jsonRowCodec: RowCodec = {
  encodeChunk: encode,
  decodeChunk: (bytes) => decode<SnapshotChunk>(bytes),
  encodeCheckpoint: encode,
  decodeCheckpoint: (bytes) => decode<Checkpoint>(bytes),
  encodeMeta: encode,
  decodeMeta: (bytes) => decode<BucketMeta>(bytes),
};
