/** A kind of fault: how it disturbs the cluster for a while, how the disturbance ends, and how one sees that it bit. */
import { present, type SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';

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

export class FaultSite {
  constructor(
    readonly cluster: Cluster,
    readonly random: SeededRandom,
  ) {}

  pick<Item>(items: readonly Item[]): Item {
    return present(items[this.random.below(items.length)], 'item');
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
