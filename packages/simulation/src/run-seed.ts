/**
 * One seed, one history: starts a cluster, disturbs it while clients work, heals it, waits until everything must have come
 * to rest, and hands all sources to the auditor. Passes only when nothing is wrong and enough has happened.
 */
import { auditHistory, expectEqualReplicas, finalState, Findings, movingPlaces, verdictOf, type BucketRows, type Finding, type History } from '@mas/auditor';
import { PlacementIndex, slotOfAccount } from '@mas/placement';
import type { ResourceManagerConfigInput } from '@mas/resource-manager';
import { present, SeededRandom } from '@mas/values';
import { auditBackups } from './audit/backups';
import { ClusterWatch } from './audit/cluster-watch';
import { expectEqualLogs } from './audit/equal-logs';
import { LivenessJudge } from './audit/liveness';
import { walkLogs } from './audit/log-walk';
import { readBucket } from './audit/read-bucket';
import { atRest } from './audit/rest';
import { expectRowsWithOwners } from './audit/rows-with-owners';
import { auditViews } from './audit/views';
import { Cluster, type ClusterShape } from './cluster/cluster';
import type { Fault } from './faults/fault';
import { homesOutOfReach } from './faults/homes-out-of-reach';
import { stalls } from './faults/half-broken';
import { pauses } from './faults/process-faults';
import { slotsMove } from './faults/slots-move';
import { Operator } from './operator/operator';
import { ALL_FAULTS, drawFaults, Nemesis } from './faults/nemesis';
import { Workload } from './workload/workload';
import type { TimelineLine } from './world/trace';
import { World } from './world/world';

export interface SeedOptions {
  readonly seed: number;
  readonly keepsDetails?: boolean;
  readonly keepsHashed?: boolean;
  /** Ends at the first finding: for mutations, which need no more than one. */
  readonly stopsAtFirst?: boolean;
  /** Instead of those that the seed draws. */
  readonly faults?: readonly string[];
  /** Beside those. */
  readonly also?: readonly string[];
}

export interface SeedReport {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly findings: readonly Finding[];
  readonly hash: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Virtual time that has passed. */
  readonly simulatedMs: number;
  /** Of the protocol, that it has been through; none where it ended early. */
  readonly branches: ReadonlySet<string>;
  readonly timeline: readonly TimelineLine[];
  readonly hashed: readonly string[];
}

const FAULTS_MS = 14_000;
/** A fault that has not bitten yet gets more time. */
const MORE_FAULTS_MS = 30_000;
const AFTERMATH_MS = 10_000;
/** Of it, until one more link breaks, and how long that lasts. */
const QUIET_MS = 5_500;
const LAST_LINK_MS = 4_000;
const FIRST_SUCCESS_MS = 10_000;
const RESOLVED_MS = 30_000;
const REST_MS = 60_000;
/** An entry that is larger still travels alone: with one message in flight, replication goes entry by entry. */
const ONE_ENTRY_BYTES = 1;
/** Between an answer of the next owner of slots and the release, also where disks limp. */
const MOVE_SLACK_MS = 1_250;
const STANDING_STILL: readonly Fault[] = [pauses, stalls];
const MIN_COMMITTED = 25;
const MIN_CROSS_BUCKET = 12;

export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const world = new World({ seed: options.seed, keepsDetails: options.keepsDetails === true, keepsHashed: options.keepsHashed === true });
  const findings = new Findings();
  const draws = new SeededRandom(options.seed * 7 + 3);
  // Drawn in any case: a seed whose own faults are named has the same history.
  const drawn = drawFaults(draws);
  const chosen = options.faults?.map(faultNamed) ?? drawn;
  const faults = [...chosen, ...(options.also ?? []).map(faultNamed).filter((fault) => !chosen.includes(fault))];
  const watch = new ClusterWatch(world, findings);
  const shape = shapeOf(draws, faults);
  const cluster = new Cluster(world, shape, watch);
  if (!faults.some((fault) => STANDING_STILL.includes(fault))) watch.answersWithinMs = (shape.rm.manager.moveBlockedMs ?? 0) / 8 + MOVE_SLACK_MS;
  const operator = new Operator(cluster, draws.fork());
  // Whoever has founded a later bucket leads it alone at first, and says so to nobody: for how long is not to be seen from outside.
  watch.handOvers.isAskedFor = (rm, group) => operator.isMoving || cluster.isLater(group) || cluster.isHandOverAsked(rm, group);
  watch.onCommitted = (home, { untold }) =>
    cluster.decided(
      home,
      untold.map(({ account }) => account),
    );
  const workload = new Workload(world, cluster, { clients: 6, accountsPerBucket: 3, meanPauseMs: 180 });
  let branches: ReadonlySet<string> = new Set();
  const report = (): SeedReport => {
    const figures = Object.fromEntries([...world.counters.entries(), ['events', world.time.events] as const]);
    return {
      seed: options.seed,
      faults: faults.map((fault) => fault.name),
      findings: findings.list(),
      hash: world.trace.digest(),
      figures,
      simulatedMs: world.time.nowMs(),
      branches,
      timeline: world.trace.lines,
      hashed: world.trace.hashed,
    };
  };
  world.trace.note(`seed ${options.seed}: ${faults.map((fault) => fault.name).join(', ')}`);
  try {
    await act(world, cluster, workload, new Nemesis(operator, faults, draws.fork()), findings, options.stopsAtFirst === true);
    if (options.stopsAtFirst === true && !findings.isEmpty) return report();
    for (const text of operator.complaints()) findings.add('whole again', text);
    // Rows of replicas that are not there say nothing.
    if (operator.lost === null) branches = await audit(world, cluster, workload, watch, findings);
  } catch (error) {
    findings.add('the run comes to its end', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  expectEnough(world, cluster, workload.history, faults, findings);
  return report();
}

/** Shapes differ between seeds: sizes of caches, of logs kept, of the cluster. */
function shapeOf(draws: SeededRandom, faults: readonly Fault[]): ClusterShape {
  const [retainedEntries, cached] = [draws.chance(0.5) ? 10 : 200, draws.chance(0.5) ? 3 : 1_000];
  const isSmall = draws.chance(0.5);
  return {
    resourceManagers: isSmall && !faults.includes(homesOutOfReach) ? 3 : 4,
    buckets: 3,
    replicas: 3,
    transactionManagers: 2,
    rm: {
      raft: {
        ...(draws.chance(0.5) ? { maxSilenceMs: 600, electionTimeoutMs: 600 } : {}),
        retainedEntries,
        ...(draws.chance(0.4) ? { maxMessageBytes: ONE_ENTRY_BYTES, maxInflightMessages: 1 } : {}),
        compactionStepEntries: 10,
        maxFollowerLagBytes: draws.chance(0.5) ? 20_000 : 64 * 1024 * 1024,
        catchUpTimeoutMs: 8_000,
      },
      manager: {
        ...(faults.includes(slotsMove) ? movesOfShape(draws.fork()) : {}),
        checkpointDelayMs: 1_000,
        checkpointRows: 10_000,
        cachedAccounts: cached,
        cachedLegs: cached,
        cachedOutcomes: cached,
      },
    },
    // What Redis is left with is swept up sooner than usual, so that a run sees it.
    tm: { accountLock: draws.chance(0.85) ? 'shared' : 'exclusive', orphanAgeMs: 20_000, recoveryIntervalMs: 5_000 },
  };
}

/** Copies that take their time meet more of what else happens. */
function movesOfShape(draws: SeededRandom): Partial<ResourceManagerConfigInput> {
  return {
    moveRowsPerSecond: draws.chance(0.5) ? 4_000 : draws.chance(0.5) ? 1_000 : 100,
    moveBlockedMs: draws.chance(0.6) ? 2_000 : 400,
    ...(draws.chance(0.5) ? { moveFewRows: 2 } : {}),
    ...(draws.chance(0.5) ? { movePartBytes: 2_048 } : {}),
  };
}

async function act(world: World, cluster: Cluster, workload: Workload, nemesis: Nemesis, findings: Findings, stopsAtFirst: boolean): Promise<void> {
  const { time, trace } = world;
  const isOver = (): boolean => stopsAtFirst && !findings.isEmpty;
  await cluster.start();
  await workload.setUp();
  workload.start();
  nemesis.start();
  await time.runUntil(time.nowMs() + FAULTS_MS, isOver);
  nemesis.extraTime();
  await time.runUntil(time.nowMs() + MORE_FAULTS_MS, () => isOver() || nemesis.withoutBite().length === 0);
  if (isOver()) return;
  nemesis.stop();
  const healedMs = time.nowMs();
  trace.note('the faults end');
  const judge = new LivenessJudge(cluster, nemesis.operator, workload.history, world.chance(), findings);
  judge.begin();
  await time.runUntil(healedMs + QUIET_MS, isOver);
  judge.expectServed();
  if (isOver()) return;
  await judge.breakLink(LAST_LINK_MS);
  await time.runUntil(healedMs + AFTERMATH_MS, isOver);
  if (isOver()) return;
  workload.stop();
  const first = workload.history.successesMs.find((ms) => ms > healedMs);
  findings.expect(
    first !== undefined && first - healedMs <= FIRST_SUCCESS_MS,
    'first success within 10 s',
    () => `the faults ended at ${healedMs.toFixed(0)}, the first payment succeeded at ${first?.toFixed(0) ?? 'no time'}`,
  );
  await time.runUntil(healedMs + RESOLVED_MS);
  for (const text of await atRest.prepared(cluster)) findings.add('resolved within 30 s', text);
  await time.runUntil(healedMs + REST_MS);
  for (const text of await atRest.everything(
    cluster,
    [...workload.accounts, ...workload.deep].map((account) => account.number),
  ))
    findings.add('at rest after 60 s', text);
  for (const text of atRest.ailing(cluster)) findings.add('verdicts heal', text);
  findings.expect(workload.isIdle, 'at rest after 60 s', () => 'a client still waits for an answer');
}

/** @returns the branches of the protocol that the logs tell of */
async function audit(world: World, cluster: Cluster, { history, backups }: Workload, watch: ClusterWatch, findings: Findings): Promise<ReadonlySet<string>> {
  world.trace.note('the audit begins');
  const buckets: BucketRows[] = [];
  for (const bucket of cluster.kept) {
    const voters = await atRest.converged(cluster, bucket, findings);
    const replicas = [];
    for (const rm of voters) replicas.push([rm, await readBucket(present(cluster.machines.get(rm), 'machine').sql.tables, bucket)] as const);
    expectEqualReplicas(replicas, findings);
    const first = replicas[0]?.[1];
    if (first !== undefined) buckets.push(first);
  }
  await auditBackups(backups, buckets, findings);
  expectEqualLogs(cluster, findings);
  const { holds, books, owners, branches } = walkLogs(watch, findings, world.counters, world.time.nowMs());
  owners.end((slot) => cluster.placement.bucketOf(slot));
  expectRowsWithOwners(buckets, owners, findings);
  auditViews(history, books, findings);
  const reads = auditHistory(
    { state: finalState(buckets), history, decisions: watch.decisions, holds, places: movingPlaces((slot) => owners.ownersOf(slot)) },
    findings,
  );
  world.counters.add('reads explained', reads.explained);
  world.counters.add('reads ambiguous', reads.ambiguous);
  findings.expect(reads.ambiguous * 5 <= reads.explained, 'enough happened', () => `${reads.ambiguous} reads were ambiguous, ${reads.explained} explained`);
  return branches;
}

function expectEnough(world: World, cluster: Cluster, history: History, faults: readonly Fault[], findings: Findings): void {
  // As they were placed on purpose.
  const first = new PlacementIndex(cluster.genesis);
  let [committed, cross] = [0, 0];
  for (const payment of history.payments.values()) {
    const verdict = verdictOf(payment);
    world.counters.add(`payments ${verdict}`);
    if (verdict !== 'committed') continue;
    committed += 1;
    const buckets = new Set(payment.request.legs.map((leg) => first.bucketOf(slotOfAccount(leg.account))));
    if (buckets.size > 1) cross += 1;
  }
  world.counters.add('payments across buckets committed', cross);
  world.counters.add('reads answered', history.reads.length);
  world.counters.add('locks granted', history.locks.length);
  findings.expect(committed >= MIN_COMMITTED, 'enough happened', () => `only ${committed} payments were committed`);
  findings.expect(cross >= MIN_CROSS_BUCKET, 'enough happened', () => `only ${cross} payments across buckets were committed`);
  for (const { name, bites } of faults)
    findings.expect(
      bites.some((bite) => world.counters.get(bite) > 0),
      'enough happened',
      () => `${name} did not bite`,
    );
}

function faultNamed(name: string): Fault {
  return present(
    ALL_FAULTS.find((fault) => fault.name === name),
    `fault "${name}"`,
  );
}
