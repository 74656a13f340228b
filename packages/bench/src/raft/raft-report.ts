/** The Raft benchmark as text, and what it says about the aims. */
import type { FailoverReport } from './failover';
import type { IdleReport } from './idle';
import { median, percentile } from './statistics';
import type { Measured, ThroughputReport, ThroughputRow } from './throughput';

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
  return [
    ...(throughput === null ? [] : throughputAims(throughput.rows)),
    ...(failover === null ? [] : [failoverAim(failover)]),
    ...(idle === null ? [] : [idleAim(idle)]),
  ];
}

export function renderRaftReport(report: RaftReport): string {
  const { throughput, failover, idle, aims } = report;
  const lines = ['Raft: three processes, three replicas, TLS between them, fsync on, 100-byte entries; medians over the rounds.'];
  if (throughput !== null) lines.push('', ...throughputLines(throughput));
  if (failover !== null) {
    lines.push('', `Leader killed with SIGKILL, ${failover.kills} times, ${failover.groups} groups, default settings; until the next proposal is committed:`);
    lines.push(
      `  first of its groups: p50 ${ms(median(failover.firstMs))}, p99 ${ms(percentile(failover.firstMs, 99))};  last of its groups: p50 ${ms(median(failover.lastMs))}, p99 ${ms(percentile(failover.lastMs, 99))}`,
    );
  }
  if (idle !== null) {
    lines.push('', `${idle.groups} quiet groups on three processes over ${idle.seconds} s: ${idle.cpuPercent.toFixed(1)} % of one core, all three together.`);
    lines.push(
      `  one proposal, ${idle.samples} pairs: to an active group p50 ${ms(idle.activeP50Ms)}, p99 ${ms(idle.activeP99Ms)};  to a quiet group p50 ${ms(idle.quietP50Ms)}, p99 ${ms(idle.quietP99Ms)}`,
    );
  }
  lines.push(
    '',
    'Aims (ratios to etcd are medians over the rounds of the ratio within a round):',
    ...aims.map((one) => `  ${one.met ? 'met   ' : 'MISSED'} ${one.name}: ${one.measured} (aim: ${one.aim})`),
  );
  return lines.join('\n');
}

function throughputAims(rows: readonly ThroughputRow[]): readonly Aim[] {
  const at = (proposers: number, kind: string): readonly ThroughputRow[] => rows.filter((one) => one.proposers === proposers && one.system.startsWith(kind));
  if (at(1, 'etcd').length === 0) return [];
  const rate = (one: Measured): number => one.perSecond;
  const latency = (one: Measured): number => one.p50Ms;
  const times = (row: ThroughputRow): number => overRounds(row, at(MOST_PROPOSERS, 'etcd'), rate, Math.max);
  const factor = (row: ThroughputRow): number => overRounds(row, at(1, 'etcd'), latency, Math.min);
  return [
    ...at(MOST_PROPOSERS, 'Raft').map(
      (row): Aim => ({
        name: `${row.system}, ${MOST_PROPOSERS} proposers`,
        aim: `at least ${ETCD_TIMES} times etcd's puts/s`,
        measured: `${times(row).toFixed(1)} times`,
        met: times(row) >= ETCD_TIMES,
      }),
    ),
    ...at(1, 'Raft').map(
      (row): Aim => ({
        name: `${row.system}, 1 proposer, p50`,
        aim: `within ${LATENCY_FACTOR} times etcd's latency`,
        measured: `${factor(row).toFixed(2)} times`,
        met: factor(row) <= LATENCY_FACTOR,
      }),
    ),
  ];
}

/** The median over the rounds of our figure over the better of etcd's two of the same round: what else ran then slowed both. */
function overRounds(row: ThroughputRow, etcd: readonly ThroughputRow[], pick: (one: Measured) => number, better: (...values: number[]) => number): number {
  return median(
    row.rounds.map(
      (one, round) =>
        pick(one) /
        better(
          ...etcd
            .map((other) => other.rounds[round])
            .filter((other) => other !== undefined)
            .map(pick),
        ),
    ),
  );
}

function failoverAim(failover: FailoverReport): Aim {
  const p99Ms = percentile(failover.lastMs, 99);
  return {
    name: `leader killed, p99 of ${failover.kills}, slowest group`,
    aim: `committed again in under ${ms(FAILOVER_MS)}`,
    measured: ms(p99Ms),
    met: p99Ms < FAILOVER_MS,
  };
}

function idleAim(idle: IdleReport): Aim {
  return {
    name: `${idle.groups} quiet groups`,
    aim: `under ${IDLE_PERCENT} % of one core`,
    measured: `${idle.cpuPercent.toFixed(1)} %`,
    met: idle.cpuPercent < IDLE_PERCENT,
  };
}

const WIDTHS = [24, 10, 11, 19, 9, 9, 7, 7];

function throughputLines(report: ThroughputReport): readonly string[] {
  const lines = [row(['system', 'proposers', 'per second', 'lowest–highest', 'p50 ms', 'p99 ms', 'failed', 'cores'])];
  for (const one of report.rows) {
    lines.push(
      row([
        one.system,
        String(one.proposers),
        one.perSecond.toFixed(0),
        `${one.lowestPerSecond.toFixed(0)}–${one.highestPerSecond.toFixed(0)}`,
        one.p50Ms.toFixed(2),
        one.p99Ms.toFixed(2),
        String(one.failed),
        one.cores.toFixed(2),
      ]),
    );
  }
  const syncs = report.fdatasyncPerSecond;
  lines.push(
    '',
    `fdatasync of 4 KiB, once a round: ${syncs.map((one) => one.toFixed(0)).join(', ')} per second (median ${median(syncs).toFixed(0)}, ${ms(1000 / median(syncs))} each)`,
  );
  lines.push('Proposers run in the processes that lead; an entry counts when it is committed and applied there (by a counter).');
  if (report.etcdVersion === null) lines.push('No etcd on the PATH, so nothing to compare with (Debian: etcd-server).');
  else
    lines.push(
      `etcd ${report.etcdVersion}: three processes with defaults, TLS between them. Its callers are in the benchmark's process and reach it by plain gRPC`,
      'with a lean client of our own (up to 32 callers a connection); it also keeps the values in its store. "cores" leaves callers of etcd out.',
    );
  return lines;
}

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[at] ?? 0) : cell.padStart(WIDTHS[at] ?? 0))).join(' ');
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}
