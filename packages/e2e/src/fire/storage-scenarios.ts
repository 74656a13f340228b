/** Redis emptied, lost or silent; databases restarted or silent; disks full or slow. */
import { redisCommand } from '../harness/redis-command';
import type { TestServer } from '@mas/test-servers';
import type { Scenario } from './scenario';
import { NEEDS_COMPILER, SMALL_DISK_RM, type World } from './world';

function redisOf({ cluster }: World): TestServer {
  if (cluster.redis === null) throw new Error('this cluster has no Redis');
  return cluster.redis;
}

function sqlOf({ cluster }: World): TestServer {
  if (cluster.sql === null) throw new Error('this cluster has no SQL server');
  return cluster.sql;
}

function server(
  name: string,
  of: (world: World) => TestServer,
  servesMeanwhile: boolean,
  holdMs: number,
  strike: (server: TestServer) => Promise<void> | void,
  lift: (server: TestServer) => Promise<void> | void,
): Scenario {
  return {
    name,
    holdMs,
    servesMeanwhile,
    inject: async (world) => {
      await strike(of(world));
      return async () => {
        await lift(of(world));
      };
    },
  };
}

const storesScenarios: readonly Scenario[] = [
  {
    name: 'empty Redis (FLUSHALL), five times under load',
    holdMs: 1_000,
    servesMeanwhile: true,
    inject: async (world) => {
      for (let times = 0; times < 5; times += 1) {
        await redisCommand(redisOf(world).port, 'FLUSHALL');
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      return () => Promise.resolve();
    },
  },
  server(
    'kill Redis, start it again',
    redisOf,
    true,
    3_000,
    (redis) => redis.kill(),
    (redis) => redis.restart(),
  ),
  server(
    'freeze Redis',
    redisOf,
    true,
    4_000,
    (redis) => redis.pause(),
    (redis) => redis.resume(),
  ),
  server(
    'restart the SQL server in order',
    sqlOf,
    true,
    0,
    (sql) => sql.restart(),
    () => undefined,
  ),
  server(
    'kill the SQL server, start it again',
    sqlOf,
    false,
    1_500,
    (sql) => sql.kill(),
    (sql) => sql.restart(),
  ),
  server(
    'freeze the SQL server',
    sqlOf,
    false,
    4_000,
    (sql) => sql.pause(),
    (sql) => sql.resume(),
  ),
  {
    name: 'kill a leader while Redis is emptied',
    holdMs: 3_000,
    servesMeanwhile: true,
    inject: async (world) => {
      const leader = await world.cluster.leaderOf(1, world.observer);
      await Promise.all([leader.kill(), redisCommand(redisOf(world).port, 'FLUSHALL')]);
      return async () => {
        leader.start();
        await leader.ready();
      };
    },
  },
  {
    name: 'kill everything, Redis and the SQL server too',
    holdMs: 500,
    servesMeanwhile: false,
    inject: async (world) => {
      const all = [...world.cluster.tms, ...world.cluster.rms];
      await Promise.all([...all, redisOf(world), sqlOf(world)].map((one) => one.kill()));
      return async () => {
        await Promise.all([redisOf(world).restart(), sqlOf(world).restart()]);
        for (const one of all) one.start();
        await Promise.all(all.map((one) => one.ready()));
      };
    },
  },
];

function slowDisk(name: string, fsyncDelayMs: number, victims: 'one' | 'all'): Scenario {
  return {
    name,
    holdMs: 5_000,
    servesMeanwhile: true,
    unavailable: (world) => (world.shim === null ? NEEDS_COMPILER : null),
    inject: async (world) => {
      const leader = await world.cluster.leaderOf(1, world.observer);
      const chosen = victims === 'one' ? [leader] : world.cluster.rms;
      for (const { name: victim } of chosen) world.shim?.set(victim, { fsyncDelayMs });
      return () => {
        for (const { name: victim } of chosen) world.shim?.set(victim, {});
        return Promise.resolve();
      };
    },
  };
}

const machineScenarios: readonly Scenario[] = [
  slowDisk("slow disk: a leader's fsync takes 150 ms more", 150, 'one'),
  slowDisk('slow disk: every fsync of every RM takes 60 ms more', 60, 'all'),
  {
    name: "fill the disk of an RM's log",
    holdMs: 4_000,
    servesMeanwhile: true,
    mayStop: true,
    unavailable: (world) => (world.smallDisk === null ? 'needs root on Linux to mount a small file system' : null),
    inject: (world) => {
      world.smallDisk?.fill();
      return Promise.resolve(async () => {
        world.smallDisk?.empty();
        const victim = world.cluster.process(SMALL_DISK_RM);
        if (!victim.running()) victim.start();
        await victim.ready();
      });
    },
  },
];

export const storageScenarios: readonly Scenario[] = [...storesScenarios, ...machineScenarios];
