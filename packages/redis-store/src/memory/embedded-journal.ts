/**
 * The embedded stand-in's file, cut into segments: one JSON line per entry or map, appended in order. Like everything in
 * Redis an index only: written without syncs, and a torn, foreign or lost line costs a trace, never a payment.
 *
 * Invariant: files hold at most twice what is live and a few segments more, so a start reads that much, whatever has happened
 * before. When the oldest segment holds nothing that is live, or there is too much of all, what is live of it is written
 * once more at the end and its file goes. Always the oldest: no line outlives one that takes it back. A crash in between leaves
 * lines twice, which reads as once. Nothing is ever needed in one piece, neither a file nor what is written.
 */
import type { PlacementMap } from '@mas/placement';
import { invariant, type Clock, type PaymentKey } from '@mas/values';
import { headOf, type EntryHead } from '../codec/entry-codec';
import { decodePlacement, encodePlacement } from '../codec/value-codec';
import { LineSplitter } from './line-splitter';
import type { Segment, SegmentFiles } from './segment-files';

export interface JournalReader {
  /** @param text decodes to the whole entry. */
  readonly entry: (head: EntryHead, text: string, segment: number) => void;
  readonly forgotten: (key: PaymentKey) => void;
  readonly placement: (map: PlacementMap, segment: number) => void;
}

/** What the owner would not want to miss after a restart. */
export interface LiveLines {
  readonly bytes: () => number;
  readonly isNeeded: (segment: number) => boolean;
  /** Lines of what is live and was last written to `segment`; each that is taken is noted as written to `into()`. Goes on while the owner changes. */
  readonly take: (segment: number, into: () => number) => Iterator<string>;
}

export interface EmbeddedJournalOptions {
  readonly files: SegmentFiles;
  readonly clock: Clock;
  /** It cannot be read or written, said once; null: it is written again. The owner goes on in memory. */
  readonly onTrouble: (trouble: unknown) => void;
  /** Of one file, about. Default 4 MiB. */
  readonly segmentBytes?: number;
}

const SEGMENT_BYTES = 4 << 20;
/** Kept besides twice what is live, in segments. */
const SLACK_SEGMENTS = 4;
/** More than any entry has. */
const MAX_LINE_BYTES = 1 << 20;
/** What waits for the disk; beyond it lines are lost. */
const MAX_QUEUED_CHARS = 8 << 20;
const CARRY_CHARS = 1 << 18;
const RETRY_MS = 1_000;
/** Without it a torn line could name another payment. */
const KEY_END = '.';

export class EmbeddedJournal {
  private readonly segments: { readonly segment: number; bytes: number }[] = [];
  private queue: string[] = [];
  private queuedChars = 0;
  private live: LiveLines | null = null;
  private carrying: Iterator<string> | null = null;
  private isWorking = false;
  private work: Promise<void> = Promise.resolve();
  /** The end of the newest segment may be half a line. */
  private isTorn = true;
  private isFailing = false;
  private retryAtMs = -Infinity;

  constructor(private readonly options: EmbeddedJournalOptions) {}

  /** What earlier runs have left, oldest first, and then the journal is open. Call it once. @param live asked from now on. */
  open(reader: JournalReader, live: LiveLines): void {
    for (const { segment, bytes } of this.found()) {
      this.segments.push({ segment, bytes });
      this.read(segment, reader);
    }
    const newest = this.segments[this.segments.length - 1];
    if (newest === undefined || newest.segment === 0 || newest.bytes >= this.segmentBytes()) this.begin((newest?.segment ?? 0) + 1);
    this.live = live;
    this.wake();
  }

  /** Where the next line will lie, or in a later one. */
  currentSegment(): number {
    return this.current().segment;
  }

  write(line: string): void {
    if (this.options.clock.monotonicMs() < this.retryAtMs) return;
    this.queue.push(line);
    this.queuedChars += line.length;
    if (this.queuedChars > MAX_QUEUED_CHARS) this.failed(new Error(`the disk is behind by ${MAX_QUEUED_CHARS} characters, which are left out`));
    this.wake();
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    while (this.isWorking) await this.work;
    await this.options.files.close();
  }

  private found(): readonly Segment[] {
    try {
      return this.options.files.list();
    } catch (error) {
      this.options.onTrouble(error);
      return [];
    }
  }

  private read(segment: number, reader: JournalReader): void {
    const lines = new LineSplitter(MAX_LINE_BYTES, (line) => {
      const head = line.startsWith('E') ? headOf(line.slice(1)) : null;
      if (head !== null) return reader.entry(head, line.slice(1), segment);
      if (line.startsWith('F') && line.endsWith(KEY_END)) return reader.forgotten(Buffer.from(line.slice(1), 'base64url').toString('utf8') as PaymentKey);
      const map = line.startsWith('P') ? decodePlacement(line.slice(1)) : null;
      if (map !== null) reader.placement(map, segment);
    });
    try {
      this.options.files.read(segment, (bytes) => lines.push(bytes));
      lines.end();
    } catch (error) {
      this.options.onTrouble(error);
    }
  }

  private wake(): void {
    if (this.isWorking || this.options.clock.monotonicMs() < this.retryAtMs) return;
    this.isWorking = true;
    this.work = this.workOff();
  }

  private async workOff(): Promise<void> {
    try {
      for (;;) {
        const text = this.queue.join('');
        this.queue = [];
        this.queuedChars = 0;
        if (text !== '') await this.append(text);
        const cleaned = await this.clean();
        if (!cleaned && this.queue.length === 0) return;
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.isWorking = false;
    }
  }

  private async append(text: string): Promise<void> {
    const bytes = Buffer.from(this.isTorn ? `\n${text}` : text);
    const current = this.current();
    this.isTorn = true;
    await this.options.files.append(current.segment, bytes);
    this.isTorn = false;
    current.bytes += bytes.length;
    if (this.isFailing) this.options.onTrouble(null);
    this.isFailing = false;
    if (current.bytes >= this.segmentBytes()) this.begin(current.segment + 1);
  }

  /** One step of it. @returns whether there was something to do. */
  private async clean(): Promise<boolean> {
    const { live, segments, options } = this;
    const [oldest] = segments;
    if (live === null || oldest === undefined || segments.length === 1) return false;
    if (this.carrying === null) {
      if (live.isNeeded(oldest.segment) && !this.isTooMuch(live)) return false;
      this.carrying = live.take(oldest.segment, () => this.current().segment);
    }
    const text = nextOf(this.carrying);
    if (text !== '') {
      await this.append(text);
      return true;
    }
    this.carrying = null;
    await options.files.remove(oldest.segment);
    segments.shift();
    return true;
  }

  private isTooMuch(live: LiveLines): boolean {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0) > 2 * live.bytes() + SLACK_SEGMENTS * this.segmentBytes();
  }

  /** What waited is lost, and what comes until the next try; what was carried as well, should this process end before it is written again. */
  private failed(error: unknown): void {
    this.queue = [];
    this.queuedChars = 0;
    this.carrying = null;
    this.retryAtMs = this.options.clock.monotonicMs() + RETRY_MS;
    if (!this.isFailing) this.options.onTrouble(error);
    this.isFailing = true;
  }

  private begin(segment: number): void {
    this.segments.push({ segment, bytes: 0 });
  }

  private current(): { readonly segment: number; bytes: number } {
    const current = this.segments[this.segments.length - 1];
    invariant(current !== undefined, 'a journal is opened before it is written');
    return current;
  }

  private segmentBytes(): number {
    return this.options.segmentBytes ?? SEGMENT_BYTES;
  }
}

/** @param text of encodeEntry. */
export function entryLine(text: string): string {
  return `E${text}\n`;
}

export function forgottenLine(key: PaymentKey): string {
  return `F${Buffer.from(key).toString('base64url')}${KEY_END}\n`;
}

export function placementLine(map: PlacementMap): string {
  return `P${encodePlacement(map)}\n`;
}

/** As many lines as are written at once; nothing: there are no more. */
function nextOf(lines: Iterator<string>): string {
  let text = '';
  while (text.length < CARRY_CHARS) {
    const next = lines.next();
    if (next.done === true) break;
    text += next.value;
  }
  return text;
}
