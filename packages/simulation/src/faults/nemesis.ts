/** Draws a seed's kinds of faults and lets them strike until it is told to stop; then everything is as if it had never been. */
import type { SeededRandom } from '@mas/values';
import type { Cluster } from '../cluster/cluster';
import type { Operator } from '../operator/operator';
import { CALM_NETWORK } from '../world/network';
import { CALM_DISK } from '../world/sim-disk';
import { CALM_SQL } from '../world/sim-sql';
import { FaultSite, type Fault } from './fault';
import { fourReigns } from './four-reigns';
import { clockDrift, clockJumps } from './clocks';
import { crossedClusters } from './crossed-clusters';
import { homesOutOfReach } from './homes-out-of-reach';
import { lateAnswers } from './late-answers';
import { limpingDisks, oneWayCuts, singleLinks, stalls } from './half-broken';
import { lostDisks } from './lost-disks';
import { delays, duplication, loss, partitions, peersCutOff, shortReigns } from './network-faults';
import { crashes, deathsAtSteps, deathsOfVoters, fullDisks, pauses, powerCuts, rollingRestarts, slowDisks, transfers } from './process-faults';
import { oldCopies } from './old-copies';
import { strangers } from './strangers';
import { redisTrouble, sqlCommits, sqlDown, sqlEverywhere, sqlSlow } from './store-faults';
import { bucketsComeAndGo } from './buckets';
import { membership } from './membership';
import { slotsMove } from './slots-move';

export const ALL_FAULTS: readonly Fault[] = [
  loss,
  duplication,
  delays,
  partitions,
  peersCutOff,
  shortReigns,
  fourReigns,
  crashes,
  powerCuts,
  deathsAtSteps,
  deathsOfVoters,
  pauses,
  clockJumps,
  clockDrift,
  slowDisks,
  fullDisks,
  rollingRestarts,
  transfers,
  membership,
  lostDisks,
  oldCopies,
  crossedClusters,
  strangers,
  redisTrouble,
  sqlCommits,
  sqlSlow,
  sqlDown,
  limpingDisks,
  stalls,
  singleLinks,
  oneWayCuts,
  sqlEverywhere,
  lateAnswers,
  homesOutOfReach,
  bucketsComeAndGo,
  slotsMove,
];

const MIN_KINDS = 1;
const MAX_KINDS = 4;

export function drawFaults(random: SeededRandom): readonly Fault[] {
  const left = [...ALL_FAULTS];
  const count = MIN_KINDS + random.below(MAX_KINDS - MIN_KINDS + 1);
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)).flat();
}

/** Of names with commas between them. @returns null: none were asked for. @param isWrong what is done about a name that no fault has */
export function faultsNamed(text: string | undefined, isWrong: (problem: string) => never): readonly string[] | null {
  if (text === undefined) return null;
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names)
    if (!ALL_FAULTS.some((fault) => fault.name === name))
      isWrong(`no fault is called "${name}"; there are ${ALL_FAULTS.map((fault) => fault.name).join(', ')}`);
  return names;
}

export class Nemesis {
  private isOver = false;
  private isExtraTime = false;
  private readonly endings = new Set<() => void>();

  constructor(
    readonly operator: Operator,
    readonly faults: readonly Fault[],
    private readonly random: SeededRandom,
  ) {}

  private get cluster(): Cluster {
    return this.operator.cluster;
  }

  start(): void {
    this.operator.movesReplicas = this.faults.includes(membership);
    this.cluster.givesSlots = this.faults.includes(slotsMove);
    for (const fault of this.faults) this.keepStriking(fault, new FaultSite(this.cluster, this.operator, this.random.fork()));
  }

  /** The faults end: links are whole, disks and servers are well, everybody is started again. */
  stop(): void {
    this.isOver = true;
    for (const end of this.endings) end();
    this.endings.clear();
    const { cluster } = this;
    cluster.network.heal();
    cluster.network.conditions = CALM_NETWORK;
    cluster.redis.isSilent = false;
    cluster.rmDiesAt = null;
    cluster.tmDiesAt = null;
    cluster.voterDies = false;
    cluster.onLeaderWord.clear();
    cluster.onDecided.clear();
    for (const { disk, sql } of cluster.machines.values()) {
      disk.conditions = CALM_DISK;
      disk.recovered();
      sql.conditions = CALM_SQL;
    }
    for (const { process } of [...cluster.rms.values(), ...cluster.guests.values(), ...cluster.tms.values()]) process.resume();
    cluster.setClocksRight();
    this.operator.endAbsences();
    void this.operator.endWishes();
  }

  /** Those that have not had any effect so far. */
  withoutBite(): readonly Fault[] {
    return this.faults.filter((fault) => !this.hasBitten(fault));
  }

  /** From here on only those strike that have not had any effect so far: the others may be in their way. */
  extraTime(): void {
    this.isExtraTime = true;
  }

  private hasBitten({ bites }: Fault): boolean {
    return bites.some((bite) => this.cluster.world.counters.get(bite) > 0);
  }

  private keepStriking(fault: Fault, site: FaultSite): void {
    this.cluster.world.time.at(site.between(fault.everyMs), () => {
      if (this.isOver) return;
      if (this.isExtraTime && this.hasBitten(fault)) {
        this.keepStriking(fault, site);
        return;
      }
      site.count('faults injected');
      const end = fault.strike(site);
      if (typeof end !== 'function') {
        this.keepStriking(fault, site);
        return;
      }
      this.endings.add(end);
      this.cluster.world.time.at(site.between(fault.lastsMs), () => {
        if (!this.endings.delete(end)) return;
        end();
        this.keepStriking(fault, site);
      });
    });
  }
}
