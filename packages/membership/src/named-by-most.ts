/**
 * Which cluster a process belongs to that has no folder of it yet: that which most of those that it dials name. One of them at a wrong
 * address must not make it work for another cluster.
 */
import type { RmId } from '@mas/values';
import type { ClusterId } from './identity';

export class NamedByMost {
  private readonly named = new Map<RmId, ClusterId>();

  /** @param dialled how many are dialled now */
  constructor(private readonly dialled: () => number) {}

  /** @returns the cluster, once more than half of those that are dialled have named it; null before */
  heard(by: RmId, id: ClusterId): ClusterId | null {
    this.named.set(by, id);
    const count = [...this.named.values()].filter((each) => each === id).length;
    return 2 * count > this.dialled() ? id : null;
  }
}
