/**
 * LedgerCodec on the wire's own messages. A decoded instruction remembers the bytes it came from, so that a leader
 * that proposes what it received copies bytes instead of encoding again. The memory hangs on the object's identity: a
 * changed copy of an instruction (another subject, say) is another object and is encoded afresh.
 */
import { MAX_INSTRUCTIONS_PER_ENTRY, type Instruction, type LedgerCodec, type LedgerEntry } from '@mas/ledger';
import { readWire, type WireReader } from '../wire/wire-reader';
import { WireWriter } from '../wire/wire-writer';
import { BodyTable } from './body-table';
import { readInstruction, writeInstruction } from './instruction-messages';

/** What one process remembers of the bytes that it has read. */
export class EncodedInstructions {
  /** Of payments. */
  readonly bodies = new BodyTable();
  /** Of instructions that arrived in a request; forgotten with the instruction. */
  private readonly bytes = new WeakMap<Instruction, Uint8Array>();

  remember(instruction: Instruction, bytes: Uint8Array): void {
    this.bytes.set(instruction, bytes);
  }

  of(instruction: Instruction): Uint8Array | undefined {
    return this.bytes.get(instruction);
  }
}

export class ProtoLedgerCodec implements LedgerCodec {
  private readonly writer = new WireWriter();

  /** @param encoded shared with the participant codec that decodes requests in this process. */
  constructor(private readonly encoded: EncodedInstructions = new EncodedInstructions()) {}

  encodeInstruction(instruction: Instruction): Uint8Array {
    const known = this.encoded.of(instruction);
    if (known !== undefined) return known;
    this.writer.discard();
    writeInstruction(this.writer, instruction);
    return this.writer.finish();
  }

  decodeInstruction(bytes: Uint8Array): Instruction {
    return readWire(bytes, readInstruction, 'exact', this.encoded.bodies);
  }

  encodeEntry(stampMs: number, behindUs: number | null, instructions: readonly Uint8Array[]): Uint8Array {
    this.writer.discard();
    this.writer.uint(1, stampMs);
    for (const bytes of instructions) this.writer.encoded(2, bytes);
    this.writer.optionalUint(3, behindUs);
    return this.writer.finish();
  }

  decodeEntry(bytes: Uint8Array): LedgerEntry {
    return readWire(bytes, readEntry, 'exact', this.encoded.bodies);
  }
}

function readEntry(reader: WireReader): LedgerEntry {
  const entry = { stampMs: reader.uint(1), instructions: reader.messages(2, readInstruction), behindUs: reader.optionalUint(3) };
  if (entry.instructions.length > MAX_INSTRUCTIONS_PER_ENTRY) reader.fail(`more than ${MAX_INSTRUCTIONS_PER_ENTRY} instructions`);
  return entry;
}
