/** Machines that are half broken: disks that limp, processes that stall again and again, links that only two miss, and ways that are open in one direction. */
import type { RmId } from '@mas/values';
import type { SimProcess } from '../world/sim-process';
import { CALM_DISK } from '../world/sim-disk';
import type { Fault, FaultSite } from './fault';
import { oneWayCut, singleLink, type BrokenLink } from './links';

/** Each operation of the disk takes so long: for a write and its fsync twice that. */
const LIMP_MS: readonly [number, number] = [150, 500];

/** The machine of a leader, more often than not. */
function someRm(site: FaultSite): RmId {
  const leader = site.cluster.leaderOf(site.pick(site.cluster.buckets));
  return leader !== null && site.random.chance(0.8) ? leader : site.pick(site.cluster.rmIds);
}

/** Unlike slow disks: evenly, long enough to be noticed, and where it hurts. */
export const limpingDisks: Fault = {
  name: 'limping disks',
  bites: ['ails: disk'],
  everyMs: [300, 1_500],
  lastsMs: [1_500, 6_000],
  strike: (site) => {
    const rm = someRm(site);
    const { disk } = site.machine(rm);
    const latencyMs = site.between(LIMP_MS);
    site.note(`the disk of rm-${rm} limps: ${latencyMs.toFixed(0)} ms for a write, as much for its fsync`);
    disk.conditions = { minLatencyMs: latencyMs, maxLatencyMs: latencyMs };
    return () => {
      disk.conditions = CALM_DISK;
    };
  },
};

const FROZEN_MS: readonly [number, number] = [100, 2_000];
const AWAKE_MS: readonly [number, number] = [50, 1_000];
const FLAP_MS = 300;

/** Frozen and awake by turns. */
export const stalls: Fault = {
  name: 'stalls',
  bites: ['stalls that held work up'],
  everyMs: [300, 1_500],
  lastsMs: [1_500, 8_000],
  strike: (site) => {
    const { cluster, random } = site;
    const process = random.chance(0.75) ? cluster.rms.get(someRm(site))?.process : cluster.tms.get(site.pick(cluster.tmNames))?.process;
    if (process === undefined || process.isPaused) return undefined;
    const isEven = random.chance(0.5);
    site.note(`${process.name} stalls again and again${isEven ? `: ${FLAP_MS} ms frozen, ${FLAP_MS} ms awake` : ''}`);
    return flap(site, process, isEven);
  },
};

function flap(site: FaultSite, process: SimProcess, isEven: boolean): () => void {
  const { time } = site.cluster.world;
  let isOver = false;
  const wake = (): void => {
    if (process.isHeldUp) site.count('stalls that held work up');
    process.resume();
  };
  const freeze = (): void => {
    if (isOver || !process.isAlive) return;
    process.pause();
    time.at(isEven ? FLAP_MS : site.between(FROZEN_MS), () => {
      if (isOver) return;
      wake();
      time.at(isEven ? FLAP_MS : site.between(AWAKE_MS), freeze);
    });
  };
  freeze();
  return () => {
    isOver = true;
    wake();
  };
}

function breaks(site: FaultSite, link: BrokenLink | null, counted: string): (() => void) | undefined {
  if (link === null) return undefined;
  const { network } = site.cluster;
  site.note(link.text);
  for (const [from, to] of link.ways) network.block(from, to, counted);
  return () => {
    for (const [from, to] of link.ways) network.unblock(from, to);
  };
}

const PICKED_EVERY_MS: readonly [number, number] = [300, 1_500];
const BROKEN_MS: readonly [number, number] = [1_000, 6_000];

export const singleLinks: Fault = {
  name: 'single links',
  bites: ['messages on single links lost'],
  everyMs: PICKED_EVERY_MS,
  lastsMs: BROKEN_MS,
  strike: (site) =>
    breaks(
      site,
      singleLink(site.cluster, site.pick(site.cluster.buckets), (items) => site.pick(items)),
      'messages on single links lost',
    ),
};

export const oneWayCuts: Fault = {
  name: 'one-way cuts',
  bites: ['messages on one-way cuts lost'],
  everyMs: PICKED_EVERY_MS,
  lastsMs: BROKEN_MS,
  strike: (site) =>
    breaks(
      site,
      oneWayCut(site.cluster, site.pick(site.cluster.buckets), (items) => site.pick(items)),
      'messages on one-way cuts lost',
    ),
};
