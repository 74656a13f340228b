/** Links that are cut both ways or one way, delayed, or reset. */
import type { TcpProxy } from '../harness/tcp-proxy';
import type { Scenario } from './scenario';
import type { World } from './world';

const BUCKET = 1;

function cut(name: string, links: (world: World) => Promise<readonly TcpProxy[]> | readonly TcpProxy[], servesMeanwhile: boolean, holdMs = 5_000): Scenario {
  return {
    name,
    holdMs,
    servesMeanwhile,
    inject: async (world) => {
      for (const link of await links(world)) link.set({ kind: 'black-hole', towardsTarget: true, towardsClient: true });
      return () => Promise.resolve(world.cluster.links.openAll());
    },
  };
}

function delayed(name: string, pattern: RegExp, delayMs: number): Scenario {
  return {
    name,
    holdMs: 5_000,
    servesMeanwhile: true,
    inject: ({ cluster }) => {
      for (const link of cluster.links.matching(pattern)) link.delay(delayMs);
      return Promise.resolve(() => Promise.resolve(cluster.links.openAll()));
    },
  };
}

/** What the leader says is lost, or what it hears: on the links that it dials and on those that dial it. */
function oneWay(name: string, lost: 'what it says' | 'what it hears'): Scenario {
  return {
    name,
    holdMs: 6_000,
    servesMeanwhile: true,
    inject: async ({ cluster, observer }) => {
      const { name: leader } = await cluster.leaderOf(BUCKET, observer);
      const says = lost === 'what it says';
      for (const link of cluster.links.matching(new RegExp(`^${leader}>rm`))) link.set({ kind: 'black-hole', towardsTarget: says, towardsClient: !says });
      for (const link of cluster.links.matching(new RegExp(`>${leader}$`))) link.set({ kind: 'black-hole', towardsTarget: !says, towardsClient: says });
      return () => Promise.resolve(cluster.links.openAll());
    },
  };
}

const leaderName = async ({ cluster, observer }: World): Promise<string> => (await cluster.leaderOf(BUCKET, observer)).name;

export const networkScenarios: readonly Scenario[] = [
  cut('cut the leader of a bucket off everybody', async (world) => world.cluster.links.of(await leaderName(world)), true),
  cut('cut two RMs off each other', ({ cluster }) => cluster.links.matching(/^(rm1>rm2|rm2>rm1)$/), true),
  cut('cut all RMs off each other', ({ cluster }) => cluster.links.matching(/^rm\d>rm\d$/), false),
  {
    name: 'cut all processes off each other; old connections stay dead, and nobody is told',
    holdMs: 8_000,
    servesMeanwhile: false,
    inject: ({ cluster }) => {
      const links = cluster.links.matching(/^(rm|tm)\d>rm\d$/);
      for (const link of links) link.set({ kind: 'black-hole', towardsTarget: true, towardsClient: true });
      return Promise.resolve(() => {
        for (const link of links) link.forget();
        return Promise.resolve();
      });
    },
  },
  cut('cut one TM off all RMs', ({ cluster }) => cluster.links.matching(/^tm1>rm/), true),
  cut('cut the TMs off Redis', ({ cluster }) => cluster.links.of('redis'), true),
  cut('cut a leader off its database', async ({ cluster, observer }) => [cluster.links.get(`${(await cluster.leaderOf(BUCKET, observer)).name}>sql`)], true),
  cut('cut all RMs off their databases', ({ cluster }) => cluster.links.of('sql'), false),
  oneWay('one way: the leader hears and is not heard', 'what it says'),
  oneWay('one way: the leader is heard and hears nothing', 'what it hears'),
  delayed('delay 100 ms between the RMs', /^rm\d>rm\d$/, 100),
  delayed('delay 50 ms to Redis', />redis$/, 50),
  delayed('delay 200 ms to the databases', />sql$/, 200),
  {
    name: 'reset the database connections again and again (lost at COMMIT)',
    holdMs: 0,
    servesMeanwhile: true,
    inject: async ({ cluster }) => {
      for (let times = 0; times < 25; times += 1) {
        for (const link of cluster.links.of('sql')) link.reset();
        await new Promise((resolve) => setTimeout(resolve, 70 + times * 7));
      }
      return () => Promise.resolve();
    },
  },
];
