/** Instructions and entries: round trip, agreement with the proto files, damage, and the reuse of received bytes. */
import * as fc from 'fast-check';
import type { Instruction, LedgerEntry } from '@mas/ledger';
import * as generated from '../generated/mas/v1/instruction';
import { instruction, orNull, safeUint } from '../testing/arbitrary-ledger';
import { agreesWithProto, roundTrips, survivesDamage, type ExactCodec } from '../testing/codec-laws';
import { readWire } from '../wire/wire-reader';
import { EncodedInstructions, ProtoLedgerCodec } from './ledger-codec';

const codec = new ProtoLedgerCodec();
const instructions: ExactCodec<Instruction> = { encode: (value) => codec.encodeInstruction(value), decode: (bytes) => codec.decodeInstruction(bytes) };
const entries: ExactCodec<LedgerEntry> = {
  encode: (entry) =>
    codec.encodeEntry(
      entry.stampMs,
      entry.behindUs,
      entry.instructions.map((each) => codec.encodeInstruction(each)),
    ),
  decode: (bytes) => codec.decodeEntry(bytes),
};
const entry = fc.record({ stampMs: safeUint, behindUs: orNull(safeUint), instructions: fc.array(instruction, { maxLength: 6 }) });

test('every kind of instruction survives the round trip', () => roundTrips(instruction, instructions, 1500));
test('the generated code reads and writes the same instructions', () => agreesWithProto(instruction, instructions, generated.Instruction, 1000));
test('damaged instructions are malformed, or canonical', () => {
  const { refused, accepted } = survivesDamage(instruction, instructions, 3000);
  expect(refused).toBeGreaterThan(500);
  expect(accepted).toBeGreaterThan(50);
});

test('entries survive the round trip', () => roundTrips(entry, entries));
test('the generated code reads and writes the same entries', () => agreesWithProto(entry, entries, generated.LogEntry));
test('damaged entries are malformed, or canonical', () => void survivesDamage(entry, entries));

test.each([
  ['nothing at all', ''],
  ['an instruction of an unknown kind', '820100'],
  ['an unknown field inside a commit', '3a2b0a20' + '00'.repeat(32) + '120161' + '1a0161' + '2201'],
  ['a hash that is too short', '3a050a01001201'],
])('%s is malformed', (_what, hex) => {
  expect(() => codec.decodeInstruction(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ kind: 'malformed-bytes' }) as Error);
});

test('an entry with more instructions than a leg sequence has room for is malformed', () => {
  const expire = codec.encodeInstruction({
    kind: 'expire',
    account: fc.sample(
      instruction.filter((each) => each.kind === 'expire'),
      1,
    )[0]!.account,
    txn: '0'.repeat(64),
  } as Instruction);
  expect(() => codec.decodeEntry(codec.encodeEntry(1, null, new Array<Uint8Array>(2049).fill(expire)))).toThrow('more than 2048 instructions');
});

describe('bytes that were received', () => {
  const encoded = new EncodedInstructions();
  const sharing = new ProtoLedgerCodec(encoded);
  const [received] = fc.sample(instruction, 1) as [Instruction];
  const bytes = codec.encodeInstruction(received);

  test('are used again for the same object', () => {
    encoded.remember(received, bytes);
    expect(sharing.encodeInstruction(received)).toBe(bytes);
  });

  test('never for a changed copy', () => {
    const changed = { ...received };
    expect(sharing.encodeInstruction(changed)).not.toBe(bytes);
    expect(readWire(sharing.encodeInstruction(changed), () => null, 'tolerant')).toBeNull();
  });
});
