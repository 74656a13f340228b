/** Codecs for tests: JSON that keeps bigints and maps. */
import { PaymentBody, type BucketMeta, type Instruction, type LedgerCodec, type LedgerEntry } from '@mas/ledger';
import type { Checkpoint, SnapshotChunk } from '../applied-store';
import type { RowCodec } from '../row-codec';

function encode(value: unknown): Uint8Array {
  return Buffer.from(
    JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, field: unknown) {
      const own = this[key];
      if (own instanceof PaymentBody) return { $body: Buffer.from(own.bytes).toString('base64') };
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
    if ('$body' in field) return PaymentBody.fromBytes(new Uint8Array(Buffer.from(String(field.$body), 'base64')));
    if ('$bytes' in field) return Buffer.from(String(field.$bytes), 'base64');
    return field;
  }) as Value;
}

export const jsonLedgerCodec: LedgerCodec = {
  encodeInstruction: encode,
  decodeInstruction: (bytes) => decode<Instruction>(bytes),
  encodeEntry: (stampMs, behindUs, instructions) => encode({ stampMs, behindUs, instructions: instructions.map((bytes) => decode(bytes)) }),
  decodeEntry: (bytes) => decode<LedgerEntry>(bytes),
};

export const jsonRowCodec: RowCodec = {
  encodeChunk: encode,
  decodeChunk: (bytes) => decode<SnapshotChunk>(bytes),
  kindOfChunk: (bytes) => decode<SnapshotChunk>(bytes).kind,
  encodeCheckpoint: encode,
  decodeCheckpoint: (bytes) => decode<Checkpoint>(bytes),
  encodeMeta: encode,
  decodeMeta: (bytes) => decode<BucketMeta>(bytes),
};
