/**
 * Disks that are lost, and copies that take their place, under load (docs/adr/0011): who has forgotten is refused, the others go on where
 * a majority of them remembers, and the operator's way back ends with a cluster that is whole.
 */
import { Disk, type DiskPart } from '../harness/disk';
import type { MasProcess } from '../harness/mas-process';
import { Operator, type WayBack } from '../harness/operator';
import type { Scenario } from './scenario';
import type { World } from './world';

const BUCKET = 1;
const HOLD_MS = 3_000;
/** Marks are a second old at most. */
const COPY_AGE_MS = 5_000;

interface Loss {
  readonly parts: readonly DiskPart[];
  readonly way: WayBack;
  /** What its neighbour does: there all the time, down from before the loss until the way back is begun, or killed in the middle of it. */
  readonly other: 'up' | 'down' | 'dies';
}

const lossOf: Readonly<Record<string, RegExp>> = {
  folder: /knows rm-\d as another incarnation/,
  database: /is empty, and the data folder has had a database/,
  'folder,database': /knows rm-\d as another incarnation/,
};
const NAMES: Readonly<Record<Loss['other'], string>> = {
  up: '',
  down: ', with another RM down',
  dies: ', and another RM is killed while the new disk is filled',
};

/** A leader, so that it has something to forget. */
function lost({ parts, way, other }: Loss): Scenario {
  const neighbourIsUp = other !== 'down';
  return {
    name: `lose the ${parts.join(' and the ')} of an RM${NAMES[other]} (${way})`,
    holdMs: HOLD_MS,
    servesMeanwhile: neighbourIsUp,
    ...(neighbourIsUp ? { mustServe: BUCKET } : {}),
    refusals: 1,
    inject: async (world) => {
      const { cluster } = world;
      const victim = await cluster.leaderOf(BUCKET, world.observer);
      const neighbour = neighbourOf(world, victim);
      const operator = new Operator(cluster);
      if (other === 'down') await neighbour.kill();
      await victim.kill();
      await new Disk(cluster, victim).lose(...parts);
      victim.start();
      isSaid(await operator.endsRefused(victim), lossOf[parts.join()]);
      return () => wayBack(operator, victim, neighbour, { way, other });
    },
  };
}

async function wayBack(operator: Operator, victim: MasProcess, neighbour: MasProcess, { way, other }: Pick<Loss, 'way' | 'other'>): Promise<void> {
  if (other === 'down') {
    if (way === 'process first') await operator.startsAgain(victim);
    if ((await operator.allows(victim)).code === 0) throw new Error('the word was taken without a majority of the meta group');
    neighbour.start();
    await operator.allow(victim);
    if (way === 'word first') victim.start({ MAS_REJOIN: 'true' });
    await Promise.all([victim.ready(), neighbour.ready()]);
  } else if (other === 'dies') {
    await operator.startsAgain(victim);
    await operator.allow(victim);
    await operator.hears(victim, 'admitted in the place of the lost disk');
    await neighbour.kill();
    await held(HOLD_MS);
    neighbour.start();
    await Promise.all([victim.ready(), neighbour.ready()]);
  } else {
    await operator.rejoin(victim, way);
  }
  await operator.isHealthy();
}

/** The process is restored from what it was some seconds ago, as from a backup: refused, then replaced. */
function restored(...parts: readonly DiskPart[]): Scenario {
  return {
    name: `restore the ${parts.join(' and the ')} of an RM as of ${COPY_AGE_MS / 1_000} seconds ago`,
    holdMs: HOLD_MS,
    servesMeanwhile: true,
    mustServe: BUCKET,
    refusals: 1,
    inject: async (world) => {
      const { cluster } = world;
      const victim = await cluster.leaderOf(BUCKET, world.observer);
      const operator = new Operator(cluster);
      const disk = new Disk(cluster, victim);
      await victim.kill();
      await disk.copy(...parts);
      victim.start();
      await victim.ready();
      await held(COPY_AGE_MS);
      await victim.kill();
      await disk.restore(...parts);
      victim.start();
      isSaid(await operator.endsRefused(victim), /^(?:mas: )?The data of rm-\d is a copy of an earlier time/);
      return async () => {
        await disk.lose('folder');
        await operator.rejoin(victim, 'process first');
        await operator.isHealthy();
      };
    },
  };
}

function neighbourOf({ cluster }: World, victim: MasProcess): MasProcess {
  const found = cluster.rms.find((rm) => rm !== victim);
  if (found === undefined) throw new Error('there is only one Resource Manager');
  return found;
}

function isSaid(line: string, pattern: RegExp | undefined): void {
  if (pattern?.test(line) !== true) throw new Error(`it ended with "${line}", not with ${String(pattern)}`);
}

function held(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const FOLDER = ['folder'] as const;
const DATABASE = ['database'] as const;
const BOTH = ['folder', 'database'] as const;

export const diskScenarios: readonly Scenario[] = [
  lost({ parts: FOLDER, way: 'process first', other: 'up' }),
  lost({ parts: DATABASE, way: 'word first', other: 'up' }),
  lost({ parts: BOTH, way: 'process first', other: 'up' }),
  lost({ parts: FOLDER, way: 'word first', other: 'down' }),
  lost({ parts: DATABASE, way: 'process first', other: 'down' }),
  lost({ parts: BOTH, way: 'word first', other: 'down' }),
  lost({ parts: BOTH, way: 'process first', other: 'dies' }),
  restored(...FOLDER),
  restored(...BOTH),
];
