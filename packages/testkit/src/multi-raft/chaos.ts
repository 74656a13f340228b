/**
 * One random history: proposals and reads while processes are killed and restarted, links cut and silent, batches lost,
 * and replicas moved between four processes; then peace, and the check that every fate was true and every read linearizable. One seed, one history.
 */
import { founderId } from '@mas/membership';
import type { ProposalResult } from '@mas/multi-raft';
import { rmId, SeededRandom, type RmId } from '@mas/values';
import { TestCluster } from './test-cluster';

const [A, B, C, SPARE] = [rmId(1), rmId(2), rmId(3), rmId(4)];
const ALL = [A, B, C, SPARE];
const STEPS = 120;

interface Proposal {
  readonly text: string;
  fate: ProposalResult<number> | undefined;
}

interface Read {
  /** Highest index that a proposal was answered with before the read began. */
  readonly atLeast: number;
  readonly answeredIndex: number;
}

interface GroupHistory {
  readonly proposals: Proposal[];
  readonly reads: Read[];
  highestAnswered: number;
  /** Replicas that were moved to another process. */
  moves: number;
  /** Whose host is changing replicas now. */
  mover: RmId | undefined;
  /** A replica that has been moved away is being dropped. */
  isRemoving: boolean;
}

type History = ReadonlyMap<number, GroupHistory>;

/** @throws what is wrong, with both sides. @returns how much happened, for a test that must not be empty. */
export async function chaos(seed: number): Promise<{ readonly applied: number; readonly reads: number; readonly moves: number }> {
  const cluster = await TestCluster.founded({
    seed,
    groups: 3,
    network: { lossRate: 0.02, minDelayMs: 1, maxDelayMs: 15 },
    syncMs: 3,
    journal: { checkpointEntries: 20, applyMs: 2, linesPerChunk: 10 },
    config: { retainedEntries: 10, compactionStepEntries: 5, maintenanceMs: 300, holdMs: 1_000, quiesceAfterMs: 500 },
  });
  await cluster.boot(SPARE);
  const history = await disturbedTimes(cluster, new SeededRandom(seed * 7919));
  await heal(cluster);
  await cluster.converged();
  for (const group of cluster.groups) check(cluster.applier(cluster.leaderOf(group)!, group).appliedLines, history.get(group)!);
  if (cluster.failures.length > 0) throw new Error(`replicas failed\n${cluster.describe()}`);
  const all = [...history.values()];
  return {
    applied: all.flatMap((one) => one.proposals).filter((one) => one.fate?.kind === 'applied').length,
    reads: all.flatMap((one) => one.reads).length,
    moves: all.reduce((sum, one) => sum + one.moves, 0),
  };
}

async function disturbedTimes(cluster: TestCluster, random: SeededRandom): Promise<History> {
  const history = new Map<number, GroupHistory>(
    cluster.groups.map((group) => [group, { proposals: [], reads: [], highestAnswered: 0, moves: 0, mover: undefined, isRemoving: false }]),
  );
  for (let step = 0; step < STEPS; step += 1) {
    for (const group of cluster.groups) {
      const of = history.get(group)!;
      for (let count = random.below(4); count > 0; count -= 1) proposeSomewhere(cluster, group, `${step}.${count}`, of, random);
      if (random.chance(0.3)) readSomewhere(cluster, group, of, random);
      if (random.chance(0.05)) await moveReplica(cluster, group, of, random);
    }
    disturb(cluster, history, random);
    await restartSomebody(cluster, random);
    await cluster.clock.advance(random.below(200));
  }
  return history;
}

/** Mostly a leader, sometimes somebody who is not. */
function somebody(cluster: TestCluster, group: TestCluster['groups'][number], random: SeededRandom): RmId | undefined {
  const running = [...cluster.processes.keys()];
  return random.chance(0.8) ? cluster.leaderOf(group) : running[random.below(running.length)];
}

/** A killed process never answers. */
function proposeSomewhere(cluster: TestCluster, group: TestCluster['groups'][number], text: string, history: GroupHistory, random: SeededRandom): void {
  const at = somebody(cluster, group, random);
  if (at === undefined) return;
  const proposal: Proposal = { text, fate: undefined };
  history.proposals.push(proposal);
  void cluster
    .process(at)
    .host.propose(group, new TextEncoder().encode(text))
    .then((fate) => {
      proposal.fate = fate;
      if (fate.kind === 'applied') history.highestAnswered = Math.max(history.highestAnswered, fate.index);
    });
}

function readSomewhere(cluster: TestCluster, group: TestCluster['groups'][number], history: GroupHistory, random: SeededRandom): void {
  const at = somebody(cluster, group, random);
  if (at === undefined) return;
  const atLeast = history.highestAnswered;
  const { host } = cluster.process(at);
  void host.readIndex(group, 3000).then((result) => {
    if (result.kind === 'ready') history.reads.push({ atLeast, answeredIndex: result.index });
  });
}

/** Replaces one of the three replicas by one on the process that has none. Its outcome comes whenever it comes. */
async function moveReplica(cluster: TestCluster, group: TestCluster['groups'][number], history: GroupHistory, random: SeededRandom): Promise<void> {
  const leader = cluster.leaderOf(group);
  if (leader === undefined || history.mover !== undefined || history.isRemoving) return;
  const voters = cluster.status(leader, group).voters.map(({ rm }) => rm);
  const add = ALL.find((rm) => !voters.includes(rm));
  const remove = voters[random.below(voters.length)];
  const target = add === undefined ? undefined : cluster.processes.get(add);
  if (add === undefined || remove === undefined || target === undefined) return;
  if (!target.host.groups().includes(group)) {
    // What a crash in the middle of a removal has left behind.
    cluster.forgetState(add, group);
    await cluster.addGroup(add, group, null);
  }
  history.mover = leader;
  void cluster
    .process(leader)
    .host.changeReplicas(group, { kind: 'replace', remove: founderId(remove), add: founderId(add) })
    .then((outcome) => {
      history.mover = undefined;
      if (outcome !== 'done') return;
      history.moves += 1;
      // Half of them are forgotten, the others stay around with what they know, as after a crash in between.
      const left = cluster.processes.get(remove);
      if (left === undefined || random.chance(0.5)) return;
      history.isRemoving = true;
      void left.host.removeGroup(group).then(() => {
        history.isRemoving = false;
        cluster.forgetState(remove, group);
      });
    });
}

function disturb(cluster: TestCluster, history: History, random: SeededRandom): void {
  const pick = (): RmId => ALL[random.below(4)]!;
  if (random.chance(0.08)) cluster.network.setLink(A, random.chance(0.5) ? B : C, random.chance(0.5) ? 'cut' : 'silent');
  if (random.chance(0.05)) cluster.network.setLinksOf(pick(), 'silent');
  if (random.chance(0.25)) for (const rm of ALL) cluster.network.setLinksOf(rm, 'up');
  if (random.chance(0.04)) {
    const rm = pick();
    if (cluster.processes.has(rm) && cluster.processes.size === 4) {
      cluster.kill(rm);
      // Nobody will hear how its changes ended.
      for (const one of history.values()) {
        if (one.mover === rm) one.mover = undefined;
        one.isRemoving = false;
      }
    }
  }
}

async function restartSomebody(cluster: TestCluster, random: SeededRandom): Promise<void> {
  for (const rm of ALL) if (!cluster.processes.has(rm) && random.chance(0.1)) await cluster.restart(rm);
}

async function heal(cluster: TestCluster): Promise<void> {
  cluster.network.conditions = { ...cluster.network.conditions, lossRate: 0 };
  for (const rm of ALL) cluster.network.setLinksOf(rm, 'up');
  for (const rm of ALL) if (!cluster.processes.has(rm)) await cluster.restart(rm);
  await cluster.leadersEverywhere(20_000);
}

function check(lines: readonly string[], { proposals, reads }: GroupHistory): void {
  const numberOf = new Map(lines.map((line, at) => [line.split(':')[1]!, at + 1]));
  if (numberOf.size !== lines.length) throw new Error(`something was applied twice: ${lines.join(' ')}`);
  for (const { text, fate } of proposals) {
    const line = numberOf.get(text);
    if (fate?.kind === 'applied' && line !== fate.result) throw new Error(`${text} was answered with ${fate.result}, is at ${line}`);
    if ((fate?.kind === 'not-leader' || fate?.kind === 'refused') && line !== undefined) throw new Error(`${text} was called ${fate.kind}, is at ${line}`);
  }
  for (const { atLeast, answeredIndex } of reads) {
    if (answeredIndex < atLeast) throw new Error(`a read was answered at ${answeredIndex} after a write was at ${atLeast}`);
  }
}
