/**
 * A payment is committed by its home and answered, and nobody has told the other bucket yet: the coordinators die, and a majority of the home's replicas is
 * cut off, while the other bucket has its own. Whoever reads there now, or spends there, rests on what a home says that cannot be asked: the
 * place for one that takes silence for "nothing is decided". Needs buckets on different machines, so four of them.
 */
import type { BucketId, RmId } from '@mas/values';
import type { Cluster, Decided } from '../cluster/cluster';
import type { Fault, FaultSite } from './fault';
import { cutOff } from './network-faults';

/** Until the answer has left: a coordinator knows nothing after its death. */
const ANSWERED_MS = 40;

interface Stranded {
  readonly told: BucketId;
  readonly away: readonly RmId[];
}

export const homesOutOfReach: Fault = {
  name: 'homes out of reach',
  bites: ['homes out of reach'],
  everyMs: [300, 1_000],
  lastsMs: [4_000, 6_000],
  strike: (site) => {
    const { cluster } = site;
    const { network, world } = cluster;
    const comeBack: (() => void)[] = [];
    const ways = cluster.tmNames.flatMap((tm) => cluster.rmIds.map((rm) => [tm, `rm-${rm}`] as const));
    let isOver = false;
    const hear = (decided: Decided): void => {
      const stranded = strand(site, decided);
      if (stranded === null) return;
      cluster.onDecided.delete(hear);
      // The answer comes back, and nothing goes there any more.
      for (const [tm, rm] of ways) network.block(tm, rm);
      world.time.at(ANSWERED_MS, () => {
        for (const [tm, rm] of ways) network.unblock(tm, rm);
        if (isOver) return;
        site.note(
          `bucket ${decided.home} has decided, and is out of reach before bucket ${stranded.told} hears of it: rm-${stranded.away.join(', rm-')} are cut off`,
        );
        site.count('homes out of reach');
        for (const name of cluster.tmNames) cluster.tms.get(name)?.kill();
        for (const rm of stranded.away) comeBack.push(cutOff(site, rm));
      });
    };
    cluster.onDecided.add(hear);
    return () => {
      isOver = true;
      cluster.onDecided.delete(hear);
      for (const back of comeBack) back();
    };
  },
};

/** Null: no bucket that is to be told keeps a majority without a majority of the home. */
function strand(site: FaultSite, { home, untold }: Decided): Stranded | null {
  const { cluster } = site;
  const ofHome = votersOf(cluster, home);
  for (const told of new Set(untold)) {
    const others = votersOf(cluster, told);
    const [majority, enough] = [majorityOf(ofHome), majorityOf(others)];
    // Those first whom the other bucket does not need, its leader last.
    const leader = cluster.leaderOf(told);
    const weight = (rm: RmId): number => (rm === leader ? 2 : others.includes(rm) ? 1 : 0);
    const away = [...ofHome].sort((a, b) => weight(a) - weight(b) || a - b).slice(0, majority);
    if (away.length === majority && others.filter((rm) => !away.includes(rm)).length >= enough && enough > 0) return { told, away };
  }
  return null;
}

function votersOf(cluster: Cluster, bucket: BucketId): readonly RmId[] {
  const status = cluster.host(cluster.leaderOf(bucket))?.status();
  return (status?.find((one) => one.group === bucket)?.voters ?? []).map(({ rm }) => rm);
}

function majorityOf(voters: readonly RmId[]): number {
  return voters.length === 0 ? 0 : Math.floor(voters.length / 2) + 1;
}
