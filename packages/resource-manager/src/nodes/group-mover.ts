/**
 * Brings the groups that are led here to where their replicas should be (docs/adr/0022), and newer disks into the place of lost ones (docs/adr/0011).
 * Level-triggered: it looks at what is, not at what was begun, so any later leader goes on where an earlier one stopped.
 */
import type { GroupStatus, MultiRaft, ReplicaChange } from '@mas/multi-raft';
import { META_GROUP, type LeaderDirectory, type PlacementMap } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { every, type BucketId, type Clock, type Logger, type RmId, type Timer } from '@mas/values';
import type { ApplyResult } from '../resource-manager-options';
import { nextChange, nextRenewal } from './next-change';

const LOOK_EVERY_MS = 500;

export interface GroupMoverPorts {
  readonly rm: RmId;
  readonly host: MultiRaft<ApplyResult>;
  readonly directory: LeaderDirectory;
  readonly ask: (bucket: BucketId, request: ParticipantRequest) => Promise<ParticipantReply>;
  readonly onMap: (map: PlacementMap) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class GroupMover {
  private readonly busy = new Set<BucketId>();
  /** In vain, since the last one that was not. */
  private readonly attempts = new Map<BucketId, number>();
  private timer: Timer | null = null;
  private stopped = false;

  constructor(private readonly ports: GroupMoverPorts) {}

  start(): void {
    this.timer = every(this.ports.clock, LOOK_EVERY_MS, () => this.look());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private look(): void {
    const { map } = this.ports.directory.placement();
    if (map.cluster === null) return;
    for (const status of this.ports.host.status()) {
      const { group, role, voters } = status;
      if (role !== 'leader' || voters.length === 0 || this.busy.has(group)) continue;
      const renewal = nextRenewal(map, status);
      if (renewal !== null) void this.alone(group, () => this.change(status, renewal));
      else if (this.next(map, status) !== null) void this.alone(group, () => this.move(group));
    }
  }

  /** By a map that the meta group's leader has confirmed for this look: an older one could take back what a later one has brought about. */
  private async move(group: BucketId): Promise<void> {
    const { ask, host, onMap } = this.ports;
    const reply = await ask(META_GROUP, { kind: 'members', bucket: META_GROUP });
    if (this.stopped || reply.kind !== 'members' || reply.map === null) return;
    onMap(reply.map);
    const status = host.status().find((one) => one.group === group);
    const change = status?.role === 'leader' ? this.next(reply.map, status) : null;
    if (status !== undefined && change !== null) await this.change(status, change);
  }

  private next(map: PlacementMap, status: GroupStatus): ReplicaChange | null {
    return nextChange(map, status, this.ports.rm, this.attempts.get(status.group) ?? 0);
  }

  private async change(decidedOn: GroupStatus, change: ReplicaChange): Promise<void> {
    const { host, logger } = this.ports;
    const { group } = decidedOn;
    const outcome = await host.changeReplicas(group, change, decidedOn);
    this.attempts.set(group, outcome === 'done' ? 0 : (this.attempts.get(group) ?? 0) + 1);
    const facts = { bucket: group, change };
    if (outcome === 'done') logger.info(facts, change.kind === 'renew' ? 'a replica on a lost disk has been replaced' : 'the replicas of a group have changed');
    else logger.debug({ ...facts, outcome }, 'the replicas of a group have not changed yet');
  }

  private async alone(group: BucketId, work: () => Promise<void>): Promise<void> {
    this.busy.add(group);
    try {
      await work();
    } finally {
      this.busy.delete(group);
    }
  }
}
