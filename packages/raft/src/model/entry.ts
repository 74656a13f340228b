/**
 * One entry of the log, immutable once made, and the two sizes that limits are expressed in:
 * the payload (what a proposer sent) and the stored size (payload plus a small header).
 */
import type { LogIndex, Term } from './ids';

export type EntryType = 'normal' | 'conf-change' | 'conf-change-v2';

export interface Entry {
  readonly term: Term;
  readonly index: LogIndex;
  readonly type: EntryType;
  /** Opaque for 'normal'; see conf-change-codec.ts for the others. Empty for the entry a new leader starts with. */
  readonly data: Uint8Array;
}

/** (term, index) names an entry for good: a leader never makes two entries with one index in one term. */
export interface EntryId {
  readonly term: Term;
  readonly index: LogIndex;
}

export const NO_DATA: Uint8Array = new Uint8Array(0);

/**
 * Bytes of one entry in a length-delimited encoding with tagged variable-length integers, as etcd counts
 * them, so that equal limits cut messages at equal places.
 */
export function entrySizeBytes(entry: Entry): number {
  const dataLength = entry.data.length;
  return (
    (entry.type === 'normal' ? 0 : 2) +
    (1 + varintBytes(entry.term)) +
    (1 + varintBytes(entry.index)) +
    (dataLength === 0 ? 0 : 1 + varintBytes(dataLength) + dataLength)
  );
}

export function entriesSizeBytes(entries: readonly Entry[]): number {
  let total = 0;
  for (const entry of entries) total += entrySizeBytes(entry);
  return total;
}

export function payloadBytes(entries: readonly Entry[]): number {
  let total = 0;
  for (const entry of entries) total += entry.data.length;
  return total;
}

/** How many leading entries fit into `maxBytes`; at least one when there is any, so that nothing gets stuck. */
export function countWithin(entries: readonly Entry[], maxBytes: number): number {
  let size = 0;
  let count = 0;
  for (const entry of entries) {
    size += entrySizeBytes(entry);
    if (count > 0 && size > maxBytes) return count;
    count += 1;
  }
  return count;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
