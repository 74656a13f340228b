/** The meta group on one Resource Manager: its first leader writes the configured placement and who founded the cluster; others follow the map. */
import type { MultiRaft } from '@mas/multi-raft';
import { FOUNDER } from '@mas/membership';
import { META_GROUP, type ClusterRecord, type PlacementMap } from '@mas/placement';
import { delay } from '@mas/values';
import type { ReplicaListener } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { ApplyResult } from '../resource-manager-options';
import { MetaApplier } from './meta-applier';
import { encodeMetaCommand, type MetaCommand } from './meta-command';

const GENESIS_RETRY_MS = 500;
/** Of a cluster that is founded now. */
const NEWEST_TXNS = 2;

export class MetaReplica implements ReplicaListener {
  readonly applier: MetaApplier;
  private reign = 0;
  private leading = false;

  constructor(
    private readonly host: MultiRaft<ApplyResult>,
    private readonly context: ReplicaContext,
    onMap: (map: PlacementMap) => void,
  ) {
    this.applier = new MetaApplier(context, onMap);
    this.applier.listener = this;
  }

  get isLeading(): boolean {
    return this.leading;
  }

  onLeading(): void {
    this.leading = true;
    this.reign += 1;
    void this.begin(this.reign);
  }

  onFollowing(): void {
    this.leading = false;
    this.reign += 1;
  }

  /** The map that is current once the command is applied, whatever it did; null where this replica could not tell. */
  async command(command: MetaCommand): Promise<PlacementMap | null> {
    const proposal = await this.host.propose(META_GROUP, encodeMetaCommand(command));
    return proposal.kind === 'applied' ? this.applier.placement() : null;
  }

  /** Until it is recorded who founded the cluster, or another one leads: the first record counts, so repeating it does no harm. */
  private async begin(reign: number): Promise<void> {
    while (reign === this.reign && (this.applier.placement()?.cluster ?? null) === null) {
      const cluster = this.founders();
      if (cluster === null) return;
      await this.command({ kind: 'found', map: this.context.directory.placement().map, cluster });
      await delay(this.context.clock, GENESIS_RETRY_MS);
    }
  }

  /** Null on a Resource Manager that came later: it leads only where the record is there. */
  private founders(): ClusterRecord | null {
    const { state } = this.context.membership.identity.current();
    if (state.kind !== 'member') return null;
    const { clusterId, founders } = state.founding;
    return { clusterId, nodes: founders.map(({ rm, incarnation }) => ({ rm, incarnation, ordinal: FOUNDER, isLost: false })), txnVersion: NEWEST_TXNS };
  }
}
