/**
 * Port: the byte form of entries. The rpc package implements it with the wire's own messages, so that the bytes of a
 * request are the bytes of the log entry and are encoded once on their way.
 */
import type { Instruction, LedgerEntry } from './instruction';

export interface LedgerCodec {
  encodeInstruction(instruction: Instruction): Uint8Array;
  /** @throws MalformedBytes (kind 'malformed-bytes') for bytes that no encoder of ours wrote. */
  decodeInstruction(bytes: Uint8Array): Instruction;
  /** Joins already encoded instructions under a stamp, and a moment that they lie behind. */
  encodeEntry(stampMs: number, behindUs: number | null, instructions: readonly Uint8Array[]): Uint8Array;
  decodeEntry(bytes: Uint8Array): LedgerEntry;
}
