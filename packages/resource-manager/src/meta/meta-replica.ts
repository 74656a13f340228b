/** The meta group on one Resource Manager: its first leader writes the configured placement; others follow the map. */
import type { MultiRaft } from '@mas/multi-raft';
import { META_GROUP, PlacementIndex, type PlacementMap } from '@mas/placement';
import type { ReplicaListener } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { ApplyResult } from '../resource-manager-options';
import { MetaApplier } from './meta-applier';
import { encodePlacement } from './placement-codec';

const GENESIS_RETRY_MS = 500;

export class MetaReplica implements ReplicaListener {
  readonly applier: MetaApplier;
  private reign = 0;

  constructor(
    private readonly host: MultiRaft<ApplyResult>,
    private readonly context: ReplicaContext,
  ) {
    this.applier = new MetaApplier(context, (map) => void context.directory.adopt(new PlacementIndex(map)));
    this.applier.listener = this;
  }

  onLeading(): void {
    this.reign += 1;
    void this.begin(this.reign);
  }

  onFollowing(): void {
    this.reign += 1;
  }

  /** Replaces the map if `map` is newer; the map that is current afterwards, or null where this replica could not tell. */
  async propose(map: PlacementMap): Promise<PlacementMap | null> {
    const proposal = await this.host.propose(META_GROUP, encodePlacement(map));
    return proposal.kind === 'applied' ? this.applier.placement() : null;
  }

  /** Until there is a map or another leader: versions make it harmless to propose the first one twice. */
  private async begin(reign: number): Promise<void> {
    while (reign === this.reign && this.applier.placement() === null) {
      const current = await this.propose(this.context.directory.placement().map);
      if (current !== null) return;
      await new Promise<void>((resolve) => this.context.clock.schedule(GENESIS_RETRY_MS, resolve));
    }
  }
}
