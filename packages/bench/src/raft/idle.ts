/** What 1,000 quiet groups cost three processes that do nothing else, and how much slower the first proposal to a quiet group is. */
import { UsageMeter } from '../measure/process-usage';
import type { Progress } from '../progress';
import { RaftCluster } from './raft-cluster';
import { percentile } from './statistics';
import { waitUntil } from '@mas/test-servers';

export interface IdleReport {
  readonly groups: number;
  readonly seconds: number;
  /** Of one core, all three processes together. */
  readonly cpuPercent: number;
  readonly samples: number;
  readonly activeP50Ms: number;
  readonly activeP99Ms: number;
  readonly quietP50Ms: number;
  readonly quietP99Ms: number;
}

const GROUPS = 1000;
const SAMPLES = 200;
const QUIET_TIMEOUT_MS = 60_000;
const WAKE_TIMEOUT_MS = 60_000;

export async function measureIdle(seconds: number, profiles: string | null, progress: Progress): Promise<IdleReport> {
  progress.phase(`starting three processes with ${GROUPS} groups`);
  const cluster = await RaftCluster.start({ groups: GROUPS, keepsLog: false, profiles });
  try {
    progress.phase('waiting until every group is quiet');
    await waitUntil('every group is quiet', async () => (await cluster.states()).every((one) => one.quiet === GROUPS), {
      timeoutMs: QUIET_TIMEOUT_MS,
      intervalMs: 250,
    });
    progress.phase(`${GROUPS} quiet groups for ${seconds} s`);
    const cpuPercent = await cpuWhileIdle(cluster, seconds);
    progress.phase('waking groups one by one');
    const led = (await cluster.states()).map((one) => one.leading);
    const most = led.reduce((one, other) => (other.length > one.length ? other : one));
    const [active = 0, ...others] = most;
    const quiet = others.slice(0, SAMPLES);
    const times = await cluster.nodes[led.indexOf(most)]?.call({ kind: 'wake-one-by-one', active, quiet }, WAKE_TIMEOUT_MS);
    const { activeMs = [], quietMs = [] } = times ?? {};
    return {
      groups: GROUPS,
      seconds,
      cpuPercent,
      samples: quiet.length,
      activeP50Ms: percentile(activeMs, 50),
      activeP99Ms: percentile(activeMs, 99),
      quietP50Ms: percentile(quietMs, 50),
      quietP99Ms: percentile(quietMs, 99),
    };
  } finally {
    await cluster.stop();
  }
}

async function cpuWhileIdle(cluster: RaftCluster, seconds: number): Promise<number> {
  const meter = new UsageMeter(new Map(cluster.nodes.map((node) => [String(node.settings.self), node.pid])));
  const startedMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = Object.values(meter.since()).reduce((sum, one) => sum + one.cpuSeconds, 0);
  return (used * 1000 * 100) / (performance.now() - startedMs);
}
