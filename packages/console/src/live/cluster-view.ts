/** Nodes, buckets and replicas of a status, as the pages show them. */
import type { ClusterStatus } from '@mas/rpc';
import type { BucketView, NodeView, ReplicaView } from '../api/views';
import type { BucketVerdict, Judge } from './judge';

type Replica = ClusterStatus['replicas'][number];

const META = 0;

export function bucketName(bucket: number): string {
  return bucket === META ? 'meta' : String(bucket);
}

export function rmName(rm: number): string {
  return `rm-${rm}`;
}

export function bucketViews(status: ClusterStatus, verdicts: readonly BucketVerdict[]): readonly BucketView[] {
  return verdicts.map((verdict) => {
    const placed = status.placement.buckets.find(({ bucket }) => bucket === verdict.bucket);
    const answering = status.replicas.filter((one) => one.bucket === verdict.bucket);
    // The meta group's place is in no map; its replicas are those that answer and those that are missing from the buckets' nodes.
    const rms = placed?.replicas ?? status.placement.resourceManagers.slice(0, verdict.replicas).map(({ rm }) => rm);
    const commit = Math.max(0, ...answering.map((one) => one.commitIndex));
    const leader = answering.find((one) => one.rm === verdict.leader);
    return {
      name: bucketName(verdict.bucket),
      verdict: verdict.verdict,
      up: verdict.up,
      size: verdict.replicas,
      needed: verdict.needed,
      leader: verdict.leader === null ? null : rmName(verdict.leader),
      term: Math.max(0, ...answering.map((one) => one.term)),
      commit,
      slots: placed === undefined ? null : placed.slots.reduce((sum, { from, to }) => sum + to - from + 1, 0),
      slotRanges: placed?.slots.map(({ from, to }) => `${from}\u2013${to}`).join(', ') ?? '',
      prepared: leader?.preparedLegs ?? 0,
      queued: leader?.queuedProposals ?? 0,
      replicas: rms.map((rm) => ({
        rm: rmName(rm),
        replica: replicaView(
          answering.find((one) => one.rm === rm),
          commit,
        ),
      })),
    };
  });
}

function replicaView(one: Replica | undefined, commit: number): ReplicaView | null {
  if (one === undefined) return null;
  return {
    rm: rmName(one.rm),
    role: one.role,
    term: one.term,
    applied: one.appliedIndex,
    lag: commit - one.appliedIndex,
    unsaved: Math.max(0, one.appliedIndex - one.durableIndex),
    fsyncMs: one.fsyncP50Ms,
    applyMs: one.applyP50Ms,
    prepared: one.preparedLegs,
    queued: one.queuedProposals,
  };
}

export function nodeViews(status: ClusterStatus, verdicts: readonly BucketVerdict[], judge: Judge): readonly NodeView[] {
  return status.placement.resourceManagers.map(({ rm, address }) => {
    const node = status.nodes.find((one) => one.rm === rm);
    const isUp = !status.unreachable.includes(rm);
    const own = status.replicas.filter((one) => one.rm === rm);
    return {
      rm: rmName(rm),
      address,
      isUp,
      isWell: isUp && (node === undefined || node.condition.kind === 'well'),
      condition: !isUp ? 'does not answer' : node === undefined || node.condition.kind === 'well' ? 'well' : `${node.condition.kind}: ${judge.symptoms(node)}`,
      leads: verdicts.filter(({ leader }) => leader === rm).map(({ bucket }) => bucketName(bucket)),
      replicas: own.length,
      fsyncMs: own.find((one) => one.fsyncP50Ms !== null)?.fsyncP50Ms ?? null,
    };
  });
}
