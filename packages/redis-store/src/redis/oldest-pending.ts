/**
 * The oldest open entries, without ever holding all: the hash is read page by page, and only the oldest so far are kept. What
 * is of no use any more goes on the way: whose end is known, and what another version of us has left and nobody here can read.
 */
import type { TransactionEntry } from '@mas/transaction-coordinator';
import { decodeEntry } from '../codec/entry-codec';
import type { RedisLink } from './redis-link';
import type { TransactionKeys } from './transaction-keys';

const SCAN_COUNT = '1000';
/** Entries looked at in one call; more of them wait until these have ended. */
const MAX_SCANNED = 200_000;

type Pipeline = (fill: Parameters<RedisLink['pipeline']>[1]) => Promise<readonly unknown[]>;

export async function oldestPending(
  pipeline: Pipeline,
  keys: TransactionKeys,
  coordinator: string | null,
  limit: number,
): Promise<readonly TransactionEntry[]> {
  let oldest: TransactionEntry[] = [];
  let scanned = 0;
  let cursor = '0';
  do {
    const from = cursor;
    const [page] = await pipeline((commands) => commands.hscan(keys.pendingKey, from, 'COUNT', SCAN_COUNT));
    const [next, flat] = page as readonly [string, readonly string[]];
    const open = await withoutUseless(pipeline, keys, flat);
    const seen = new Set(oldest.map((entry) => entry.key));
    oldest.push(...open.filter((entry) => (coordinator === null || entry.coordinator === coordinator) && !seen.has(entry.key)));
    oldest = oldest.sort((a, b) => a.createdAtMs - b.createdAtMs).slice(0, limit);
    scanned += flat.length / 2;
    cursor = next;
  } while (cursor !== '0' && scanned < MAX_SCANNED);
  return oldest;
}

/** @param flat fields and values of the hash, in turn. */
async function withoutUseless(pipeline: Pipeline, keys: TransactionKeys, flat: readonly string[]): Promise<readonly TransactionEntry[]> {
  const fields = flat.filter((_, i) => i % 2 === 0);
  if (fields.length === 0) return [];
  const [ended] = (await pipeline((commands) => keys.readEnded(commands, fields))) as readonly [readonly (string | null)[]];
  const open = new Map<string, TransactionEntry>();
  for (const [i, field] of fields.entries()) {
    const entry = decodeEntry(flat[2 * i + 1]);
    if (entry !== null && decodeEntry(ended[i]) === null) open.set(field, entry);
  }
  const useless = fields.filter((field) => !open.has(field));
  if (useless.length > 0) await pipeline((commands) => keys.forgetPending(commands, useless));
  return [...open.values()];
}
