/** The failover benchmark as text: medians and the worst of the strikes of a kind. */
import { median } from '../raft/statistics';
import type { BusyRun } from './busy-watch';
import type { StrikeRun } from './strike-run';

export interface StrikeReport {
  readonly name: string;
  readonly title: string;
  readonly runs: readonly StrikeRun[];
  /** Why it could not be done, or did not come to its end. */
  readonly failure: string | null;
}

export interface FailoverReport {
  readonly storage: string;
  readonly perSecond: number;
  readonly network: 'namespaces' | 'loopback';
  readonly loadAverage: readonly number[];
  readonly strikes: readonly StrikeReport[];
  readonly busy: BusyRun | null;
}

const HEAD = [
  'strike',
  'first success ms',
  'noticed ms',
  'new leader ms',
  'p50 ms',
  'p99 ms',
  'payments',
  'ABANDONED',
  'failed',
  'open at end',
  'all ended ms',
  'elections',
  'false',
  'false alarms',
  'audit',
];

export function renderFailover(report: FailoverReport): string {
  const lines = [
    `${report.perSecond} payments/s on ${report.storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores'}, ${report.network}; median / worst of the strikes, counts are sums; load average ${report.loadAverage.map((one) => one.toFixed(1)).join(' ')}`,
    '',
    ...columns([HEAD, ...report.strikes.filter(({ runs }) => runs.length > 0).map(row)]),
  ];
  for (const { name, runs, failure } of report.strikes) {
    const heard = sum(runs.map((run) => run.heardWithinOneSecond ?? {}));
    if (heard.length > 0) lines.push(`${name}: heard by callers with a second's patience: ${heard.join(', ')}`);
    const failed = sum(runs.map((run) => run.failed));
    if (failed.length > 0) lines.push(`${name}: failed: ${failed.join(', ')}`);
    for (const run of runs) lines.push(...run.findings.map((finding) => `${name}: FOUND: ${finding}`));
    if (failure !== null) lines.push(`${name}: FAILED: ${failure}`);
  }
  const { busy } = report;
  if (busy !== null) {
    lines.push(
      `busy: ${busy.minutes} minutes of batches beside two busy loops: ${busy.falseElections} false elections, ${busy.falseAlarms} false alarms; ${busy.payments} payments, ${busy.failed} not committed; ${busy.findings.length === 0 ? 'money was conserved' : busy.findings.join('; ')}`,
    );
  }
  return lines.join('\n');
}

function row({ name, runs }: StrikeReport): readonly string[] {
  const total = (pick: (run: StrikeRun) => number): string => String(runs.reduce((all, run) => all + pick(run), 0));
  const spread = (pick: (run: StrikeRun) => number | null): string => medianAndWorst(runs.map(pick));
  const failed = (run: StrikeRun): number => Object.values(run.failed).reduce((all, one) => all + one, 0);
  return [
    name,
    spread((run) => run.firstSuccessMs),
    spread((run) => run.noticedMs),
    spread((run) => run.newLeaderMs),
    spread((run) => run.p50Ms),
    spread((run) => run.p99Ms),
    total((run) => run.payments),
    total((run) => run.abandoned),
    total(failed),
    total((run) => run.openAtEnd),
    spread((run) => run.allEndedMs),
    total((run) => run.elections),
    total((run) => run.falseElections),
    total((run) => run.falseAlarms),
    runs.every((run) => run.findings.length === 0) ? 'equal' : 'FAILED',
  ];
}

/** What never came is the worst. */
export function medianAndWorst(values: readonly (number | null)[]): string {
  const filled = values.map((value) => value ?? Infinity);
  const text = (value: number): string => (value === Infinity ? 'never' : value.toFixed(0));
  return `${text(median(filled))} / ${text(Math.max(...filled))}`;
}

function sum(counts: readonly Readonly<Record<string, number>>[]): readonly string[] {
  const all = new Map<string, number>();
  for (const one of counts) for (const [name, times] of Object.entries(one)) all.set(name, (all.get(name) ?? 0) + times);
  return [...all].map(([name, times]) => `${times} × ${name}`);
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, at) => Math.max(...rows.map((cells) => (cells[at] ?? '').length)));
  return rows.map((cells) => cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '));
}
