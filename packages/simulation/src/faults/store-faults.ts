/** Faults of the servers behind the processes: Redis emptied, set back or silent; SQL slow, down, or failing at COMMIT, on one machine or on all. */
import { CALM_SQL, type SqlConditions } from '../world/sim-sql';
import type { Fault, FaultSite } from './fault';

export const redisTrouble: Fault = {
  name: 'Redis',
  bites: ['redis flushes', 'redis set back', 'redis silent'],
  everyMs: [300, 1_500],
  lastsMs: [100, 3_000],
  strike: (site) => {
    const { redis } = site.cluster;
    const kind = site.pick(['emptied', 'set back', 'silent'] as const);
    site.note(`Redis is ${kind}`);
    if (kind === 'emptied') redis.flush();
    else if (kind === 'set back') redis.setBack();
    else redis.isSilent = true;
    return () => {
      redis.isSilent = false;
    };
  },
};

function sql(site: FaultSite, what: string, change: Partial<SqlConditions>): () => void {
  const rm = site.pick(site.cluster.rmIds);
  const server = site.cluster.machines.get(rm)?.sql;
  site.note(`the database of rm-${rm} ${what}`);
  if (server !== undefined) server.conditions = { ...server.conditions, ...change };
  return () => {
    if (server !== undefined) server.conditions = CALM_SQL;
  };
}

export const sqlCommits: Fault = {
  name: 'SQL at COMMIT',
  bites: ['sql answers lost', 'sql commits lost'],
  everyMs: [100, 600],
  lastsMs: [1_000, 6_000],
  strike: (site) =>
    sql(site, 'fails at COMMIT, with and without effect', { answerLostRate: site.random.unit() * 0.6, commitLostRate: site.random.unit() * 0.6 }),
};

export const sqlSlow: Fault = {
  name: 'slow SQL',
  bites: ['slow sql'],
  everyMs: [300, 1_200],
  lastsMs: [1_000, 5_000],
  strike: (site) => {
    site.count('slow sql');
    return sql(site, 'is slow', { minLatencyMs: 50, maxLatencyMs: site.between([100, 1_500]) });
  },
};

export const sqlDown: Fault = {
  name: 'SQL down',
  bites: ['sql away'],
  everyMs: [300, 2_000],
  lastsMs: [500, 5_000],
  strike: (site) => sql(site, 'is down', { isDown: true }),
};

/** One server under all databases: nobody is better off, so nobody has anything to hand over to. */
export const sqlEverywhere: Fault = {
  name: 'SQL everywhere',
  bites: ['ails: store'],
  everyMs: [800, 3_000],
  lastsMs: [1_000, 6_000],
  strike: (site) => {
    const isAway = site.random.chance(0.7);
    const change: Partial<SqlConditions> = isAway ? { isDown: true } : { minLatencyMs: 200, maxLatencyMs: site.between([300, 1_500]) };
    site.note(`all databases ${isAway ? 'are away' : 'are slow'}`);
    const servers = [...site.cluster.machines.values()].map((machine) => machine.sql);
    for (const server of servers) server.conditions = { ...server.conditions, ...change };
    return () => {
      for (const server of servers) server.conditions = CALM_SQL;
    };
  },
};
