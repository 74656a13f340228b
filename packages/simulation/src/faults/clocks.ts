/**
 * Wall clocks that are wrong: set forward or back, by seconds or an hour, standing still, running slow or fast; of one machine, of two,
 * of all, each in its own way. Two Resource Managers are never wrong alike: then most would agree on what is wrong, and nobody could know.
 */
import type { SimProcess } from '../world/sim-process';
import type { Fault, FaultSite } from './fault';

const HOUR_MS = 3_600_000;
/** Clocks nearer to each other agree (packages/health), with what a drift adds meanwhile. */
const ALIKE_MS = 1_500;
const TRIES = 20;
const RATES = [0, 0.5, 1.5, 2];

export const clockJumps: Fault = {
  name: 'clock jumps',
  bites: ['clock jumps'],
  everyMs: [300, 1_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const processes = running(site);
    if (processes.length === 0) return;
    const process = site.pick(processes);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const byMs = Math.round(site.between(site.random.chance(0.3) ? [-HOUR_MS, HOUR_MS] : [-5_000, 5_000]));
      if (!isLikeAnother(site, process, process.wallOffset + byMs)) {
        site.note(`the wall clock of ${process.name} jumps by ${byMs} ms`);
        site.count('clock jumps');
        process.jumpWallClock(byMs);
        return;
      }
    }
  },
};

export const clockDrift: Fault = {
  name: 'clock drift',
  bites: ['clocks that drift'],
  everyMs: [1_000, 4_000],
  lastsMs: [500, 6_000],
  strike: (site) => {
    const processes = running(site);
    if (processes.length === 0) return undefined;
    const process = site.pick(processes);
    const rate = site.pick(RATES);
    site.note(`the wall clock of ${process.name} runs ${rate} times as fast`);
    site.count('clocks that drift');
    process.runWallClock(rate);
    return () => {
      process.runWallClock(1);
      if (isLikeAnother(site, process, process.wallOffset)) process.setWallClockRight();
    };
  },
};

function running({ cluster }: FaultSite): readonly SimProcess[] {
  return [...[...cluster.rms.values()].map((rm) => rm.process), ...[...cluster.tms.values()].map((tm) => tm.process)];
}

/** Another Resource Manager, which may be down, is wrong by about as much. */
function isLikeAnother({ cluster }: FaultSite, process: SimProcess, offsetMs: number): boolean {
  const others = cluster.rmIds.flatMap((rm) => {
    const other = cluster.rms.get(rm)?.process;
    return other === process ? [] : [other?.wallOffset ?? cluster.machines.get(rm)?.wallOffsetMs ?? 0];
  });
  return others.some((otherMs) => otherMs !== 0 && Math.abs(otherMs - offsetMs) < ALIKE_MS);
}
