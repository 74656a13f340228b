/**
 * Where transaction entries lie: one hash of pending ones, and one hash of ended ones per window of time, which expires as
 * a whole. A reader looks for an ended entry first, so that a PENDING written late or again never hides a decision. Field:
 * the payment's key. Each method puts a constant number of commands into the caller's pipeline.
 */
import type { ChainableCommander } from 'ioredis';
import type { AttemptId, TransactionEntry } from '@mas/transaction-coordinator';
import type { PaymentKey } from '@mas/values';
import { decodeEntry, encodeEntry } from '../codec/entry-codec';
import { FORGET_ATTEMPTS, REPLACE_ENDED, WRITE_PENDING } from './dao-scripts';

/** An ended entry is found for at least the retention, at most a window longer. */
const WINDOWS_PER_RETENTION = 4;
/** One newer than now, for a Transaction Manager whose clock is ahead; the rest back to the oldest that is not expired. */
const WINDOWS_READ = WINDOWS_PER_RETENTION + 3;

export class TransactionHashes {
  readonly pendingKey: string;
  private readonly windowMs: number;

  constructor(
    private readonly prefix: string,
    private readonly retentionMs: number,
  ) {
    this.pendingKey = `${prefix}txn:pending`;
    this.windowMs = Math.ceil(retentionMs / WINDOWS_PER_RETENTION);
  }

  /** Where there is none yet. */
  beginPending(commands: ChainableCommander, entries: readonly TransactionEntry[]): void {
    if (entries.length > 0) commands.eval(WRITE_PENDING, 1, this.pendingKey, ...fieldsOf(entries));
  }

  writePending(commands: ChainableCommander, entries: readonly TransactionEntry[]): void {
    if (entries.length > 0) commands.hset(this.pendingKey, ...fieldsOf(entries));
  }

  writeEnded(commands: ChainableCommander, entries: readonly TransactionEntry[], nowMs: number): void {
    if (entries.length === 0) return;
    const key = this.endedKey(this.window(nowMs));
    commands.hset(key, ...fieldsOf(entries));
    commands.pexpire(key, this.timeToLiveMs());
    this.forgetPending(commands, entries.map((entry) => entry.key));
  }

  forgetAttempts(commands: ChainableCommander, attempts: readonly AttemptId[]): void {
    commands.eval(FORGET_ATTEMPTS, 1, this.pendingKey, ...attempts.flatMap(({ key, coordinator, createdAtMs }) => [key, coordinator, String(createdAtMs)]));
  }

  /** What is there of each key, newest window first, pending last; to be replaced by `replaceEnded`. */
  pickText(answers: readonly unknown[], count: number): readonly (string | null)[] {
    const columns = answers as readonly (readonly (string | null)[])[];
    return Array.from({ length: count }, (_, i) => columns.map((column) => column[i] ?? null).find((text) => text !== null) ?? null);
  }

  /** Answers the keys whose entry is another than `found` by now. */
  replaceEnded(commands: ChainableCommander, entries: readonly { readonly found: string | null; readonly entry: TransactionEntry }[], nowMs: number): void {
    const keys = [this.endedKey(this.window(nowMs)), ...this.readKeys(nowMs), this.pendingKey];
    commands.eval(REPLACE_ENDED, keys.length, ...keys, String(this.timeToLiveMs()), ...entries.flatMap(({ found, entry }) => [entry.key, found ?? '', encodeEntry(entry)]));
  }

  forgetPending(commands: ChainableCommander, keys: readonly PaymentKey[]): void {
    if (keys.length > 0) commands.hdel(this.pendingKey, ...keys);
  }

  /** Newest window first, then the pending hash; `pick` reads the answers. */
  read(commands: ChainableCommander, keys: readonly PaymentKey[], nowMs: number): void {
    this.readEnded(commands, keys, nowMs);
    commands.hmget(this.pendingKey, ...keys);
  }

  readEnded(commands: ChainableCommander, keys: readonly PaymentKey[], nowMs: number): void {
    for (const key of this.readKeys(nowMs)) commands.hmget(key, ...keys);
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

  /** Newest window first. */
  private readKeys(nowMs: number): readonly string[] {
    const newest = this.window(nowMs) + 1;
    return Array.from({ length: WINDOWS_READ }, (_, i) => this.endedKey(newest - i));
  }

  private timeToLiveMs(): number {
    return this.retentionMs + 2 * this.windowMs;
  }

  private window(nowMs: number): number {
    return Math.floor(nowMs / this.windowMs);
  }

  private endedKey(window: number): string {
    return `${this.prefix}txn:ended:${window}`;
  }
}

function fieldsOf(entries: readonly TransactionEntry[]): string[] {
  const fields: string[] = [];
  for (const entry of entries) fields.push(entry.key, encodeEntry(entry));
  return fields;
}
