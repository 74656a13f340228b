/** Resource Managers that are not well, and replicas that have stopped, in words; mas-client and the console say the same. */
import { describeVerdict, type Ailment } from '@mas/health';
import { describeStop } from '@mas/resource-manager';
import type { NodeStatus } from '@mas/transaction-coordinator';
import type { ReplicaStatus } from '@mas/two-phase-commit';

const SYMPTOMS: Readonly<Record<Ailment, string>> = {
  disk: 'its writes wait for their fsync',
  stall: 'its event loop stands still again and again',
  store: 'its database does not answer',
  clock: 'its clock is not what most agree on, which counts all the same: set it right (NTP)',
};

export function symptoms({ condition }: NodeStatus): string {
  return condition.kind === 'well' ? '' : condition.of.map((ailment) => SYMPTOMS[ailment]).join('; ');
}

/** Of those that are not well. */
export function conditionLines(nodes: readonly NodeStatus[]): readonly string[] {
  return nodes.flatMap((node) => (node.condition.kind === 'well' ? [] : [`rm-${node.rm} is ${describeVerdict(node.condition)}: ${symptoms(node)}`]));
}

export function stopLines(replicas: readonly ReplicaStatus[]): readonly string[] {
  return replicas.flatMap((one) => (one.stopped === null ? [] : [describeStop({ bucket: one.bucket, ...one.stopped }, one.rm)]));
}
