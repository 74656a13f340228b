/**
 * While this process leads the meta group: it changes where replicas should be, a few groups at a time, until what operators want is reached (docs/adr/0022, rule 7). A
 * plan is made anew at each look, from the map and from what every node says of its replicas.
 */
import { founderOf, placements, planReplicas, replicasAfter, rosterOf, type Placed, type PlacementMap, type PlanStep } from '@mas/placement';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type Logger, type RmId } from '@mas/values';
import type { MetaReplica } from '../meta/meta-replica';
import { Absences } from './absences';
import { isSettled, type ClusterView } from './cluster-view';
import { SlotsSteward } from './slots-steward';

const LOOK_EVERY_MS = 1_000;
/** Groups whose replicas move at the same time. */
const MAX_MOVING = 2;

export interface StewardPorts {
  readonly meta: () => MetaReplica | null;
  /** What each of these says of its replicas; null: it does not answer. */
  readonly statusOf: (rm: RmId) => Promise<readonly ReplicaStatus[] | null>;
  /** A node that has been silent for so long is replaced on others, where there are any. */
  readonly replaceAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Steward {
  private absences: Absences | null = null;
  private readonly slots: SlotsSteward;
  private stopped = false;

  constructor(private readonly ports: StewardPorts) {
    this.slots = new SlotsSteward(ports.clock, ports.logger);
  }

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped = true;
  }

  /** Of all members. */
  async view(map: PlacementMap): Promise<ClusterView> {
    const answers = await Promise.all(map.resourceManagers.map(async ({ rm }) => ({ rm, replicas: await this.ports.statusOf(rm) })));
    return {
      up: new Set(answers.filter(({ replicas }) => replicas !== null).map(({ rm }) => rm)),
      replicas: answers.flatMap(({ replicas }) => replicas ?? []),
    };
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await delay(this.ports.clock, LOOK_EVERY_MS);
      await this.look();
    }
  }

  private async look(): Promise<void> {
    const meta = this.ports.meta();
    const known = meta?.applier.placement() ?? null;
    // What was noticed while another one led is forgotten.
    if (meta?.isLeading !== true) this.absences = null;
    if (this.stopped || meta === null || !meta.isLeading || known === null || known.cluster === null) return;
    // Nobody has ever changed anything, and nobody could take a replica: everything is as it was founded.
    const { roster, laterBuckets, moves, wishes } = known.cluster;
    const isAsFounded = roster === undefined && laterBuckets === undefined && moves === undefined && wishes === undefined;
    if (isAsFounded && known.resourceManagers.length <= rosterOf(known).replicas) return;
    const view = await this.view(known);
    // While slots move it changes several times a second.
    const map = meta.applier.placement() ?? known;
    const founded = foundedIn(map, view);
    if (founded !== null) {
      await meta.command({ kind: 'change', onVersion: map.version, change: { kind: 'founded', bucket: founded } });
      this.ports.logger.info({ bucket: founded }, 'a new bucket stands on all its replicas');
      return;
    }
    await this.placeReplicas(meta, map, view);
    const now = meta.applier.placement();
    if (!this.stopped && now !== null) await this.slots.look(meta, now, view);
  }

  private async placeReplicas(meta: MetaReplica, map: PlacementMap, view: ClusterView): Promise<void> {
    this.absences ??= new Absences(this.ports.replaceAfterMs, this.ports.clock);
    const away = this.absences.looked(
      map.resourceManagers.map(({ rm }) => rm),
      view.up,
    );
    // One that is being founded may wait for a founder that never comes.
    const moving = placements(map).filter((placed) => founderOf(map, placed.bucket) === null && !isSettled(map, view, placed));
    const steps = planReplicas(map, (rm) => view.up.has(rm), away);
    const placed = nextPlacements(map, view, steps, MAX_MOVING - moving.length);
    const { isBalancing, replicas } = rosterOf(map);
    if (placed.length > 0) {
      await meta.command({ kind: 'change', onVersion: map.version, change: { kind: 'place', placed } });
      this.ports.logger.info({ placed }, 'replicas are to move');
    } else if (isBalancing && steps.length === 0 && moving.length === 0 && map.resourceManagers.every(({ rm }) => view.up.has(rm))) {
      await meta.command({ kind: 'change', onVersion: map.version, change: { kind: 'balance', isBalancing: false, replicas } });
      this.ports.logger.info({}, 'replicas are spread evenly');
    }
  }
}

/** The first of the steps, one for a group, of groups that are where they should be. For balance nobody moves while a replica is away. */
export function nextPlacements(map: PlacementMap, view: ClusterView, steps: readonly PlanStep[], most: number): readonly Placed[] {
  const next: Placed[] = [];
  for (const step of steps) {
    if (next.length >= most) break;
    const placed = placements(map).find(({ bucket }) => bucket === step.bucket);
    if (placed === undefined || next.some(({ bucket }) => bucket === step.bucket) || !isSettled(map, view, placed)) continue;
    if (step.why === 'balance' && !placed.replicas.every((rm) => view.up.has(rm))) continue;
    next.push({ bucket: step.bucket, replicas: replicasAfter(placed.replicas, step) });
  }
  return next;
}

/** The first of the buckets that are being founded whose group is where the map wants it (docs/adr/0031). */
export function foundedIn(map: PlacementMap, view: Pick<ClusterView, 'replicas'>): BucketId | null {
  return placements(map).find((placed) => founderOf(map, placed.bucket) !== null && isSettled(map, view, placed))?.bucket ?? null;
}
