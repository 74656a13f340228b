/** Faults of processes and their machines: crashes that lose or tear writes, deaths at a step, pauses, clocks, disks, restarts. */
import type { FailpointName } from '@mas/resource-manager';
import { FAILPOINTS } from '@mas/transaction-coordinator';
import type { RmId } from '@mas/values';
import type { CrashKind } from '../cluster/cluster';
import { CALM_DISK } from '../world/sim-disk';
import type { Fault, FaultSite } from './fault';

const TEARINGS: readonly CrashKind[] = ['lose', 'lose', 'keep', 'prefix', 'sectors'];

function crash(site: FaultSite, rm: RmId): void {
  const tearing = site.pick(TEARINGS);
  const breaks = site.random.chance(0.5);
  if (!site.cluster.rms.has(rm)) return;
  site.note(`rm-${rm} crashes (unsynced writes: ${tearing}; SQL in flight: ${breaks ? 'broken' : 'may still commit'})`);
  site.count('crashes');
  site.cluster.killRm(rm, tearing, breaks);
}

export const crashes: Fault = {
  name: 'crashes',
  bites: ['crashes'],
  everyMs: [400, 2_500],
  lastsMs: [0, 0],
  strike: (site) => {
    if (site.random.chance(0.75)) {
      crash(site, site.pick(site.cluster.rmIds));
      return;
    }
    const name = site.pick(site.cluster.tmNames);
    site.note(`${name} crashes`);
    site.count('crashes');
    site.cluster.tms.get(name)?.kill();
  },
};

/** The power fails for all at once: what was acknowledged must be on disks. */
export const powerCuts: Fault = {
  name: 'power cuts',
  bites: ['power cuts'],
  everyMs: [2_500, 6_000],
  lastsMs: [0, 0],
  strike: (site) => {
    site.note('the power fails everywhere');
    site.count('power cuts');
    for (const rm of site.cluster.rmIds) crash(site, rm);
  },
};

/** A leader goes, and who votes for the next one forgets what it has not written; requests are late, so that two may ask. */
export const deathsOfVoters: Fault = {
  name: 'deaths of voters',
  bites: ['voters died'],
  everyMs: [600, 1_500],
  lastsMs: [1_500, 2_500],
  strike: (site) => {
    const { cluster } = site;
    const leader = cluster.leaderOf(site.pick(cluster.buckets));
    if (leader !== null) crash(site, leader);
    cluster.voterDies = true;
    const { network } = cluster;
    const before = network.conditions;
    network.conditions = { ...before, lateRate: 0.3, lateMs: 600 };
    return () => {
      cluster.voterDies = false;
      network.conditions = { ...network.conditions, lateRate: before.lateRate, lateMs: before.lateMs };
    };
  },
};

const RM_FAILPOINTS: readonly FailpointName[] = [
  'before-propose',
  'after-apply-before-reply',
  'before-checkpoint',
  'after-checkpoint',
  'before-deliver',
  'before-acknowledge',
];

export const deathsAtSteps: Fault = {
  name: 'deaths at a step',
  bites: ['deaths at a failpoint'],
  everyMs: [300, 1_500],
  lastsMs: [3_000, 3_000],
  strike: (site) => {
    if (site.random.chance(0.7)) {
      site.cluster.tmDiesAt = site.pick(FAILPOINTS);
      site.note(`a coordinator will die at ${site.cluster.tmDiesAt}`);
    } else {
      site.cluster.rmDiesAt = site.pick(RM_FAILPOINTS);
      site.note(`a resource manager will die at ${site.cluster.rmDiesAt}`);
    }
    return () => {
      site.cluster.tmDiesAt = null;
      site.cluster.rmDiesAt = null;
    };
  },
};

export const pauses: Fault = {
  name: 'pauses',
  bites: ['pauses'],
  everyMs: [300, 2_000],
  lastsMs: [200, 4_000],
  strike: (site) => {
    const processes = [...[...site.cluster.rms.values()].map((rm) => rm.process), ...[...site.cluster.tms.values()].map((tm) => tm.process)];
    if (processes.length === 0) return undefined;
    const process = site.pick(processes);
    if (process.isPaused) return undefined;
    site.note(`${process.name} stands still`);
    site.count('pauses');
    process.pause();
    return () => {
      site.note(`${process.name} goes on`);
      process.resume();
    };
  },
};

export const slowDisks: Fault = {
  name: 'slow disks',
  bites: ['slow disks'],
  everyMs: [300, 1_500],
  lastsMs: [500, 4_000],
  strike: (site) => {
    const rm = site.pick(site.cluster.rmIds);
    const disk = site.cluster.machines.get(rm)?.disk;
    if (disk === undefined) return undefined;
    const maxLatencyMs = site.between([20, 900]);
    site.note(`the disk of rm-${rm} needs up to ${maxLatencyMs.toFixed(0)} ms`);
    site.count('slow disks');
    disk.conditions = { minLatencyMs: maxLatencyMs / 4, maxLatencyMs };
    return () => {
      disk.conditions = CALM_DISK;
    };
  },
};

export const fullDisks: Fault = {
  name: 'full disks',
  bites: ['expected stops'],
  everyMs: [1_000, 3_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const rm = site.pick(site.cluster.rmIds);
    site.note(`the disk of rm-${rm} is full`);
    site.cluster.machines.get(rm)?.disk.full();
  },
};

export const rollingRestarts: Fault = {
  name: 'rolling restarts',
  bites: ['restarts in good order'],
  everyMs: [700, 2_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const { cluster } = site;
    const ready = cluster.isReady();
    if (site.random.chance(0.25)) {
      const name = site.pick(cluster.tmNames);
      site.note(`${name} is restarted`);
      void cluster.tms.get(name)?.stop();
      site.count('restarts in good order');
    } else if (ready) {
      const rm = site.pick(cluster.rmIds);
      site.note(`rm-${rm} is restarted`);
      void cluster.rms.get(rm)?.stop();
      site.count('restarts in good order');
    }
  },
};

export const transfers: Fault = {
  name: 'leadership transfers',
  bites: ['leadership transfers'],
  everyMs: [150, 900],
  lastsMs: [0, 0],
  strike: (site) => {
    const { cluster } = site;
    const bucket = site.pick(cluster.buckets);
    const leader = cluster.leaderOf(bucket);
    const status = cluster
      .host(leader)
      ?.status()
      .find((one) => one.group === bucket);
    const others = (status?.voters ?? []).map(({ rm }) => rm).filter((rm) => rm !== leader);
    if (others.length === 0) return;
    const to = site.pick(others);
    site.note(`leadership of bucket ${bucket} goes from rm-${leader} to rm-${to}`);
    void cluster.transferLeadership(bucket, to).then((done) => {
      if (done) site.count('leadership transfers');
    });
  },
};
