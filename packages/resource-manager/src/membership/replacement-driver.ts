/**
 * Brings the groups that are led here into line with who counts: where a newer incarnation of an RM has been admitted, it takes
 * the place of the older one, learner first (docs/adr/0011). Level-triggered: it looks at what is, not at what was begun, so any
 * later leader goes on where an earlier one stopped.
 */
import type { MultiRaft } from '@mas/multi-raft';
import type { ClusterNode, LeaderDirectory } from '@mas/placement';
import type { BucketId, Clock, Logger, Timer } from '@mas/values';
import type { ApplyResult } from '../resource-manager-options';

const LOOK_EVERY_MS = 500;

export interface ReplacementPorts {
  readonly host: MultiRaft<ApplyResult>;
  readonly directory: LeaderDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ReplacementDriver {
  private readonly busy = new Set<BucketId>();
  private timer: Timer | null = null;
  private stopped = false;

  constructor(private readonly ports: ReplacementPorts) {}

  start(): void {
    if (this.stopped) return;
    this.timer = this.ports.clock.schedule(LOOK_EVERY_MS, () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private look(): void {
    const nodes = this.ports.directory.placement().map.cluster?.nodes.filter(({ ordinal }) => ordinal > 0) ?? [];
    if (nodes.length === 0) return;
    for (const { group, role, voters, outgoing, formerVoters, learners } of this.ports.host.status()) {
      if (role !== 'leader' || this.busy.has(group)) continue;
      const present = [...voters, ...outgoing, ...formerVoters, ...learners];
      const node = nodes.find(({ rm, ordinal }) => present.some((replica) => replica.rm === rm && replica.ordinal < ordinal));
      if (node !== undefined) void this.renew(group, node);
    }
  }

  private async renew(group: BucketId, node: ClusterNode): Promise<void> {
    const { host, logger } = this.ports;
    const { rm, ordinal, incarnation } = node;
    this.busy.add(group);
    try {
      const outcome = await host.changeReplicas(group, { kind: 'renew', replica: { rm, ordinal } });
      if (outcome === 'done') logger.info({ bucket: group, node: rm, ordinal, incarnation }, 'a replica on a lost disk has been replaced');
      else logger.debug({ bucket: group, node: rm, outcome }, 'a replica on a lost disk is not replaced yet');
    } finally {
      this.busy.delete(group);
    }
  }
}
