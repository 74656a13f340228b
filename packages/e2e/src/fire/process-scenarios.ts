/** Processes that die, stand still, or are restarted. */
import type { MasProcess } from '../harness/mas-process';
import type { Scenario } from './scenario';
import type { World } from './world';

const BUCKET = 1;

function killed(name: string, victims: (world: World) => Promise<readonly MasProcess[]>, servesMeanwhile: boolean, holdMs = 3_000): Scenario {
  return {
    name,
    holdMs,
    servesMeanwhile,
    inject: async (world) => {
      const chosen = await victims(world);
      await Promise.all(chosen.map((victim) => victim.kill()));
      return async () => {
        for (const victim of chosen) victim.start();
        await Promise.all(chosen.map((victim) => victim.ready()));
      };
    },
  };
}

function frozen(name: string, victims: (world: World) => Promise<readonly MasProcess[]>, servesMeanwhile: boolean, holdMs = 5_000): Scenario {
  return {
    name,
    holdMs,
    servesMeanwhile,
    inject: async (world) => {
      const chosen = await victims(world);
      for (const victim of chosen) victim.freeze();
      return () => {
        for (const victim of chosen) victim.thaw();
        return Promise.resolve();
      };
    },
  };
}

const leader = async ({ cluster, observer }: World): Promise<MasProcess> => cluster.leaderOf(BUCKET, observer);
const follower = async (world: World): Promise<MasProcess> => {
  const leading = await leader(world);
  return world.cluster.rms.find((rm) => rm !== leading) ?? leading;
};
const majority = async (world: World): Promise<readonly MasProcess[]> => [await leader(world), await follower(world)];
const tms = (world: World, count: number): Promise<readonly MasProcess[]> => Promise.resolve(world.cluster.tms.slice(0, count));

export const processScenarios: readonly Scenario[] = [
  killed('kill the leader of a bucket', async (world) => [await leader(world)], true),
  killed('kill a follower', async (world) => [await follower(world)], true),
  killed('kill two of three RMs', majority, false),
  killed('kill all RMs at once', (world) => Promise.resolve(world.cluster.rms), false),
  killed('kill one TM of two', (world) => tms(world, 1), true),
  killed('kill both TMs', (world) => tms(world, 2), false),
  killed('kill every process at once', (world) => Promise.resolve([...world.cluster.rms, ...world.cluster.tms]), false, 1_000),
  killed('kill a leader and a TM together', async (world) => [await leader(world), ...(await tms(world, 1))], true),
  frozen('freeze the leader of a bucket', async (world) => [await leader(world)], true),
  frozen('freeze two of three RMs', majority, false),
  frozen('freeze one TM of two', (world) => tms(world, 1), true),
  {
    name: 'restart every process in turn (SIGTERM)',
    holdMs: 0,
    servesMeanwhile: true,
    inject: async ({ cluster }) => {
      for (const one of [...cluster.rms, ...cluster.tms]) {
        await one.stop();
        one.start();
        await one.ready();
      }
      return () => Promise.resolve();
    },
  },
];
