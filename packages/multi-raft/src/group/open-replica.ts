/** Brings a group up: reads where its applied state stands, puts the log in agreement with it, makes the replica. */
import type { BucketId } from '@mas/values';
import type { Applier } from '../applier';
import type { InitialGroup } from '../host';
import type { HostContext } from './host-context';
import { Replica } from './replica';
import { planStart, ReplicaUnusable } from './start-plan';

/** @throws ReplicaUnusable when log and applied state contradict each other. */
export async function openReplica<Result>(
  host: HostContext,
  group: BucketId,
  applier: Applier<Result>,
  initial: InitialGroup | null,
): Promise<Replica<Result>> {
  const state = await applier.start();
  const plan = planStart(host.log.storage(group), state, initial?.confState ?? null);
  switch (plan.kind) {
    case 'refuse':
      await applier.stop();
      throw new ReplicaUnusable(group, plan.why);
    case 'reset': {
      const { at, confState } = plan.start;
      await host.log.reset(group, plan.start);
      return new Replica(host, group, applier, { applied: at, confState });
    }
    case 'resume':
      return new Replica(host, group, applier, plan);
  }
}
