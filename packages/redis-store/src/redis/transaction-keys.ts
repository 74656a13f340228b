/**
 * Where transaction entries lie: open ones in one hash, each ended one in a key of its own that expires. So a Redis that has to
 * evict loses single entries, the oldest or least used. A list has the ended ones in the order of their ends; what is too
 * much of it goes with each write. A reader looks for an ended entry first, so that a PENDING written late or again never
 * hides a decision. Each method puts a constant number of commands into the caller's pipeline.
 */
import type { ChainableCommander } from 'ioredis';
import type { AttemptId, TransactionEntry } from '@mas/transaction-coordinator';
import type { PaymentKey } from '@mas/values';
import { decodeEntry, encodeEntry } from '../codec/entry-codec';
import type { Retention } from '../retention';
import { FORGET_ATTEMPTS, REPLACE_ENDED, WRITE_ENDED, WRITE_PENDING } from './dao-scripts';

export class TransactionKeys {
  readonly pendingKey: string;
  private readonly endedPrefix: string;
  /** Of the scripts that write ended entries. */
  private readonly endingKeys: readonly string[];
  private readonly endingBounds: readonly string[];

  constructor(prefix: string, { ageMs, entries }: Retention) {
    this.pendingKey = `${prefix}txn:pending`;
    this.endedPrefix = `${prefix}ended:`;
    this.endingKeys = [this.pendingKey, `${prefix}ended-order`, this.endedPrefix];
    this.endingBounds = [String(ageMs), String(entries)];
  }

  /** Where there is none yet. */
  beginPending(commands: ChainableCommander, entries: readonly TransactionEntry[]): void {
    if (entries.length > 0) commands.eval(WRITE_PENDING, 1, this.pendingKey, ...fieldsOf(entries));
  }

  writePending(commands: ChainableCommander, entries: readonly TransactionEntry[]): void {
    if (entries.length > 0) commands.hset(this.pendingKey, ...fieldsOf(entries));
  }

  /** What has ended is no longer open, also in a Redis that is full and refuses the rest. */
  writeEnded(commands: ChainableCommander, entries: readonly TransactionEntry[]): void {
    if (entries.length === 0) return;
    commands.eval(WRITE_ENDED, this.endingKeys.length, ...this.endingKeys, ...this.endingBounds, ...fieldsOf(entries));
    this.forgetPending(
      commands,
      entries.map((entry) => entry.key),
    );
  }

  /** Answers the keys whose entry is another than `found` by now. @param entries null: nothing is kept of it. */
  replaceEnded(
    commands: ChainableCommander,
    entries: readonly { readonly key: PaymentKey; readonly found: string | null; readonly entry: TransactionEntry | null }[],
  ): void {
    const fields = entries.flatMap(({ key, found, entry }) => [key, found ?? '', entry === null ? '' : encodeEntry(entry)]);
    commands.eval(REPLACE_ENDED, this.endingKeys.length, ...this.endingKeys, ...this.endingBounds, ...fields);
  }

  forgetAttempts(commands: ChainableCommander, attempts: readonly AttemptId[]): void {
    commands.eval(FORGET_ATTEMPTS, 1, this.pendingKey, ...attempts.flatMap(({ key, coordinator, createdAtMs }) => [key, coordinator, String(createdAtMs)]));
  }

  forgetPending(commands: ChainableCommander, keys: readonly string[]): void {
    if (keys.length > 0) commands.hdel(this.pendingKey, ...keys);
  }

  readEnded(commands: ChainableCommander, keys: readonly string[]): void {
    commands.mget(...keys.map((key) => this.endedPrefix + key));
  }

  /** Ended ones, then open ones; `pick` and `pickText` read the answers. */
  read(commands: ChainableCommander, keys: readonly PaymentKey[]): void {
    this.readEnded(commands, keys);
    commands.hmget(this.pendingKey, ...keys);
  }

  /** What is there of each key; to be replaced by `replaceEnded`. */
  pickText(answers: readonly unknown[], count: number): readonly (string | null)[] {
    const columns = answers as readonly (readonly (string | null)[])[];
    return Array.from({ length: count }, (_, i) => columns.map((column) => column[i] ?? null).find((text) => text !== null) ?? null);
  }

  pick(answers: readonly unknown[], count: number): readonly (TransactionEntry | null)[] {
    const columns = answers as readonly (readonly (string | null)[])[];
    return Array.from({ length: count }, (_, i) => {
      for (const column of columns) {
        const entry = decodeEntry(column[i]);
        if (entry !== null) return entry;
      }
      return null;
    });
  }
}

function fieldsOf(entries: readonly TransactionEntry[]): string[] {
  const fields: string[] = [];
  for (const entry of entries) fields.push(entry.key, encodeEntry(entry));
  return fields;
}
