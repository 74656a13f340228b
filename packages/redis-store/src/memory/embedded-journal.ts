/**
 * The embedded stand-in's append file: one JSON line per entry or map. Written without syncs, in order, like everything in
 * Redis an index only; a torn or foreign line is skipped. Rewritten at start-up, so it grows with one run's payments.
 */
import * as fs from 'node:fs';
import type { PlacementMap } from '@mas/placement';
import type { TransactionEntry } from '@mas/transaction-coordinator';
import type { PaymentKey } from '@mas/values';
import { decodeEntry, encodeEntry } from '../codec/entry-codec';
import { decodePlacement, encodePlacement } from '../codec/value-codec';

export interface JournalReader {
  readonly entry: (entry: TransactionEntry) => void;
  readonly forgotten: (key: PaymentKey) => void;
  readonly placement: (map: PlacementMap) => void;
}

/** Without it a torn line could name another payment. */
const KEY_END = '.';

export class EmbeddedJournal {
  private readonly lines: readonly string[];
  private out: fs.WriteStream;

  /** @param onError the file cannot be written: embedding goes on in memory, and its owner says so. */
  constructor(
    private readonly path: string,
    private readonly onError: (error: Error) => void,
  ) {
    this.lines = fs.existsSync(path) ? fs.readFileSync(path, 'utf8').split('\n') : [];
    this.out = this.append(path);
  }

  replay(reader: JournalReader): void {
    for (const line of this.lines) {
      const entry = line.startsWith('E') ? decodeEntry(line.slice(1)) : null;
      if (entry !== null) reader.entry(entry);
      if (line.startsWith('F') && line.endsWith(KEY_END)) reader.forgotten(Buffer.from(line.slice(1), 'base64url').toString('utf8') as PaymentKey);
      const map = line.startsWith('P') ? decodePlacement(line.slice(1)) : null;
      if (map !== null) reader.placement(map);
    }
  }

  entries(entries: readonly TransactionEntry[]): void {
    if (entries.length > 0) this.out.write(entries.map(lineOf).join(''));
  }

  forgotten(key: PaymentKey): void {
    this.out.write(`F${Buffer.from(key).toString('base64url')}${KEY_END}\n`);
  }

  placement(map: PlacementMap): void {
    this.out.write(`P${encodePlacement(map)}\n`);
  }

  /** Replaces the file by what is still worth keeping. Call it right after replaying, before anything is written. */
  compact(contents: { readonly entries: readonly TransactionEntry[]; readonly placement: PlacementMap | null }): void {
    const map = contents.placement === null ? '' : `P${encodePlacement(contents.placement)}\n`;
    const next = `${this.path}.new`;
    fs.writeFileSync(next, contents.entries.map(lineOf).join('') + map, { mode: 0o600 });
    fs.renameSync(next, this.path);
    this.out.end();
    this.out = this.append(this.path);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.out.end(resolve));
  }

  private append(path: string): fs.WriteStream {
    const out = fs.createWriteStream(path, { flags: 'a', mode: 0o600 });
    out.on('error', this.onError);
    return out;
  }
}

function lineOf(entry: TransactionEntry): string {
  return `E${encodeEntry(entry)}\n`;
}
