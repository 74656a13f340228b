/**
 * Bodies of records, by type. Encoders write into a buffer that is large enough (`…Bytes` says how much); decoders
 * throw BodyMalformed, which the reader turns into damage with file and offset.
 *
 *   write:   u8 has hard state · [term u64 · vote u64 (0: none) · commit u64] · count u32 · first index u64
 *            · per entry: term u64 · type u8 · length u32 · data
 *   start:   term u64 · vote u64 · commit u64 · index u64 · term u64 · configuration; the log before it is void
 *   state:   the same fields, restated at the head of a segment; changes nothing
 *   compact: index u64 · term u64          remove, seal: empty
 *   configuration: u8 auto leave · four lists of u32 count · u64 ids
 */
import { indexPlus, logIndex, nodeId, term, ZERO_TERM, type ConfState, type Entry, type EntryId, type EntryType, type HardState, type NodeId } from '@mas/raft';
import { present } from '@mas/values';
import type { LogWrite } from '@mas/multi-raft';

export class BodyMalformed extends Error {}

export interface GroupState {
  readonly hardState: HardState;
  readonly base: EntryId;
  readonly confState: ConfState;
}

export interface DecodedWrite {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
}

const ENTRY_TYPES: readonly EntryType[] = ['normal', 'conf-change', 'conf-change-v2'];
const ENTRY_HEADER_BYTES = 13;
const HARD_STATE_BYTES = 24;
const TWO_TO_32 = 0x1_0000_0000;

export function writeBytes(write: LogWrite): number {
  let size = 1 + (write.hardState === undefined ? 0 : HARD_STATE_BYTES) + 4 + 8;
  for (const entry of write.entries) size += ENTRY_HEADER_BYTES + entry.data.length;
  return size;
}

export function encodeWrite(bytes: Buffer, from: number, write: LogWrite): void {
  const { hardState, entries } = write;
  let at = from;
  bytes[at++] = hardState === undefined ? 0 : 1;
  if (hardState !== undefined) at = putHardState(bytes, at, hardState);
  at = bytes.writeUInt32LE(entries.length, at);
  at = putUint53(bytes, at, entries[0]?.index ?? 0);
  for (const entry of entries) {
    at = putUint53(bytes, at, entry.term);
    bytes[at++] = ENTRY_TYPES.indexOf(entry.type);
    at = bytes.writeUInt32LE(entry.data.length, at);
    bytes.set(entry.data, at);
    at += entry.data.length;
  }
}

/** Entries are views of `bytes`: give it a copy that may live as long as they do. */
export function decodeWrite(bytes: Buffer): DecodedWrite {
  const reader = new Reader(bytes);
  const hardState = reader.uint8() === 1 ? readHardState(reader) : undefined;
  const count = reader.uint32();
  const first = reader.uint53();
  const entries: Entry[] = [];
  // Start-up decodes a million of these: a run of one term is checked once, indexes are minted by stepping.
  let entryTerm = ZERO_TERM;
  for (let index = logIndex(first), i = 0; i < count; index = indexPlus(index, 1), i += 1) {
    const termNumber = reader.uint53();
    if (termNumber !== entryTerm) entryTerm = term(termNumber);
    const type = ENTRY_TYPES[reader.uint8()];
    if (type === undefined) throw new BodyMalformed('unknown entry type');
    entries.push({ term: entryTerm, index, type, data: reader.bytes(reader.uint32()) });
  }
  reader.expectEnd();
  return { hardState, entries };
}

export function stateBytes(state: GroupState): number {
  const { voters, learners, votersOutgoing, learnersNext } = state.confState;
  return HARD_STATE_BYTES + 16 + 1 + 16 + 8 * (voters.length + learners.length + votersOutgoing.length + learnersNext.length);
}

export function encodeState(bytes: Buffer, from: number, state: GroupState): void {
  let at = putHardState(bytes, from, state.hardState);
  at = putUint53(bytes, at, state.base.index);
  at = putUint53(bytes, at, state.base.term);
  const { confState } = state;
  bytes[at++] = confState.autoLeave ? 1 : 0;
  for (const ids of [confState.voters, confState.learners, confState.votersOutgoing, confState.learnersNext]) {
    at = bytes.writeUInt32LE(ids.length, at);
    for (const id of ids) at = putUint53(bytes, at, id);
  }
}

export function decodeState(bytes: Buffer): GroupState {
  const reader = new Reader(bytes);
  const hardState = readHardState(reader);
  const base = { index: logIndex(reader.uint53()), term: term(reader.uint53()) };
  const autoLeave = reader.uint8() === 1;
  const ids = (): NodeId[] => Array.from({ length: reader.uint32() }, () => nodeId(reader.uint53()));
  const confState: ConfState = { voters: ids(), learners: ids(), votersOutgoing: ids(), learnersNext: ids(), autoLeave };
  reader.expectEnd();
  return { hardState, base, confState };
}

export const COMPACT_BYTES = 16;

export function encodeCompact(bytes: Buffer, at: number, upTo: EntryId): void {
  putUint53(bytes, putUint53(bytes, at, upTo.index), upTo.term);
}

export function decodeCompact(bytes: Buffer): EntryId {
  const reader = new Reader(bytes);
  const upTo = { index: logIndex(reader.uint53()), term: term(reader.uint53()) };
  reader.expectEnd();
  return upTo;
}

function putHardState(bytes: Buffer, from: number, hardState: HardState): number {
  const at = putUint53(bytes, putUint53(bytes, from, hardState.term), hardState.vote ?? 0);
  return putUint53(bytes, at, hardState.commit);
}

function readHardState(reader: Reader): HardState {
  const hardTerm = term(reader.uint53());
  const vote = reader.uint53();
  return { term: hardTerm, vote: vote === 0 ? undefined : nodeId(vote), commit: logIndex(reader.uint53()) };
}

function putUint53(bytes: Buffer, at: number, value: number): number {
  bytes.writeUInt32LE(value >>> 0, at);
  return bytes.writeUInt32LE(Math.floor(value / TWO_TO_32), at + 4);
}

class Reader {
  private at = 0;

  constructor(private readonly source: Buffer) {}

  uint8(): number {
    return present(this.source[this.take(1)], 'byte');
  }

  uint32(): number {
    return this.source.readUInt32LE(this.take(4));
  }

  uint53(): number {
    const at = this.take(8);
    const value = this.source.readUInt32LE(at) + this.source.readUInt32LE(at + 4) * TWO_TO_32;
    if (!Number.isSafeInteger(value)) throw new BodyMalformed('a number beyond 2^53');
    return value;
  }

  bytes(length: number): Uint8Array {
    const at = this.take(length);
    return new Uint8Array(this.source.buffer, this.source.byteOffset + at, length);
  }

  expectEnd(): void {
    if (this.at !== this.source.length) throw new BodyMalformed('bytes are left over');
  }

  private take(length: number): number {
    const at = this.at;
    if (at + length > this.source.length) throw new BodyMalformed('the body is too short');
    this.at = at + length;
    return at;
  }
}
