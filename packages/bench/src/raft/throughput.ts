/**
 * Proposals a second and their latency, beside etcd and the disk. Both clusters are up for the whole time and idle while the other
 * one is measured; all cases take turns, in rounds, and medians are reported: what else the machine does hits them alike.
 */
import { UsageMeter } from '../measure/process-usage';
import type { Progress } from '../progress';
import { fdatasyncPerSecond } from '../yardsticks/fdatasync';
import { EtcdCluster } from './etcd/etcd-cluster';
import { putLoad } from './etcd/put-load';
import { RaftCluster } from './raft-cluster';
import { median } from './statistics';
import { addUp, type LoadFigures } from './timed-load';

export interface ThroughputOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly etcd: boolean;
  readonly profiles: string | null;
}

type System = { readonly kind: 'raft'; readonly groups: number } | { readonly kind: 'etcd'; readonly to: 'leader' | 'all' };

/** One case in one round. */
export interface Measured extends LoadFigures {
  /** CPU that the three server processes used together, in cores. */
  readonly cores: number;
}

export interface ThroughputRow {
  readonly system: string;
  readonly proposers: number;
  readonly rounds: readonly Measured[];
  /** Medians over the rounds. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lowestPerSecond: number;
  readonly highestPerSecond: number;
  readonly failed: number;
  readonly cores: number;
}

export interface ThroughputReport {
  readonly rows: readonly ThroughputRow[];
  readonly fdatasyncPerSecond: readonly number[];
  readonly etcdVersion: string | null;
}

interface Case {
  readonly system: System;
  readonly name: string;
  readonly proposers: number;
  readonly measured: Measured[];
}

const GROUPS = [1, 64];
const PROPOSERS = [1, 64, 1024];
const WARM_UP_MS = 1000;
const FDATASYNC_MS = 1000;
const ANSWER_MARGIN_MS = 20_000;

export async function measureThroughput(options: ThroughputOptions, progress: Progress): Promise<ThroughputReport> {
  progress.phase('starting two Raft clusters and etcd');
  const clusters = new Map<number, RaftCluster>();
  let etcd: EtcdCluster | null = null;
  try {
    for (const groups of GROUPS) clusters.set(groups, await RaftCluster.start({ groups, keepsLog: false, profiles: options.profiles }));
    etcd = options.etcd ? await EtcdCluster.start() : null;
    const cases = casesFor(etcd !== null);
    const syncs: number[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      progress.phase(`round ${round} of ${options.rounds}: fdatasync`);
      syncs.push(await fdatasyncPerSecond(FDATASYNC_MS));
      // Every other round backwards: nobody always comes after the same neighbour.
      for (const one of round % 2 === 1 ? cases : [...cases].reverse()) {
        progress.phase(`round ${round} of ${options.rounds}: ${one.name}, ${one.proposers} proposers`);
        one.measured.push(await measure(one, clusters, etcd, options.seconds * 1000));
      }
    }
    return { rows: cases.map(rowOf), fdatasyncPerSecond: syncs, etcdVersion: etcd?.version ?? null };
  } finally {
    await Promise.all([...clusters.values()].map((one) => one.stop()));
    await etcd?.stop();
  }
}

function casesFor(withEtcd: boolean): readonly Case[] {
  const raft = GROUPS.map(
    (groups): Pick<Case, 'system' | 'name'> => ({ system: { kind: 'raft', groups }, name: groups === 1 ? 'Raft, 1 group' : `Raft, ${groups} groups` }),
  );
  const etcd: readonly Pick<Case, 'system' | 'name'>[] = [
    { system: { kind: 'etcd', to: 'leader' }, name: 'etcd, by its leader' },
    { system: { kind: 'etcd', to: 'all' }, name: 'etcd, by all members' },
  ];
  return PROPOSERS.flatMap((proposers) => [...raft, ...(withEtcd ? etcd : [])].map((one) => ({ ...one, proposers, measured: [] })));
}

async function measure(one: Case, clusters: ReadonlyMap<number, RaftCluster>, etcd: EtcdCluster | null, durationMs: number): Promise<Measured> {
  const { system, proposers } = one;
  const load = { warmUpMs: WARM_UP_MS, durationMs };
  if (system.kind === 'etcd') {
    if (etcd === null) throw new Error('there is no etcd');
    return withCores(etcd.pids, () => putLoad(etcd, { to: system.to, callers: proposers, ...load }));
  }
  const cluster = clusters.get(system.groups);
  if (cluster === undefined) throw new Error(`there is no cluster of ${system.groups} groups`);
  const pids = new Map(cluster.nodes.map((node) => [`rm-${node.settings.self}`, node.pid]));
  return withCores(pids, () => proposeEverywhere(cluster, proposers, load));
}

/** Proposers are dealt out to the processes that lead. */
async function proposeEverywhere(
  cluster: RaftCluster,
  proposers: number,
  load: { readonly warmUpMs: number; readonly durationMs: number },
): Promise<LoadFigures> {
  const before = await cluster.settled(true);
  const leading = cluster.nodes.filter((_, at) => (before[at]?.leading.length ?? 0) > 0);
  const shares = leading
    .map((node, at) => ({ node, proposers: Math.floor(proposers / leading.length) + (at < proposers % leading.length ? 1 : 0) }))
    .filter((one) => one.proposers > 0);
  const parts = await Promise.all(
    shares.map((one) => one.node.call({ kind: 'load', proposers: one.proposers, ...load }, load.warmUpMs + load.durationMs + ANSWER_MARGIN_MS)),
  );
  const done = parts.reduce((sum, part) => sum + part.done, 0);
  // What was answered as applied must be in the applied state of the processes that led.
  const appliedBefore = before.reduce((sum, one) => sum + one.applied, 0);
  const applied = (await cluster.settled(false)).reduce((sum, one) => sum + one.applied, 0) - appliedBefore;
  if (applied < done) throw new Error(`${done} proposals were answered as applied, but all replicas together applied ${applied} only`);
  return addUp(parts);
}

async function withCores(pids: ReadonlyMap<string, number>, run: () => Promise<LoadFigures>): Promise<Measured> {
  const meter = new UsageMeter(pids);
  const startedMs = performance.now();
  const figures = await run();
  const seconds = (performance.now() - startedMs) / 1000;
  return { ...figures, cores: Object.values(meter.since()).reduce((sum, one) => sum + one.cpuSeconds, 0) / seconds };
}

function rowOf(one: Case): ThroughputRow {
  const of = (pick: (figures: Measured) => number): readonly number[] => one.measured.map(pick);
  const rates = of((figures) => figures.perSecond);
  return {
    system: one.name,
    proposers: one.proposers,
    rounds: one.measured,
    perSecond: median(rates),
    p50Ms: median(of((figures) => figures.p50Ms)),
    p99Ms: median(of((figures) => figures.p99Ms)),
    lowestPerSecond: Math.min(...rates),
    highestPerSecond: Math.max(...rates),
    failed: of((figures) => figures.failed).reduce((sum, failed) => sum + failed, 0),
    cores: median(of((figures) => figures.cores)),
  };
}
