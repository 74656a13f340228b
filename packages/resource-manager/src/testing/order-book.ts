/** The meta group's part in moves of slots, as far as the buckets see it: what is ordered, how it ended, and the map that follows from it. */
import { LeaderDirectory, PlacementIndex, type PlacementMap, type SlotsMove } from '@mas/placement';
import { slot, type BucketId, type Slot } from '@mas/values';
import type { OrderedMoves } from '../drivers/move-carrier';

/** Behind every version that the meta group of a test gives by itself. */
const VERSIONS = 1_000;

interface Range {
  readonly from: Slot;
  readonly to: Slot;
}

export class OrderBook implements OrderedMoves {
  readonly endings: { readonly move: number; readonly end: 'adopted' | 'declined' }[] = [];
  private orders: readonly SlotsMove[] = [];
  private paused = false;
  private readonly directories: LeaderDirectory[] = [];

  constructor(private current: PlacementMap) {}

  get map(): PlacementMap {
    return this.current;
  }

  get open(): number {
    return this.orders.length;
  }

  /** Also again, with another word. */
  order(move: SlotsMove): void {
    this.orders = [...this.orders.filter(({ number }) => number !== move.number), move];
  }

  /** Of a process that starts, perhaps with a map that it has kept: it hears of new ones at once. */
  directory(kept: PlacementMap | null = null): LeaderDirectory {
    const directory = new LeaderDirectory(new PlacementIndex(kept !== null && kept.version > this.current.version ? kept : this.current));
    this.directories.push(directory);
    return directory;
  }

  isPaused(): boolean {
    return this.paused;
  }

  pause(isPaused: boolean): void {
    this.paused = isPaused;
  }

  from(bucket: BucketId): readonly SlotsMove[] {
    return this.orders.filter((move) => move.from === bucket);
  }

  ended(move: number, end: 'adopted' | 'declined'): Promise<void> {
    this.endings.push({ move, end });
    const over = this.orders.find(({ number }) => number === move);
    this.orders = this.orders.filter((each) => each !== over);
    if (over !== undefined && end === 'adopted') this.publish(mapAfter(this.current, over));
    return Promise.resolve();
  }

  private publish(map: PlacementMap): void {
    this.current = map;
    for (const directory of this.directories) directory.adopt(new PlacementIndex(map));
  }
}

function mapAfter(map: PlacementMap, { slots, from, to }: SlotsMove): PlacementMap {
  const buckets = map.buckets.map((entry) => {
    if (entry.bucket !== from && entry.bucket !== to) return entry;
    const others = entry.slots.flatMap((range) => without(range, slots));
    return { ...entry, slots: entry.bucket === to ? [...others, slots].sort((a, b) => a.from - b.from) : others };
  });
  return { ...map, version: map.version + VERSIONS, buckets };
}

function without(range: Range, taken: Range): readonly Range[] {
  const before = { from: range.from, to: Math.min(range.to, taken.from - 1) };
  const behind = { from: Math.max(range.from, taken.to + 1), to: range.to };
  return [before, behind].filter(({ from, to }) => from <= to).map(({ from, to }) => ({ from: slot(from), to: slot(to) }));
}
