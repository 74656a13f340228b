/** A replica of a bucket moves to another Resource Manager and, the next time, back: learner first, then one joint step. */
import type { MemberId } from '@mas/membership';
import type { BucketId, RmId } from '@mas/values';
import type { Fault, FaultSite } from './fault';

export const membership: Fault = {
  name: 'membership changes',
  bites: ['membership changes'],
  everyMs: [300, 1_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const { cluster } = site;
    const bucket = site.pick(cluster.buckets);
    const leader = cluster.leaderOf(bucket);
    const status = cluster
      .host(leader)
      ?.status()
      .find((one) => one.group === bucket);
    if (leader === null || status === undefined) return;
    const { voters } = status;
    const outside = cluster.rmIds.filter((rm) => !voters.some((voter) => voter.rm === rm));
    const driver = cluster.rms.get(leader)?.process;
    const [from, to] = [site.pick(voters), outside.length === 0 ? null : site.pick(outside)];
    void site.operator.moving(
      () => driver?.isAlive === true,
      () => (to === null ? dropAndTakeBack(site, bucket, leader, from) : replace(site, bucket, leader, from, to)),
    );
  },
};

async function replace(site: FaultSite, bucket: BucketId, leader: RmId, remove: MemberId, add: RmId): Promise<void> {
  const { cluster } = site;
  const host = cluster.host(leader);
  const joining = cluster.rms.get(add);
  const manager = joining?.manager ?? null;
  if (host === undefined || joining?.hasStarted !== true || manager === null) return;
  site.note(`the replica of bucket ${bucket} moves from rm-${remove.rm} to rm-${add}`);
  await joining.process.hears(manager.addReplica(bucket)).catch(() => undefined);
  const outcome = await host.changeReplicas(bucket, { kind: 'replace', remove, add: cluster.memberOf(add) });
  site.note(`moving the replica of bucket ${bucket} from rm-${remove.rm} to rm-${add}: ${outcome}`);
  if (outcome === 'done') site.count('membership changes');
}

/** With as many machines as replicas a replica can only go and come back. */
async function dropAndTakeBack(site: FaultSite, bucket: BucketId, leader: RmId, replica: MemberId): Promise<void> {
  const host = site.cluster.host(leader);
  const { rm } = replica;
  if (host === undefined || rm === leader) return;
  site.note(`the replica of bucket ${bucket} on rm-${rm} leaves its group`);
  const left = await host.changeReplicas(bucket, { kind: 'remove', replica });
  const back = await host.changeReplicas(bucket, { kind: 'add', replica: site.cluster.memberOf(rm) });
  site.note(`the replica of bucket ${bucket} on rm-${rm} left (${left}) and came back (${back})`);
  if (left === 'done') site.count('membership changes');
}
