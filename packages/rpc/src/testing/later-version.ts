/**
 * Messages as a later version may write them: behind the known fields of each message, nested ones included, stand fields that nobody here knows, of
 * every wire type. What is kept as it came (instructions, entries, configurations, maps) stays as it is. Test support only.
 */
import { createFileRegistry, fromBinary, type DescMessage, type FileRegistry } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DESCRIPTOR_SET_BASE64 } from '../generated/descriptor-set';

/** Beyond all fields that there are. */
const NEW_FIELD = 5_000;

export const KEPT: ReadonlySet<string> = new Set(
  ['Instruction', 'PaymentBody', 'RaftEntry', 'RaftProposedEntry', 'ConfState', 'PlacementMap'].map((name) => `mas.v1.${name}`),
);

let known: FileRegistry | undefined;

export function messageNamed(name: string): DescMessage {
  known ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(DESCRIPTOR_SET_BASE64, 'base64')));
  const found = known.getMessage(`mas.v1.${name}`);
  if (found === undefined) throw new Error(`there is no message mas.v1.${name}`);
  return found;
}

/** @param into which messages also get new fields; by default all but those that are kept */
export function ofLaterVersion(bytes: Uint8Array, message: DescMessage, into = (name: string): boolean => !KEPT.has(name)): Buffer {
  const reader = new BinaryReader(bytes);
  const writer = new BinaryWriter();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = message.fields.find((one) => one.number === number);
    const nested = field?.fieldKind === 'map' ? undefined : field?.message;
    writer.tag(number, wireType);
    if (wireType !== WireType.LengthDelimited) writer.raw(new Uint8Array(reader.skip(wireType, number)));
    else if (nested === undefined) writer.bytes(reader.bytes());
    else writer.bytes(KEPT.has(nested.typeName) && !into(nested.typeName) ? reader.bytes() : ofLaterVersion(reader.bytes(), nested, into));
  }
  if (into(message.typeName)) addNewFields(writer);
  return Buffer.from(writer.finish());
}

function addNewFields(writer: BinaryWriter): void {
  writer.tag(NEW_FIELD, WireType.Varint).uint32(7);
  writer.tag(NEW_FIELD + 1, WireType.LengthDelimited).string('new');
  // Twice, as a repeated one is.
  writer.tag(NEW_FIELD + 1, WireType.LengthDelimited).string('newer');
  writer.tag(NEW_FIELD + 2, WireType.Bit32).fixed32(7);
  writer.tag(NEW_FIELD + 3, WireType.Bit64).fixed64(7n);
}
