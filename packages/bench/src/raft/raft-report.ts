/** The Raft benchmark as text, and what it says about the aims. */
import type { FailoverReport } from './failover';
import type { IdleReport } from './idle';
import { median, percentile } from './statistics';
import type { ThroughputReport, ThroughputRow } from './throughput';

export interface RaftReport {
  readonly throughput: ThroughputReport | null;
  readonly failover: FailoverReport | null;
  readonly idle: IdleReport | null;
  readonly aims: readonly Aim[];
}

export interface Aim {
  readonly name: string;
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
}

const MOST_PROPOSERS = 1024;
const ETCD_TIMES = 10;
const LATENCY_FACTOR = 1.5;
const FAILOVER_MS = 1500;
const IDLE_PERCENT = 5;

export function aimsOf(throughput: ThroughputReport | null, failover: FailoverReport | null, idle: IdleReport | null): readonly Aim[] {
  return [...(throughput === null ? [] : throughputAims(throughput.rows)), ...(failover === null ? [] : [failoverAim(failover)]), ...(idle === null ? [] : [idleAim(idle)])];
}

export function renderRaftReport(report: RaftReport): string {
  const { throughput, failover, idle, aims } = report;
  const lines = ['Raft: three processes, three replicas, TLS between them, fsync on, 100-byte entries; medians over the rounds.'];
  if (throughput !== null) lines.push('', ...throughputLines(throughput));
  if (failover !== null) {
    lines.push('', `Leader killed with SIGKILL, ${failover.kills} times, ${failover.groups} groups, default settings; until the next proposal is committed:`);
    lines.push(`  first of its groups: p50 ${ms(median(failover.firstMs))}, p99 ${ms(percentile(failover.firstMs, 99))};  last of its groups: p50 ${ms(median(failover.lastMs))}, p99 ${ms(percentile(failover.lastMs, 99))}`);
  }
  if (idle !== null) {
    lines.push('', `${idle.groups} quiet groups on three processes over ${idle.seconds} s: ${idle.cpuPercent.toFixed(1)} % of one core, all three together.`);
    lines.push(`  one proposal, ${idle.samples} pairs: to an active group p50 ${ms(idle.activeP50Ms)}, p99 ${ms(idle.activeP99Ms)};  to a quiet group p50 ${ms(idle.quietP50Ms)}, p99 ${ms(idle.quietP99Ms)}`);
  }
  lines.push('', 'Aims:', ...aims.map((one) => `  ${one.met ? 'met   ' : 'MISSED'} ${one.name}: ${one.measured} (aim: ${one.aim})`));
  return lines.join('\n');
}

function throughputAims(rows: readonly ThroughputRow[]): readonly Aim[] {
  const at = (proposers: number, kind: string): readonly ThroughputRow[] => rows.filter((one) => one.proposers === proposers && one.system.startsWith(kind));
  if (at(1, 'etcd').length === 0) return [];
  // etcd's better way each time.
  const etcdRate = Math.max(...at(MOST_PROPOSERS, 'etcd').map((one) => one.perSecond));
  const etcdP50Ms = Math.min(...at(1, 'etcd').map((one) => one.p50Ms));
  return [
    ...at(MOST_PROPOSERS, 'Raft').map((one): Aim => ({ name: `${one.system}, ${MOST_PROPOSERS} proposers`, aim: `at least ${ETCD_TIMES} times etcd's puts/s`, measured: `${(one.perSecond / etcdRate).toFixed(1)} times`, met: one.perSecond >= ETCD_TIMES * etcdRate })),
    ...at(1, 'Raft').map((one): Aim => ({ name: `${one.system}, 1 proposer, p50`, aim: `within ${LATENCY_FACTOR} times etcd's latency`, measured: `${(one.p50Ms / etcdP50Ms).toFixed(2)} times`, met: one.p50Ms <= LATENCY_FACTOR * etcdP50Ms })),
  ];
}

function failoverAim(failover: FailoverReport): Aim {
  const p99Ms = percentile(failover.lastMs, 99);
  return { name: `leader killed, p99 of ${failover.kills}, slowest group`, aim: `committed again in under ${ms(FAILOVER_MS)}`, measured: ms(p99Ms), met: p99Ms < FAILOVER_MS };
}

function idleAim(idle: IdleReport): Aim {
  return { name: `${idle.groups} quiet groups`, aim: `under ${IDLE_PERCENT} % of one core`, measured: `${idle.cpuPercent.toFixed(1)} %`, met: idle.cpuPercent < IDLE_PERCENT };
}

const WIDTHS = [24, 10, 11, 19, 9, 9, 7, 7];

function throughputLines(report: ThroughputReport): readonly string[] {
  const lines = [row(['system', 'proposers', 'per second', 'lowest–highest', 'p50 ms', 'p99 ms', 'failed', 'cores'])];
  for (const one of report.rows) {
    lines.push(row([one.system, String(one.proposers), one.perSecond.toFixed(0), `${one.lowestPerSecond.toFixed(0)}–${one.highestPerSecond.toFixed(0)}`, one.p50Ms.toFixed(2), one.p99Ms.toFixed(2), String(one.failed), one.cores.toFixed(2)]));
  }
  const syncs = report.fdatasyncPerSecond;
  lines.push('', `fdatasync of 4 KiB, once a round: ${syncs.map((one) => one.toFixed(0)).join(', ')} per second (median ${median(syncs).toFixed(0)}, ${ms(1000 / median(syncs))} each)`);
  lines.push('Proposers run in the processes that lead; an entry counts when it is committed and applied there (by a counter).');
  if (report.etcdVersion === null) lines.push('No etcd on the PATH, so nothing to compare with (Debian: etcd-server).');
  else lines.push(`etcd ${report.etcdVersion}: three processes with defaults, TLS between them. Its callers are in the benchmark's process and reach it by plain gRPC`, 'with a lean client of our own (up to 32 callers a connection); it also keeps the values in its store. "cores" leaves callers of etcd out.');
  return lines;
}

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[at] ?? 0) : cell.padStart(WIDTHS[at] ?? 0))).join(' ');
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}
