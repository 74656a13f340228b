/** Faults of the network: loss, doubles, lateness, and partitions of every shape. */
import type { BucketId, RmId } from '@mas/values';
import type { LeaderWord } from '../cluster/cluster';
import type { Network, NetworkConditions } from '../world/network';
import type { Fault, FaultSite } from './fault';

/** A reign that is cut short ends before its first append, at one of the next few, or while the new leader's log is spreading. */
const FEW_WORDS = 5;
const MANY_WORDS = 16;

function conditions(site: FaultSite, change: Partial<NetworkConditions>): () => void {
  const { network } = site.cluster;
  const before = network.conditions;
  network.conditions = { ...before, ...change };
  return () => {
    // Only what this fault changed goes back: others may be at work.
    const back = Object.fromEntries(Object.keys(change).map((name) => [name, before[name as keyof NetworkConditions]]));
    network.conditions = { ...network.conditions, ...back };
  };
}

export const loss: Fault = {
  name: 'loss',
  bites: ['messages lost'],
  everyMs: [500, 2_000],
  lastsMs: [1_000, 5_000],
  strike: (site) => {
    const lossRate = 0.02 + site.random.unit() * 0.28;
    site.note(`loses ${(lossRate * 100).toFixed(0)} % of messages`);
    return conditions(site, { lossRate });
  },
};

export const duplication: Fault = {
  name: 'duplication',
  bites: ['messages doubled'],
  everyMs: [200, 1_000],
  lastsMs: [2_000, 6_000],
  strike: (site) => {
    const duplicateRate = 0.05 + site.random.unit() * 0.45;
    site.note(`doubles ${(duplicateRate * 100).toFixed(0)} % of messages`);
    return conditions(site, { duplicateRate });
  },
};

export const delays: Fault = {
  name: 'delays',
  bites: ['messages late'],
  everyMs: [500, 1_500],
  lastsMs: [1_000, 5_000],
  strike: (site) => {
    const [lateRate, lateMs] = [0.01 + site.random.unit() * 0.2, site.between([50, 5_000])];
    site.note(`delays ${(lateRate * 100).toFixed(0)} % of messages by up to ${lateMs.toFixed(0)} ms, which reorders them`);
    return conditions(site, { lateRate, lateMs, maxDelayMs: site.between([1, 30]) });
  },
};

/** Leaders are cut off as soon as they are elected, some before their first word, some after a few: figure 8 of the Raft paper. */
export const shortReigns: Fault = {
  name: 'short reigns',
  bites: ['reigns cut short'],
  everyMs: [100, 400],
  lastsMs: [6_000, 12_000],
  strike: (site) => {
    const { cluster } = site;
    // Those of one bucket, and the last one is back when the next one goes; or all, each for a time of its own.
    const bucket = site.pick(cluster.buckets);
    const takesTurns = site.random.chance(0.7);
    site.note(`new leaders ${takesTurns ? `of bucket ${bucket} ` : ''}are cut off from now on${takesTurns ? ', one at a time' : ''}`);
    /** Group → the word of the present reign that is not heard any more. */
    const lastWords = new Map<BucketId, number>();
    let away: { readonly rm: RmId; comeBack(): void } | null = null;
    const endReign = (rm: RmId): void => {
      if (away?.rm === rm) return;
      site.count('reigns cut short');
      const comeBack = cutOff(site, rm);
      if (takesTurns) {
        away?.comeBack();
        away = { rm, comeBack };
      } else {
        cluster.world.time.at(site.between([600, 2_500]), comeBack);
      }
    };
    const hear = ({ rm, group, count }: LeaderWord): void => {
      if (takesTurns && group !== bucket) return;
      if (count === 1) lastWords.set(group, lastWordOf(site));
      if (lastWords.get(group) === count) endReign(rm);
    };
    cluster.onLeaderWord.add(hear);
    const present = cluster.leaderOf(bucket);
    if (present !== null) endReign(present);
    return () => {
      cluster.onLeaderWord.delete(hear);
      away?.comeBack();
    };
  },
};

function lastWordOf({ random }: FaultSite): number {
  const kind = random.unit();
  if (kind < 0.4) return 1;
  return 2 + random.below((kind < 0.7 ? FEW_WORDS : MANY_WORDS) - 1);
}

export function cutOff({ cluster }: FaultSite, leader: RmId): () => void {
  const links = cluster.rmIds.filter((rm) => rm !== leader).flatMap((other) => both(`rm-${leader}`, `rm-${other}`));
  for (const [from, to] of links) cluster.network.block(from, to);
  return () => {
    for (const [from, to] of links) cluster.network.unblock(from, to);
  };
}

/**
 * A leader loses its peers and keeps its clients: the place for stale reads. Now; or at the moment when it would tell its
 * peers of a commit that its clients hear of, so that its successor does not know.
 */
export const peersCutOff: Fault = {
  name: 'peers cut off',
  bites: ['leaders without peers'],
  everyMs: [300, 1_500],
  lastsMs: [1_500, 5_000],
  strike: (site) => {
    const { cluster } = site;
    const bucket = site.pick(cluster.buckets);
    let comeBack: (() => void) | null = null;
    const cut = (leader: RmId, when: string): void => {
      site.note(`rm-${leader} loses its peers${when}`);
      site.count('leaders without peers');
      comeBack = cutOff(site, leader);
    };
    let committed = Infinity;
    const hear = ({ rm, group, commit }: LeaderWord): void => {
      if (group !== bucket || comeBack !== null) return;
      if (commit > committed) cut(rm, ` before it tells them that ${commit} is committed`);
      committed = commit;
    };
    const leader = cluster.leaderOf(bucket);
    if (site.random.chance(0.5)) cluster.onLeaderWord.add(hear);
    else if (leader !== null) cut(leader, '');
    return () => {
      cluster.onLeaderWord.delete(hear);
      comeBack?.();
    };
  },
};

type Shape = (site: FaultSite) => readonly (readonly [string, string])[];

function both(a: string, b: string): readonly (readonly [string, string])[] {
  return [
    [a, b],
    [b, a],
  ];
}

function everybody({ cluster }: FaultSite): readonly string[] {
  return [...cluster.rmIds.map((rm) => `rm-${rm}`), ...cluster.tmNames];
}

const SHAPES: Readonly<Record<string, Shape>> = {
  one: (site) => {
    const alone = `rm-${site.pick(site.cluster.rmIds)}`;
    return everybody(site)
      .filter((other) => other !== alone)
      .flatMap((other) => both(alone, other));
  },
  half: (site) => {
    const side = new Set(everybody(site).filter(() => site.random.chance(0.5)));
    const others = everybody(site).filter((name) => !side.has(name));
    return [...side].flatMap((a) => others.flatMap((b) => both(a, b)));
  },
  /** Each Resource Manager reaches its neighbours only. */
  ring: (site) => {
    const rms = site.cluster.rmIds.map((rm) => `rm-${rm}`);
    if (rms.length < 4) return both(rms[0] ?? '', rms[1] ?? '');
    return rms.flatMap((a, i) => rms.filter((_, j) => Math.abs(i - j) % (rms.length - 1) > 1).map((b) => [a, b] as const));
  },
  'one-way': (site) => {
    const from = site.pick(everybody(site));
    const deaf = everybody(site).filter((other) => other !== from && site.random.chance(0.7));
    return deaf.map((to) => (site.random.chance(0.5) ? [from, to] : [to, from]));
  },
  'TM–RM': (site) => {
    const tm = site.pick(site.cluster.tmNames);
    return site.cluster.rmIds.filter(() => site.random.chance(0.6)).flatMap((rm) => both(tm, `rm-${rm}`));
  },
  'TM–Redis': (site) => both(site.pick(site.cluster.tmNames), 'redis'),
  'RM–SQL': (site) => {
    const rm = site.pick(site.cluster.rmIds);
    return site.random.chance(0.5) ? both(`rm-${rm}`, `sql-${rm}`) : [[`sql-${rm}`, `rm-${rm}`]];
  },
};

export const partitions: Fault = {
  name: 'partitions',
  bites: ['messages blocked', 'sql away', 'sql answers lost', 'redis silent'],
  everyMs: [300, 2_000],
  lastsMs: [700, 5_000],
  strike: (site) => {
    const shape = site.pick(Object.keys(SHAPES));
    const links = SHAPES[shape]?.(site) ?? [];
    site.note(`partition ${shape}: ${links.map(([from, to]) => `${from}⇥${to}`).join(' ')}`);
    const { network } = site.cluster;
    for (const [from, to] of links) network.block(from, to);
    return () => heal(network, site);
  },
};

function heal(network: Network, site: FaultSite): void {
  network.heal();
  site.note('partition ends');
}
