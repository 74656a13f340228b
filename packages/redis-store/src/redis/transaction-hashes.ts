/**
 * Where transaction entries lie: one hash of pending ones, and one hash of ended ones per window of time, which expires as
 * a whole. A reader looks for an ended entry first, so that a PENDING written late or again never hides a decision. Field:
 * the payment's key. Each method puts a constant number of commands into the caller's pipeline.
 */
import type { ChainableCommander } from 'ioredis';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import type { PaymentKey } from '@mas/values';
import { decodeEntry, encodeEntry } from '../codec/entry-codec';

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

  writePending(commands: ChainableCommander, entries: readonly TransactionEntry[]): void {
    if (entries.length > 0) this.set(commands, this.pendingKey, entries);
  }

  writeEnded(commands: ChainableCommander, entries: readonly TransactionEntry[], nowMs: number): void {
    if (entries.length === 0) return;
    const key = this.endedKey(this.window(nowMs));
    this.set(commands, key, entries);
    commands.pexpire(key, this.retentionMs + 2 * this.windowMs);
    this.forgetPending(commands, entries.map((entry) => entry.key));
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
    const newest = this.window(nowMs) + 1;
    for (let i = 0; i < WINDOWS_READ; i += 1) commands.hmget(this.endedKey(newest - i), ...keys);
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

  private set(commands: ChainableCommander, key: string, entries: readonly TransactionEntry[]): void {
    const fields: string[] = [];
    for (const entry of entries) fields.push(entry.key, encodeEntry(entry));
    commands.hset(key, ...fields);
  }

  private window(nowMs: number): number {
    return Math.floor(nowMs / this.windowMs);
  }

  private endedKey(window: number): string {
    return `${this.prefix}txn:ended:${window}`;
  }
}
