/**
 * The applied state of a measured group: a counter in memory. What is measured is consensus and the log, nothing behind them.
 * With `keepsLog` nothing ever counts as durable, so the log is never compacted and a killed process finds all of it again.
 */
import { EMPTY_CONF_STATE, logIndex, term, ZERO_INDEX, ZERO_TERM, type ConfState, type Entry, type EntryId } from '@mas/raft';
import type { Applier } from '@mas/multi-raft';

const START: EntryId = { index: ZERO_INDEX, term: ZERO_TERM };
const COUNT_BYTES = 8;

export class CountingApplier implements Applier<number> {
  private at: EntryId = START;
  private confState: ConfState = EMPTY_CONF_STATE;
  private entries = 0;

  constructor(private readonly keepsLog: boolean) {}

  /** Entries with data that were applied. */
  get count(): number {
    return this.entries;
  }

  start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }> {
    return Promise.resolve({ applied: this.at, confState: null });
  }

  apply(entries: readonly Entry[], confState: ConfState): Promise<readonly number[]> {
    const results = entries.map((entry) => (entry.type === 'normal' && entry.data.length > 0 ? (this.entries += 1) : this.entries));
    const last = entries[entries.length - 1];
    if (last !== undefined) this.at = { index: last.index, term: last.term };
    this.confState = confState;
    return Promise.resolve(results);
  }

  durable(): EntryId {
    return this.keepsLog ? START : this.at;
  }

  requestCheckpoint(): void {}

  snapshot(): Promise<{ readonly applied: EntryId; readonly confState: ConfState; readonly chunks: AsyncIterable<Uint8Array> }> {
    const bytes = Buffer.alloc(COUNT_BYTES);
    bytes.writeBigUInt64BE(BigInt(this.entries));
    return Promise.resolve({ applied: this.at, confState: this.confState, chunks: once(bytes) });
  }

  async install(at: EntryId, confState: ConfState, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.entries = Number(Buffer.concat(parts).readBigUInt64BE());
    this.at = { index: logIndex(at.index), term: term(at.term) };
    this.confState = confState;
  }

  healthy(): boolean {
    return true;
  }

  onRole(): void {}

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
