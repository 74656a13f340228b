/**
 * The stand-in's entries as text: a fifth of the memory that the objects would take. Ended ones are kept up to an age and a
 * number, those that ended last; open ones until they end, up to a number beyond which new ones are not noted: their buckets'
 * leaders end them without us.
 */
import type { Clock, PaymentKey } from '@mas/values';
import type { AttemptId } from '@mas/transaction-coordinator';
import type { EntryHead } from '../codec/entry-codec';
import type { Retention } from '../retention';

interface Stored {
  readonly text: string;
  /** Of the text, as UTF-8. */
  readonly bytes: number;
  /** Of the journal, where its newest line lies. */
  segment: number;
}

interface Open extends Stored {
  readonly coordinator: string;
  readonly createdAtMs: number;
}

interface Ended extends Stored {
  /** Wall ms. */
  readonly expiresMs: number;
}

/** The entries of a table at one moment, for `restore`. */
export interface EntryTableImage {
  readonly open: ReadonlyMap<PaymentKey, Open>;
  readonly ended: ReadonlyMap<PaymentKey, Ended>;
}

/** Beyond what any coordinator has in flight; at most some 40 MB. */
const MAX_OPEN = 50_000;
/** Ended entries looked at for expiry with each write: more than a write adds, so that they never pile up. */
const SWEEP_FACTOR = 2;

export class EntryTable {
  private open = new Map<PaymentKey, Open>();
  /** In the order of their ends. */
  private ended = new Map<PaymentKey, Ended>();
  private readonly liveIn = new Map<number, number>();
  private liveBytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly retention: Retention,
  ) {}

  get bytes(): number {
    return this.liveBytes;
  }

  /** @returns false, and changes nothing, for a PENDING one whose end is known or that finds no room. */
  put(head: EntryHead, text: string, segment: number): boolean {
    const { key, coordinator, createdAtMs, state } = head;
    const isThere = this.open.has(key);
    if (state === 'PENDING' && (this.endedText(key) !== null || (!isThere && this.open.size >= MAX_OPEN))) return false;
    this.dropOpen(key);
    // Counting the bytes also makes one flat string of the pieces that it was put together from.
    const stored = { text, bytes: Buffer.byteLength(text), segment };
    if (state === 'PENDING') {
      this.open.set(key, { ...stored, coordinator, createdAtMs });
      this.count(stored, 1);
      return true;
    }
    this.dropEnded(key);
    this.ended.set(key, { ...stored, expiresMs: (head.endedAtMs ?? this.clock.wallMs()) + this.retention.ageMs });
    this.count(stored, 1);
    this.sweep();
    return true;
  }

  isOpen(key: PaymentKey): boolean {
    return this.open.has(key);
  }

  text(key: PaymentKey): string | null {
    return this.endedText(key) ?? this.open.get(key)?.text ?? null;
  }

  dropOpen(key: PaymentKey): boolean {
    return this.drop(this.open, key);
  }

  isOpenAttempt({ key, coordinator, createdAtMs }: AttemptId): boolean {
    const entry = this.open.get(key);
    return entry !== undefined && entry.coordinator === coordinator && entry.createdAtMs === createdAtMs;
  }

  /** Oldest first. */
  openTexts(coordinator: string | null, limit: number): readonly string[] {
    const found = [...this.open.values()].filter((entry) => coordinator === null || entry.coordinator === coordinator);
    return found
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
      .slice(0, limit)
      .map((entry) => entry.text);
  }

  isNeeded(segment: number): boolean {
    return this.liveIn.has(segment);
  }

  /** Moves what was written to `segment` last, one by one as they are taken. */
  *take(segment: number, into: () => number): Generator<string, undefined> {
    for (const entries of [this.open, this.ended]) {
      for (const stored of entries.values()) {
        if (stored.segment !== segment) continue;
        this.count(stored, -1);
        stored.segment = into();
        this.count(stored, 1);
        yield stored.text;
      }
    }
  }

  clear(): void {
    this.restore({ open: new Map(), ended: new Map() });
  }

  image(): EntryTableImage {
    return { open: new Map(this.open), ended: new Map(this.ended) };
  }

  restore({ open, ended }: EntryTableImage): void {
    this.open = new Map(open);
    this.ended = new Map(ended);
    this.liveIn.clear();
    this.liveBytes = 0;
    for (const entries of [open, ended]) for (const stored of entries.values()) this.count(stored, 1);
  }

  private endedText(key: PaymentKey): string | null {
    const found = this.ended.get(key);
    return found !== undefined && found.expiresMs > this.clock.wallMs() ? found.text : null;
  }

  private dropEnded(key: PaymentKey): void {
    this.drop(this.ended, key);
  }

  private drop(entries: Map<PaymentKey, Stored>, key: PaymentKey): boolean {
    const stored = entries.get(key);
    if (stored === undefined) return false;
    entries.delete(key);
    this.count(stored, -1);
    return true;
  }

  private sweep(): void {
    const nowMs = this.clock.wallMs();
    let looked = 0;
    for (const [key, { expiresMs }] of this.ended) {
      if (looked === SWEEP_FACTOR || (expiresMs > nowMs && this.ended.size <= this.retention.entries)) return;
      this.dropEnded(key);
      looked += 1;
    }
  }

  private count({ segment, bytes }: Stored, sign: 1 | -1): void {
    this.liveBytes += sign * bytes;
    const live = (this.liveIn.get(segment) ?? 0) + sign;
    if (live === 0) this.liveIn.delete(segment);
    else this.liveIn.set(segment, live);
  }
}
