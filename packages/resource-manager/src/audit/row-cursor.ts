/** One kind of a snapshot's rows, one at a time; nothing is awaited but the next chunk. */
import type { AccountRow, LegRow } from '@mas/ledger';
import type { SnapshotChunk, SnapshotReader } from '../applied-store';

interface RowOf {
  readonly accounts: AccountRow;
  readonly legs: LegRow;
}

export class RowCursor<Kind extends keyof RowOf> {
  private readonly source: AsyncIterator<SnapshotChunk>;
  private rows: readonly RowOf[Kind][] = [];
  private at = 0;

  constructor(
    reader: SnapshotReader,
    kind: Kind,
    sinceMs: number | null,
    private readonly onChunk: (rows: number) => void,
  ) {
    this.source = reader.chunks([kind], sinceMs)[Symbol.asyncIterator]();
  }

  /** Null: none is left of this chunk. */
  get head(): RowOf[Kind] | null {
    return this.rows[this.at] ?? null;
  }

  pass(): void {
    this.at += 1;
  }

  /** The first row of the next chunk; null behind the last one. */
  async more(): Promise<RowOf[Kind] | null> {
    while (this.at >= this.rows.length) {
      const next = await this.source.next();
      if (next.done === true) return null;
      this.onChunk(next.value.rows.length);
      this.rows = next.value.rows as readonly unknown[] as readonly RowOf[Kind][];
      this.at = 0;
    }
    return this.head;
  }
}
