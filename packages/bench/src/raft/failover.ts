/**
 * The leader is killed with SIGKILL: how long until the next proposal is committed, with default settings. The process that leads
 * most groups dies, right after every group has committed something; the slowest of its groups counts. Then it comes back with its log.
 */
import type { Progress } from '../progress';
import type { NodeProcess } from './node-process';
import { RaftCluster } from './raft-cluster';

export interface FailoverReport {
  readonly kills: number;
  readonly groups: number;
  /** Per kill: until the first of the groups that the process led has committed, and until the last has. */
  readonly firstMs: readonly number[];
  readonly lastMs: readonly number[];
}

const GROUPS = 9;
const COMMIT_TIMEOUT_MS = 20_000;

export async function measureFailover(kills: number, profiles: string | null, progress: Progress): Promise<FailoverReport> {
  progress.phase('starting a cluster to kill leaders in');
  const cluster = await RaftCluster.start({ groups: GROUPS, keepsLog: true, profiles });
  const firstMs: number[] = [];
  const lastMs: number[] = [];
  try {
    progress.phase(`killing leaders, ${kills} times`);
    for (let kill = 1; kill <= kills; kill += 1) {
      const elapsedMs = await killOnce(cluster);
      firstMs.push(Math.min(...elapsedMs));
      lastMs.push(Math.max(...elapsedMs));
      progress.advance(kill / kills);
    }
  } finally {
    await cluster.stop();
  }
  return { kills, groups: GROUPS, firstMs, lastMs };
}

/** @returns the milliseconds for each group that the killed process led. */
async function killOnce(cluster: RaftCluster): Promise<readonly number[]> {
  const states = await cluster.settled(false);
  await Promise.all(states.flatMap((state, at) => state.leading.map((group) => commit(nodesAt(cluster, [at]), group, null))));
  const most = Math.max(...states.map((one) => one.leading.length));
  const victimAt = states.findIndex((one) => one.leading.length === most);
  const survivors = nodesAt(
    cluster,
    states.map((_, at) => at).filter((at) => at !== victimAt),
  );
  const victim = cluster.nodes[victimAt];
  const orphans = states[victimAt]?.leading ?? [];
  if (victim === undefined) throw new Error('nobody leads');
  const killedAtMs = performance.now();
  const dead = victim.kill();
  const elapsedMs = await Promise.all(
    orphans.map(async (group) => {
      await commit(survivors, group, victimAt + 1);
      return performance.now() - killedAtMs;
    }),
  );
  await dead;
  await cluster.restart(victimAt + 1);
  return elapsedMs;
}

/** Resolves once one of the processes has led the group and committed an entry. */
async function commit(nodes: readonly NodeProcess[], group: number, gone: number | null): Promise<void> {
  const endsAtMs = performance.now() + COMMIT_TIMEOUT_MS;
  while (performance.now() < endsAtMs) {
    const timeoutMs = Math.max(1, endsAtMs - performance.now());
    const replies = nodes.map(async (node) => {
      const { committed } = await node.call({ kind: 'commit-when-leader', group, gone, timeoutMs }, timeoutMs + 1000);
      if (!committed) throw new Error('another process leads');
    });
    // Both may name each other while leadership moves on; then they are asked again.
    const isCommitted = await Promise.any(replies).then(
      () => true,
      () => false,
    );
    if (isCommitted) return;
  }
  throw new Error(`group ${group} committed nothing for ${COMMIT_TIMEOUT_MS} ms after its leader was killed`);
}

function nodesAt(cluster: RaftCluster, places: readonly number[]): readonly NodeProcess[] {
  return places.map((at) => cluster.nodes[at]).filter((node) => node !== undefined);
}
