/** One entry of a log as JSON for a person: instructions decoded, amounts as strings of minor units, what cannot be read as bytes. */
import type { LedgerCodec } from '@mas/ledger';
import { META_GROUP } from '@mas/placement';
import type { Entry } from '@mas/raft';
import type { BucketId } from '@mas/values';
import { toJson } from '../client/output';

export interface ShownEntry {
  readonly text: string;
  readonly isReadable: boolean;
}

export function shownEntry(bucket: BucketId, entry: Entry, codec: LedgerCodec): ShownEntry {
  const frame = { bucket, index: entry.index, term: entry.term, type: entry.type, bytes: entry.data.length };
  if (entry.data.length === 0) return { text: pretty({ ...frame, instructions: [], note: 'empty: a leader began its term' }), isReadable: true };
  if (entry.type !== 'normal' || bucket === META_GROUP) return { text: pretty({ ...frame, data: Buffer.from(entry.data).toString('hex') }), isReadable: true };
  try {
    const { stampMs, instructions } = codec.decodeEntry(entry.data);
    return { text: pretty({ ...frame, stampMs, stamp: instant(stampMs), instructions }), isReadable: true };
  } catch (error) {
    return {
      text: pretty({ ...frame, problem: error instanceof Error ? error.message : String(error), data: Buffer.from(entry.data).toString('hex') }),
      isReadable: false,
    };
  }
}

function instant(stampMs: number): string | null {
  const date = new Date(stampMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function pretty(value: unknown): string {
  return JSON.stringify(JSON.parse(toJson(value)), null, 2);
}
