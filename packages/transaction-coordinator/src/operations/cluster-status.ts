/** Every replica's own word, and who did not answer. */
import { PlacementIndex, type LeaderDirectory } from '@mas/placement';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import type { Clock, RmId } from '@mas/values';
import type { Caller, CoordinatorService, CoordinatorStatus, NodeStatus, Reply } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { success } from '../reply';
import type { BucketLink } from '../transport/bucket-link';

/** Status is asked of broken clusters as well: who is silent for so long is shown as unreachable. */
const STATUS_TIMEOUT_MS = 2_000;

type Status = Awaited<ReturnType<CoordinatorService['clusterStatus']>> extends Reply<infer Value> ? Value : never;

export class ClusterStatus {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
    private readonly ownStatus: () => CoordinatorStatus,
  ) {}

  async get(caller: Caller): Promise<Reply<Status>> {
    const forbidden = operatorsOnly(caller.subject, "The cluster's status");
    if (forbidden !== null) return forbidden;
    const known = this.directory.placement().map;
    const rms = known.resourceManagers.map((entry) => entry.rm);
    const timeoutMs = Math.min(STATUS_TIMEOUT_MS, Math.max(1, caller.deadlineMs - this.clock.monotonicMs()));
    // Who counts may have changed without any payment noticing.
    const maps = Promise.all(rms.map((rm) => this.link.follower.send(rm, { kind: 'placement' }, timeoutMs)));
    const replies = await Promise.all(rms.map((rm) => this.link.follower.send(rm, { kind: 'status' }, timeoutMs)));
    for (const reply of await maps) if (reply.kind === 'placement' && reply.map !== null) this.directory.adopt(new PlacementIndex(reply.map));
    const replicas: ReplicaStatus[] = [];
    const unreachable: RmId[] = [];
    const nodes: NodeStatus[] = [];
    for (const [i, rm] of rms.entries()) {
      const reply = replies[i];
      if (reply?.kind !== 'status') unreachable.push(rm);
      else {
        replicas.push(...reply.replicas);
        if (reply.condition !== null) nodes.push({ rm, condition: reply.condition, certificatesEndMs: reply.certificatesEndMs });
      }
    }
    return success({ placement: this.directory.placement().map, replicas, unreachable, nodes, coordinator: this.ownStatus() });
  }
}
