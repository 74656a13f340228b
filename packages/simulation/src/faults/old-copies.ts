/**
 * The folder of a Resource Manager, its database, or both are set back to a copy of some seconds ago, as from a backup or a snapshot
 * of a virtual machine. What it acknowledged since then is forgotten. Only copies that the design promises to find out are taken: every
 * other machine has written down that this one had come further.
 */
import { PositionMarks } from '@mas/membership';
import type { RmId } from '@mas/values';
import type { Copy, Fault, FaultSite } from './fault';

const PARTS = ['folder', 'database', 'folder and database'] as const;
const MAX_COPIES = 24;

export const oldCopies: Fault = {
  name: 'old copies',
  bites: ['old copies restored'],
  everyMs: [150, 700],
  lastsMs: [0, 0],
  strike: (site) => {
    copy(site, site.pick(site.cluster.rmIds));
    if (!site.random.chance(0.3)) return;
    const part = site.pick(PARTS);
    const fitting = site.copies.filter((one) => mayRestore(site, one, part));
    const [youngest] = fitting.slice(-1);
    if (youngest === undefined) return;
    restore(site, site.random.chance(0.4) ? youngest : site.pick(fitting), part);
  },
};

function copy(site: FaultSite, rm: RmId): void {
  const { cluster, copies } = site;
  const process = cluster.rms.get(rm);
  if (process?.hasStarted !== true || process.parts === null) return;
  const { disk, sql } = site.machine(rm);
  copies.push({ rm, ordinal: process.parts.local.self.ordinal, position: process.parts.log.position(), folder: disk.image(), tables: sql.tables.copy() });
  if (copies.length > MAX_COPIES) copies.shift();
}

function mayRestore(site: FaultSite, { rm, ordinal, position }: Copy, part: (typeof PARTS)[number]): boolean {
  const { cluster, operator } = site;
  if (operator.lost !== null || !operator.mayLose(rm) || cluster.memberOf(rm).ordinal !== ordinal) return false;
  if (part === 'database') return true;
  return cluster.rmIds.every((other) => other === rm || (new PositionMarks(site.machine(other).disk.marks()).of(rm, ordinal)?.position ?? 0) > position);
}

function restore(site: FaultSite, { rm, ordinal, position, folder, tables }: Copy, part: (typeof PARTS)[number]): void {
  const { cluster, operator } = site;
  const machine = site.machine(rm);
  site.note(`the ${part} of rm-${rm} ${part === 'folder and database' ? 'are' : 'is'} set back to a copy, its log to batch ${position}`);
  site.count('old copies restored');
  site.count(`old copies restored: ${part}`);
  cluster.killRm(rm, 'lose', true);
  if (part !== 'database') machine.disk.restore(folder);
  if (part !== 'folder') machine.sql.restore(tables);
  if (part === 'database') {
    operator.replaceIfRefused(rm, ordinal);
    return;
  }
  machine.forgotten = { ordinal, why: `its ${part} ${part === 'folder' ? 'is' : 'are'} a copy of an earlier time` };
  // Without a word of what is wrong he would not know that anything is.
  operator.replace(rm, ordinal, { ...operator.drawWayBack(), waitsForRefusal: true, emptiesFolder: true });
}
