/**
 * Whether an identity may have been seen before, without asking SQL: never wrong about "no". Every payment asks, so
 * a busy database must not be in the way (a miss is new; only a hit is looked up).
 *
 * A chain of open-addressing tables of 4-byte slots, each twice as large as the one before: a 16-bit fingerprint and
 * the number of the *span* in which the identity was added. A span holds what was added together, so a hit names a
 * narrow range of sequence numbers and a lookup in a long account history stays short. At a fill of at most 0.7 a
 * miss compares about 6 fingerprints per table: false positives 6/65,535 ≈ 0.01 % per table, below 0.1 % over a
 * chain of ten (30 million identities), at 6 to 12 bytes an identity.
 *
 * Memory is bounded: beyond `maxIdentities` the oldest table is given up and its range is answered as "perhaps" from
 * then on, which costs a lookup in SQL per question and never an error.
 */
import { invariant, present, type Random } from '@mas/values';

export interface SeqRange {
  /** Inclusive. */
  readonly from: number;
  readonly to: number;
}

const FIRST_SLOTS = 1 << 14;
const MAX_FILL = 0.7;
const SPANS = 1 << 16;

interface Table {
  readonly slots: Uint32Array;
  readonly mask: number;
  readonly capacity: number;
  /** Identities per span. */
  readonly spanSize: number;
  readonly fromBySpan: Float64Array;
  readonly toBySpan: Float64Array;
  count: number;
}

export class IdFilter {
  private readonly seed: number;
  private tables: Table[] = [];
  private givenUp: SeqRange | null = null;
  private total = 0;

  /**
   * The seed keeps callers from choosing ids that collide.
   * @param hashedChars of the second text's end. All of it where callers choose the text; of a txn, which is a digest,
   *   a part says as much as the whole.
   */
  constructor(
    private readonly maxIdentities: number,
    random: Random,
    private readonly hashedChars = Infinity,
  ) {
    this.seed = random.below(0x1_0000_0000);
    this.tables.push(newTable(FIRST_SLOTS));
  }

  get identities(): number {
    return this.total;
  }

  get bytes(): number {
    return this.tables.reduce((sum, table) => sum + table.slots.byteLength + table.fromBySpan.byteLength * 2, 0);
  }

  /** @param seq the leg's sequence; 0 where only yes or no is asked later. */
  add(first: string, second: string, seq: number): void {
    const table = this.tableWithRoom();
    const span = Math.floor(table.count / table.spanSize);
    const position = this.hash(first, second, 0x811c9dc5);
    let at = position & table.mask;
    while (table.slots[at] !== 0) at = (at + 1) & table.mask;
    table.slots[at] = ((this.fingerprint(position, first, second) << 16) | span) >>> 0;
    table.fromBySpan[span] = Math.min(present(table.fromBySpan[span], 'span'), seq);
    table.toBySpan[span] = Math.max(present(table.toBySpan[span], 'span'), seq);
    table.count += 1;
    this.total += 1;
  }

  /** Ranges in which the identity may lie, newest first; empty: it was never added. */
  lookup(first: string, second: string): readonly SeqRange[] {
    const position = this.hash(first, second, 0x811c9dc5);
    const fingerprint = this.fingerprint(position, first, second);
    let found: SeqRange[] | null = null;
    for (let t = this.tables.length - 1; t >= 0; t -= 1) {
      const table = present(this.tables[t], 'table');
      for (let at = position & table.mask; ; at = (at + 1) & table.mask) {
        const value = table.slots[at] ?? 0;
        if (value === 0) break;
        if (value >>> 16 === fingerprint) {
          const span = value & 0xffff;
          (found ??= []).push({ from: table.fromBySpan[span] ?? 0, to: table.toBySpan[span] ?? 0 });
        }
      }
    }
    if (this.givenUp !== null) (found ??= []).push(this.givenUp);
    if (found === null) return NONE;
    return found.sort((a, b) => b.to - a.to);
  }

  private tableWithRoom(): Table {
    const current = present(this.tables[this.tables.length - 1], 'table');
    if (current.count < current.capacity) return current;
    const table = newTable(current.slots.length * 2);
    this.tables.push(table);
    while (this.tables.length > 1 && this.slotCapacity() > this.maxIdentities) this.giveUp(present(this.tables.shift(), 'oldest table'));
    return table;
  }

  private slotCapacity(): number {
    return this.tables.reduce((sum, table) => sum + table.capacity, 0);
  }

  private giveUp(table: Table): void {
    let from = this.givenUp?.from ?? Number.MAX_SAFE_INTEGER;
    let to = this.givenUp?.to ?? 0;
    for (let span = 0; span * table.spanSize < table.count; span += 1) {
      from = Math.min(from, table.fromBySpan[span] ?? from);
      to = Math.max(to, table.toBySpan[span] ?? to);
    }
    this.givenUp = { from, to };
  }

  /** 16 bits, never 0, so that an empty slot differs from every used one. Other bits than those that give the place. */
  private fingerprint(position: number, first: string, second: string): number {
    const mixed = Math.imul(position ^ Math.imul(first.length * 31 + second.length, 0x9e3779b1) ^ this.tail(second), 0x85ebca6b);
    const bits = ((mixed ^ (mixed >>> 15)) >>> 16) & 0xffff;
    return bits === 0 ? 1 : bits;
  }

  /** The end of a txn or id is where two identities that share a place are most likely to differ. */
  private tail(text: string): number {
    let hash = this.seed;
    for (let i = Math.max(0, text.length - 12); i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995);
    return hash ^ (hash >>> 13);
  }

  private hash(first: string, second: string, start: number): number {
    let hash = start ^ this.seed;
    for (let i = 0; i < first.length; i += 1) hash = Math.imul(hash ^ first.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xff, 0x01000193);
    for (let i = Math.max(0, second.length - this.hashedChars); i < second.length; i += 1) hash = Math.imul(hash ^ second.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

const NONE: readonly SeqRange[] = [];

function newTable(slots: number): Table {
  invariant((slots & (slots - 1)) === 0, 'a table has a power of two of slots', { slots });
  const capacity = Math.floor(slots * MAX_FILL);
  const spanSize = Math.max(16, Math.ceil(capacity / SPANS));
  const spans = Math.ceil(capacity / spanSize);
  return {
    slots: new Uint32Array(slots),
    mask: slots - 1,
    capacity,
    spanSize,
    fromBySpan: new Float64Array(spans).fill(Number.MAX_SAFE_INTEGER),
    toBySpan: new Float64Array(spans),
    count: 0,
  };
}
