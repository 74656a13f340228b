/** A kind of fault: how it disturbs the cluster for a while, how the disturbance ends, and how one sees that it bit. */
import type { Ordinal } from '@mas/membership';
import type { MemoryTables } from '@mas/testkit/applied-store';
import type { SlotsMove } from '@mas/placement';
import { present, type BucketId, type RmId, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/cluster-parts';
import type { Operator } from '../operator/operator';
import type { FolderImage } from '../world/sim-disk';

export interface Fault {
  readonly name: string;
  /** Any of these counters must have moved, or the run proves nothing. */
  readonly bites: readonly string[];
  /** Called again and again during the time of faults; what it returns ends the disturbance. */
  strike(site: FaultSite): (() => void) | void;
  /** Time between two strikes, and how long one lasts, ms. */
  readonly everyMs: readonly [number, number];
  readonly lastsMs: readonly [number, number];
}

/** Of a Resource Manager at a moment. */
export interface Copy {
  readonly rm: RmId;
  readonly ordinal: Ordinal;
  /** Its log does not go further in the copy. */
  readonly position: number;
  readonly folder: FolderImage;
  readonly tables: MemoryTables;
}

export class FaultSite {
  /** In the order in which they were made. */
  readonly copies: Copy[] = [];
  /** Moves of slots, in the order in which they were ordered. */
  readonly slotsOrdered: SlotsMove[] = [];
  /** Of these, by number, those that have ended. */
  readonly slotsOver = new Set<number>();
  /** The bucket that is being emptied. */
  emptied: BucketId | null = null;
  private numbers = 0;

  constructor(
    readonly cluster: Cluster,
    readonly operator: Operator,
    readonly random: SeededRandom,
  ) {}

  /** For names. */
  number(): number {
    this.numbers += 1;
    return this.numbers;
  }

  machine(rm: RmId): Machine {
    return present(this.cluster.machines.get(rm), 'machine');
  }

  pick<Item>(items: readonly Item[]): Item {
    return present(items[this.random.below(items.length)], 'item');
  }

  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.random.below(left.length), 1));
  }

  between([least, most]: readonly [number, number]): number {
    return least + this.random.unit() * (most - least);
  }

  note(text: string): void {
    this.cluster.world.trace.note(`FAULT ${text}`);
  }

  count(name: string): void {
    this.cluster.world.counters.add(name);
  }
}
