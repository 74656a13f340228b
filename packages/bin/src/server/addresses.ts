/**
 * Where the other Resource Managers are: as this process was told at its start, which may be another name than the map's author uses, and
 * by the newest map for those of whom it was not told.
 */
import { rosterOf, type PlacementMap, type ResourceManagerAddress } from '@mas/placement';
import type { RmId } from '@mas/values';

export class Addresses {
  private readonly current: Map<RmId, string>;

  constructor(private readonly told: readonly ResourceManagerAddress[]) {
    this.current = new Map(told.map(({ rm, address }) => [rm, address]));
  }

  /** One object, which changes. */
  get byRm(): ReadonlyMap<RmId, string> {
    return this.current;
  }

  heard(map: PlacementMap): void {
    const { removed } = rosterOf(map);
    const known = new Map(map.resourceManagers.map(({ rm, address }) => [rm, address]));
    for (const { rm, address } of this.told) if (!removed.includes(rm)) known.set(rm, address);
    for (const rm of this.current.keys()) if (!known.has(rm)) this.current.delete(rm);
    for (const [rm, address] of known) this.current.set(rm, address);
  }
}
