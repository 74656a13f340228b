/**
 * What every exact codec promises, as properties. Test support only.
 * 1. decode(encode(value)) equals value, for every kind.
 * 2. The proto files describe what is on the wire: the generated code reads the bytes and writes the same ones.
 * 3. Damaged bytes are MalformedBytes, never a crash; where they are accepted they are some value's canonical form. (Of an open codec: some value's, with what
 *    nobody here knows beside it.)
 */
import * as fc from 'fast-check';
import { MalformedBytes } from '../wire/malformed-bytes';

export interface GeneratedMessage<Message> {
  decode(bytes: Uint8Array): Message;
  encode(message: Message): { finish(): Uint8Array };
}

export interface ExactCodec<Value> {
  encode(value: Value): Uint8Array;
  decode(bytes: Uint8Array): Value;
}

export function roundTrips<Value>(values: fc.Arbitrary<Value>, codec: ExactCodec<Value>, runs = 300): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(codec.decode(codec.encode(value))).toEqual(value);
    }),
    { numRuns: runs },
  );
}

export function agreesWithProto<Value, Message>(values: fc.Arbitrary<Value>, codec: ExactCodec<Value>, generated: GeneratedMessage<Message>, runs = 300): void {
  fc.assert(
    fc.property(values, (value) => {
      const ours = codec.encode(value);
      // ts-proto assigns map entries as properties, so it loses a fact of this name.
      fc.pre(!Buffer.from(ours).includes('__proto__'));
      const theirs = generated.encode(generated.decode(ours)).finish();
      expect(theirs.length).toBe(ours.length);
      expect(generated.decode(theirs)).toEqual(generated.decode(ours));
    }),
    { numRuns: runs },
  );
}

export function survivesDamage<Value>(
  values: fc.Arbitrary<Value>,
  codec: ExactCodec<Value>,
  runs = 500,
  reads: 'exactly' | 'open' = 'exactly',
): { readonly refused: number; readonly accepted: number } {
  const counts = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(values, damage, (value, harm) => {
      const bytes = harm(Buffer.from(codec.encode(value)));
      let decoded: Value;
      try {
        decoded = codec.decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBytes);
        counts.refused += 1;
        return;
      }
      counts.accepted += 1;
      const canonical = Buffer.from(codec.encode(decoded));
      if (reads === 'exactly') expect(canonical.toString('hex')).toBe(bytes.toString('hex'));
      else expect(() => codec.decode(canonical)).not.toThrow();
    }),
    { numRuns: runs },
  );
  return counts;
}

type Harm = (bytes: Buffer) => Buffer;

const damage: fc.Arbitrary<Harm> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
    ([at, flip]): Harm =>
      (bytes) => {
        if (bytes.length > 0) bytes[at % bytes.length]! ^= flip;
        return bytes;
      },
  ),
  fc.nat().map(
    (at): Harm =>
      (bytes) =>
        bytes.subarray(0, at % (bytes.length + 1)),
  ),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 })).map(
    ([at, extra]): Harm =>
      (bytes) => {
        const cut = at % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, cut), extra, bytes.subarray(cut)]);
      },
  ),
  fc.uint8Array({ maxLength: 60 }).map(
    (noise): Harm =>
      () =>
        Buffer.from(noise),
  ),
);
