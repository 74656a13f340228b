/**
 * A Resource Manager loses its data folder, its database, or both: what it had promised is forgotten. Its process must say so and
 * end; its operator gives it a new disk. Now and then another machine is away meanwhile, or the old disk is found again.
 */
import type { RmId } from '@mas/values';
import { MemoryTables } from '@mas/testkit/applied-store';
import { EMPTY_FOLDER, type FolderImage } from '../world/sim-disk';
import type { Fault, FaultSite } from './fault';

const LOSSES = ['folder', 'database', 'folder and database'] as const;
type Loss = (typeof LOSSES)[number];

const AWAY_MS: readonly [number, number] = [800, 5_000];
const FOUND_AGAIN_MS: readonly [number, number] = [300, 5_000];

export const lostDisks: Fault = {
  name: 'lost disks',
  bites: ['disks lost'],
  everyMs: [800, 3_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const { operator, random } = site;
    const rm = site.pick(site.cluster.rmIds);
    if (!operator.mayLose(rm)) return;
    const kept = random.chance(0.3) ? oldDisk(site, rm) : null;
    lose(site, rm, site.pick(LOSSES));
    if (random.chance(0.3)) takeAway(site, site.pick(site.cluster.rmIds.filter((other) => other !== rm)));
    if (kept !== null) site.cluster.world.time.at(site.between(FOUND_AGAIN_MS), () => comesBack(site, rm, kept));
  },
};

function lose(site: FaultSite, rm: RmId, what: Loss): void {
  const { cluster, operator } = site;
  const machine = site.machine(rm);
  site.note(`the ${what} of rm-${rm} ${what === 'folder and database' ? 'are' : 'is'} lost`);
  site.count('disks lost');
  site.count(`disks lost: ${what}`);
  const { ordinal } = cluster.memberOf(rm);
  cluster.killRm(rm, 'lose', true);
  if (what !== 'database') machine.disk.restore(EMPTY_FOLDER);
  if (what !== 'folder') machine.sql.restore(new MemoryTables());
  machine.forgotten = { ordinal, why: `the ${what} of rm-${rm} ${what === 'folder and database' ? 'were' : 'was'} lost` };
  operator.replace(rm, ordinal, operator.drawWayBack());
}

function takeAway(site: FaultSite, rm: RmId): void {
  site.note(`rm-${rm} is away meanwhile`);
  site.count('machines away beside a lost disk');
  site.operator.keepDown(rm, site.between(AWAY_MS));
}

interface OldDisk {
  readonly folder: FolderImage;
  readonly tables: MemoryTables;
}

function oldDisk(site: FaultSite, rm: RmId): OldDisk {
  const { disk, sql } = site.machine(rm);
  site.cluster.killRm(rm, 'lose', true);
  return { folder: disk.image(), tables: sql.tables.copy() };
}

/** It remembers everything; who knows that it was replaced turns it away all the same. */
function comesBack(site: FaultSite, rm: RmId, { folder, tables }: OldDisk): void {
  const { cluster } = site;
  const name = `old-rm-${rm}-${site.number()}`;
  site.note(`the old disk of rm-${rm} is back, in another machine`);
  site.count('old disks back');
  const machine = cluster.machine(`sql-${name}`, 0);
  machine.disk.restore(folder);
  machine.sql.restore(tables);
  cluster.startGuest({ rm, name, machine, why: null, onRefused: () => site.count('old disks refused') });
}
