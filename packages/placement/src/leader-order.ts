/**
 * Who should lead which group, so that leaders are spread evenly over nodes of which each holds some of the groups only. Every process computes
 * the same from the same map; while maps differ, two processes may differ, and balance is patient (multi-raft/src/balance).
 */
import type { BucketId, RmId } from '@mas/values';
import { META_GROUP, type PlacementMap } from './placement-map';
import { placements, rosterOf } from './roster';

/** @param fallback order among those that have equally few, and of the rest */
export function leaderOrder(
  map: PlacementMap,
  fallback: (group: BucketId, voters: readonly RmId[]) => readonly RmId[],
): (group: BucketId, voters: readonly RmId[]) => readonly RmId[] {
  const { draining } = rosterOf(map);
  const groups = [...placements(map)]
    .sort((a, b) => a.bucket - b.bucket)
    .map(
      ({ bucket, replicas }): Candidates => ({
        bucket,
        able: fallback(
          bucket,
          [...replicas].filter((rm) => !draining.includes(rm)).sort((a, b) => a - b),
        ),
      }),
    );
  const first = new Spread(groups).first;
  return (group, voters) => {
    const order = fallback(group, voters);
    const rank = (rm: RmId): number => (draining.includes(rm) ? 2 : rm === first.get(group) ? 0 : 1);
    return [...order].sort((a, b) => rank(a) - rank(b) || order.indexOf(a) - order.indexOf(b));
  };
}

interface Candidates {
  readonly bucket: BucketId;
  /** Best first. */
  readonly able: readonly RmId[];
}

/** The meta group has next to nothing to do: whoever leads it leads as much as the others beside it. */
const weightOf = (bucket: BucketId): number => (bucket === META_GROUP ? 0 : 1);

class Spread {
  readonly first = new Map<BucketId, RmId>();
  private readonly leads = new Map<RmId, number>();

  constructor(private readonly groups: readonly Candidates[]) {
    for (const { able } of groups) for (const rm of able) this.leads.set(rm, 0);
    for (const { bucket, able } of groups) {
      const fewest = Math.min(...able.map((rm) => this.load(rm)));
      const chosen = able.find((rm) => this.load(rm) === fewest);
      if (chosen !== undefined) this.lead(bucket, chosen);
    }
    while (this.improve());
  }

  /** One choice after the other leaves some with more than they need to have: they pass groups on, along a chain where it takes one. */
  private improve(): boolean {
    const byLoad = [...this.leads.keys()].sort((a, b) => this.load(b) - this.load(a) || a - b);
    return byLoad.some((fullest) => this.passOn(fullest));
  }

  private passOn(from: RmId): boolean {
    const reachedBy = new Map<RmId, { readonly bucket: BucketId; readonly rm: RmId } | null>([[from, null]]);
    for (const rm of reachedBy.keys()) {
      if (this.load(from) - this.load(rm) >= 2) {
        for (let at = rm, step = reachedBy.get(at); step !== null && step !== undefined; at = step.rm, step = reachedBy.get(at)) this.lead(step.bucket, at);
        return true;
      }
      for (const { bucket, able } of this.groups) {
        if (bucket === META_GROUP || this.first.get(bucket) !== rm) continue;
        for (const next of able) if (!reachedBy.has(next)) reachedBy.set(next, { bucket, rm });
      }
    }
    return false;
  }

  private lead(bucket: BucketId, rm: RmId): void {
    const before = this.first.get(bucket);
    if (before !== undefined) this.leads.set(before, this.load(before) - weightOf(bucket));
    this.first.set(bucket, rm);
    this.leads.set(rm, this.load(rm) + weightOf(bucket));
  }

  private load(rm: RmId): number {
    return this.leads.get(rm) ?? 0;
  }
}
