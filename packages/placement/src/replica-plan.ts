/**
 * Which replicas should move, from where they should be now and which nodes can take one. Pure and deterministic; a plan is never kept: it is
 * made again at each look, and what it has reached it does not touch. Off nodes that drain, up to the number that is wanted, down to it, and,
 * where an operator asks for that, evenly over the nodes.
 */
import { present, type BucketId, type RmId } from '@mas/values';
import { META_GROUP, type PlacementMap } from './placement-map';
import { META_REPLICAS, placements, rosterOf, type Placed } from './roster';

export interface PlanStep {
  readonly bucket: BucketId;
  readonly remove: RmId | null;
  readonly add: RmId | null;
  readonly why: 'drain' | 'away' | 'fill' | 'surplus' | 'balance';
}

/** @param isUp whether the node answers: only such a one is given replicas, and only from such a one they are moved for balance @param away has been silent for so long that others take its replicas, where there are any */
export function planReplicas(map: PlacementMap, isUp: (rm: RmId) => boolean, away: RmId | null = null): readonly PlanStep[] {
  return map.cluster === null ? [] : new Planning(map, isUp, away).steps();
}

/** Where a bucket's replicas should be after a step. */
export function replicasAfter(replicas: readonly RmId[], { remove, add }: Pick<PlanStep, 'remove' | 'add'>): readonly RmId[] {
  const left = replicas.filter((rm) => rm !== remove);
  return add === null ? left : [...left, add];
}

class Planning {
  private readonly groups: { readonly bucket: BucketId; replicas: readonly RmId[] }[];
  private readonly able: readonly RmId[];
  private readonly draining: readonly RmId[];
  private readonly members: number;
  private readonly planned: PlanStep[] = [];

  constructor(
    private readonly map: PlacementMap,
    isUp: (rm: RmId) => boolean,
    private readonly away: RmId | null,
  ) {
    const { draining } = rosterOf(map);
    const staying = (map.cluster?.nodes ?? []).filter(({ rm }) => !draining.includes(rm));
    this.draining = draining;
    this.members = staying.length;
    this.able = staying.filter(({ rm, isLost }) => !isLost && isUp(rm)).map(({ rm }) => rm);
    this.groups = placements(map).map(({ bucket, replicas }) => ({ bucket, replicas }));
  }

  steps(): readonly PlanStep[] {
    for (const group of this.groups) this.leaveDraining(group);
    for (const group of this.groups) this.leaveAway(group);
    for (const group of this.groups) this.fill(group);
    for (const group of this.groups) this.shed(group);
    if (rosterOf(this.map).isBalancing) this.balance();
    return this.planned;
  }

  private leaveDraining(group: Placed): void {
    for (const rm of group.replicas.filter((each) => this.draining.includes(each))) {
      const add = this.leastLoaded(group);
      // Two nodes have no better place for a meta group of three than two replicas; a bucket waits for a node.
      if (add !== undefined) this.step({ bucket: group.bucket, remove: rm, add, why: 'drain' });
      else if (group.replicas.length > Math.max(1, this.wanted(group))) this.step({ bucket: group.bucket, remove: rm, add: null, why: 'drain' });
    }
  }

  private leaveAway(group: Placed): void {
    const { away } = this;
    if (away === null || !group.replicas.includes(away)) return;
    const add = this.leastLoaded(group);
    if (add !== undefined) this.step({ bucket: group.bucket, remove: away, add, why: 'away' });
  }

  private fill(group: Placed): void {
    while (this.replicasOf(group).length < this.wanted(group)) {
      const add = this.leastLoaded(group);
      if (add === undefined) return;
      this.step({ bucket: group.bucket, remove: null, add, why: 'fill' });
    }
  }

  private shed(group: Placed): void {
    while (this.replicasOf(group).length > this.wanted(group)) {
      const replicas = this.replicasOf(group);
      const [most] = [...replicas].sort((a, b) => Number(this.able.includes(a)) - Number(this.able.includes(b)) || this.load(b) - this.load(a) || b - a);
      this.step({ bucket: group.bucket, remove: present(most, 'a replica'), add: null, why: 'surplus' });
    }
  }

  /** The meta group is one small map: it weighs nothing. */
  private balance(): void {
    for (;;) {
      const byLoad = [...this.able].sort((a, b) => this.load(a) - this.load(b) || a - b);
      const [least, most] = [byLoad[0], byLoad.at(-1)];
      if (least === undefined || most === undefined || this.load(most) - this.load(least) < 2) return;
      const group = this.groups.find(({ bucket, replicas }) => bucket !== META_GROUP && replicas.includes(most) && !replicas.includes(least));
      this.step({ bucket: present(group, 'a bucket that only the fuller one has').bucket, remove: most, add: least, why: 'balance' });
    }
  }

  private wanted({ bucket }: Pick<Placed, 'bucket'>): number {
    if (bucket !== META_GROUP) return Math.min(rosterOf(this.map).replicas, Math.max(1, this.members));
    return this.members >= META_REPLICAS ? META_REPLICAS : Math.max(1, Math.min(this.replicasOf({ bucket }).length, this.members));
  }

  private leastLoaded(group: Placed): RmId | undefined {
    const free = this.able.filter((rm) => !this.replicasOf(group).includes(rm));
    return free.sort((a, b) => this.load(a) - this.load(b) || a - b)[0];
  }

  private load(rm: RmId): number {
    return this.groups.filter(({ bucket, replicas }) => bucket !== META_GROUP && replicas.includes(rm)).length;
  }

  private replicasOf({ bucket }: Pick<Placed, 'bucket'>): readonly RmId[] {
    return this.group(bucket).replicas;
  }

  private step(step: PlanStep): void {
    const group = this.group(step.bucket);
    group.replicas = replicasAfter(group.replicas, step);
    this.planned.push(step);
  }

  private group(bucket: BucketId): { replicas: readonly RmId[] } {
    return present(
      this.groups.find((each) => each.bucket === bucket),
      'a planned group',
    );
  }
}
