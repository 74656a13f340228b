/** Payments under conditions as text: a table for each, ratios taken within what was measured side by side. */
import { conservedLine, type Conserved } from '../load/conserved';
import { BATCH_SIZE, cpuMicrosOf, type ScenarioResult } from '../load/payment-scenario';
import { warmUpLine } from '../load/warm-up';
import { median } from '../raft/statistics';
import type { BrokenFollowerFigures } from './broken-follower';
import type { FirstSecondsFigures, PacedLoad, Restart } from './first-seconds';
import { CALLERS } from './ground';
import type { SizesFigures } from './sizes';

type Kind<Name extends string> = { readonly kind: Name };
export type Figures = (Kind<'first-seconds'> & FirstSecondsFigures) | (Kind<'broken-follower'> & BrokenFollowerFigures) | (Kind<'sizes'> & SizesFigures);

export interface ConditionReport {
  readonly name: string;
  /** Null: it failed before there were any. */
  readonly figures: Figures | null;
  /** MiB, by process: the most that it has had. */
  readonly peakMiB: Readonly<Record<string, number>>;
  /** Null: there was none. */
  readonly audit: Conserved | null;
  /** Why it could not be measured, or did not come to its end. */
  readonly failure: string | null;
}

export interface ConditionsReport {
  readonly storage: string;
  readonly seconds: number;
  readonly seed: number;
  readonly loadAverage: readonly number[];
  readonly conditions: readonly ConditionReport[];
}

/** All were measured to their end, and no money was lost or made. */
export function isWell({ conditions }: ConditionsReport): boolean {
  return conditions.every(({ failure, audit }) => failure === null && audit?.conserved === true);
}

export function renderConditions(report: ConditionsReport): string {
  const { storage, seconds, seed, loadAverage } = report;
  const stores = storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores';
  const load = loadAverage.map((one) => one.toFixed(1)).join(' ');
  const lines = [`Payments under conditions on ${stores}, three replicas, TLS, fsync on; ${seconds} s each, seed ${seed}; load average ${load}`];
  for (const { name, figures, peakMiB, audit, failure } of report.conditions) {
    lines.push('', name, ...(figures === null ? [] : linesOf(figures)));
    const peaks = Object.entries(peakMiB).map(([process, mebibytes]) => `${process} ${mebibytes.toFixed(0)} MiB`);
    if (peaks.length > 0) lines.push(`  peak memory: ${peaks.join(', ')}`);
    if (audit !== null) lines.push(`  ${conservedLine(audit)}`);
    if (failure !== null) lines.push(`  FAILED: ${failure}`);
  }
  return lines.join('\n');
}

function linesOf(figures: Figures): readonly string[] {
  switch (figures.kind) {
    case 'first-seconds':
      return firstSecondsLines(figures);
    case 'broken-follower':
      return brokenFollowerLines(figures);
    case 'sizes':
      return sizesLines(figures);
    default:
      return figures satisfies never;
  }
}

/** Of one restart: what ran on the machine meanwhile slowed both. */
export function medianP99Ratio(restarts: readonly Restart[]): number {
  return median(restarts.map(({ first, warm }) => first.p99Ms / warm.p99Ms));
}

function firstSecondsLines({ perSecond, restarts }: FirstSecondsFigures): readonly string[] {
  const pacedRow = (title: string, pick: (one: Restart) => PacedLoad): readonly string[] => {
    const all = restarts.map(pick);
    const failed = all.flatMap((one) => Object.entries(one.failed).map(([reason, times]) => `${times} × ${reason}`));
    const payments = all.reduce((sum, one) => sum + one.payments, 0);
    return [title, spread(all.map(({ p50Ms }) => p50Ms)), spread(all.map(({ p99Ms }) => p99Ms)), String(payments), failed.join(', ') || '0'];
  };
  const head = [`${perSecond} payments/s, open loop`, 'p50 ms', 'p99 ms', 'payments', 'not committed'];
  const each = restarts.map((one) => medianP99Ratio([one]).toFixed(2)).join(', ');
  return [
    ...columns([head, pacedRow('from "ready" on', ({ first }) => first), pacedRow('warm', ({ warm }) => warm)]),
    `  p99 of the first seconds over warm: ${medianP99Ratio(restarts).toFixed(2)} (median of ${restarts.length} restarts; each: ${each})`,
    `  from the start of the processes to "ready": ${spread(restarts.map(({ readyMs }) => readyMs))} ms; databases were not restarted`,
    ...restarts.map(({ warmUp }) => `  ${warmUpLine(warmUp)}`),
  ];
}

function brokenFollowerLines({ follower, warmUp, whole, broken, wholeAgain, left, ledShare, caughtUpMs }: BrokenFollowerFigures): readonly string[] {
  const over = (all: ScenarioResult): string => {
    if (all.units === 0 || broken.units === 0) return 'no ratio, for no batch ended within the counted time';
    return `p99 ${(broken.p99Ms / all.p99Ms).toFixed(2)}, payments/s ${(broken.unitsPerSecond / all.unitsPerSecond).toFixed(2)}`;
  };
  const head = [`batch of ${BATCH_SIZE}, ${CALLERS} callers`, 'payments/s', 'p50 ms', 'p99 ms', 'CPU µs', 'aborted', 'unknown'];
  const row = (title: string, one: ScenarioResult): readonly string[] => {
    const { unitsPerSecond, p50Ms, p99Ms, aborted, unknown } = one;
    return [title, unitsPerSecond.toFixed(0), p50Ms.toFixed(1), p99Ms.toFixed(1), cpuMicrosOf(one).toFixed(0), String(aborted), String(unknown)];
  };
  return [
    ...columns([head, row('all up', whole), row(`${follower} broken`, broken), row('all up again', wholeAgain)]),
    `  broken over all up: ${over(whole)}; over all up again: ${over(wholeAgain)}`,
    `  ${follower}: ${left}`,
    `  it led something in ${(ledShare * 100).toFixed(0)} % of the looks while it was measured; caught up ${(caughtUpMs / 1000).toFixed(1)} s after the repair`,
    `  ${warmUpLine(warmUp)}`,
  ];
}

function sizesLines({ sizes, leftOut }: SizesFigures): readonly string[] {
  const [smallest] = sizes;
  const rows = sizes.map(({ accounts, createdPerSecond, warmUp, result }) => {
    const micros = cpuMicrosOf(result);
    const ratio = smallest === undefined ? NaN : micros / cpuMicrosOf(smallest.result);
    const measured = [micros.toFixed(0), ratio.toFixed(2), result.unitsPerSecond.toFixed(0), result.p99Ms.toFixed(1)];
    return [accounts.toLocaleString('en'), ...measured, createdPerSecond.toFixed(0), String(warmUp.payments), warmUp.steady ? 'yes' : 'NO'];
  });
  const overSmallest = `over ${smallest?.accounts.toLocaleString('en') ?? ''}`;
  return [
    ...columns([['accounts', 'CPU µs per payment', overSmallest, 'payments/s', 'p99 ms', 'created/s', 'warm-up', 'steady'], ...rows]),
    ...(leftOut.length === 0 ? [] : [`  left out: ${leftOut.map((size) => size.toLocaleString('en')).join(', ')} accounts (--accounts-up-to)`]),
  ];
}

/** Median (lowest–highest). */
function spread(values: readonly number[]): string {
  const text = (value: number): string => value.toFixed(1);
  return values.length < 2 ? text(median(values)) : `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((cells) => (cells[at] ?? '').length)));
  return rows.map((cells) => `  ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')}`);
}
