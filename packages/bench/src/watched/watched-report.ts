/** What being looked at costs, as text: slices with and without in turn, and ratios of those that stood side by side. */
import { conservedLine, type Conserved } from '../load/conserved';
import { BATCH_SIZE, type ScenarioResult } from '../load/payment-scenario';
import { warmUpLine, type WarmUp } from '../load/warm-up';
import { median } from '../raft/statistics';
import { CALLERS } from '../conditions/ground';

export type Slice = Pick<ScenarioResult, 'units' | 'unitsPerSecond' | 'p50Ms' | 'p99Ms' | 'aborted' | 'unknown' | 'usage'>;

/** Measured one right after the other, on one cluster or on two that both run. */
export interface Turn {
  readonly plain: Slice;
  readonly watched: Slice;
}

/** At a cluster that rests. */
export interface Looks {
  readonly count: number;
  /** Of all processes of the cluster, for one look at all of them. */
  readonly cpuMs: number;
}

/** Two fresh clusters, or one that is looked at in every second slice. */
export interface ClusterPair {
  readonly warmUps: readonly WarmUp[];
  readonly turns: readonly Turn[];
  readonly looks: Looks | null;
  readonly audits: readonly Conserved[];
}

export interface WatchedFigures {
  readonly name: string;
  readonly seen: string;
  readonly pairs: readonly ClusterPair[];
  /** Null: measured to its end. */
  readonly failure: string | null;
}

export interface WatchedReport {
  readonly storage: string;
  readonly seconds: number;
  readonly seed: number;
  readonly loadAverage: readonly number[];
  readonly watchers: readonly WatchedFigures[];
}

/** All was measured, and no money was lost or made. */
export function isWell({ watchers }: WatchedReport): boolean {
  return watchers.every(
    ({ failure, pairs }) =>
      failure === null && pairs.every(({ warmUps, audits }) => audits.length === warmUps.length && audits.length > 0 && audits.every((one) => one.conserved)),
  );
}

/** Of the cluster's processes: the client, and whoever looks, are in the process that measures. */
export function clusterCpuMicros({ units, usage }: Slice): number {
  const seconds = Object.entries(usage).reduce((sum, [name, one]) => sum + (name === 'client' ? 0 : one.cpuSeconds), 0);
  return (seconds * 1e6) / Math.max(1, units);
}

/** @returns how much more (above 0) or less the watched one has of it, of each turn, ascending */
export function changes(turns: readonly Turn[], of: (slice: Slice) => number): readonly number[] {
  return turns.map(({ plain, watched }) => of(watched) / of(plain) - 1).sort((a, b) => a - b);
}

export function renderWatched(report: WatchedReport): string {
  const { storage, seconds, seed, loadAverage } = report;
  const stores = storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores';
  const load = loadAverage.map((one) => one.toFixed(1)).join(' ');
  const lines = [
    `What being looked at costs, on ${stores}, three replicas, TLS, fsync on; ${seconds} s each, seed ${seed}; load average ${load}`,
    `batches of ${BATCH_SIZE}, ${CALLERS} callers; CPU of the cluster's processes`,
  ];
  for (const figures of report.watchers) lines.push('', ...linesOf(figures));
  return lines.join('\n');
}

function linesOf({ name, seen, pairs, failure }: WatchedFigures): readonly string[] {
  const turns = pairs.flatMap((pair) => pair.turns);
  const rows = [
    ['', 'payments/s', 'p50 ms', 'p99 ms', 'CPU µs', 'aborted', 'unknown'],
    row('without', turns, ({ plain }) => plain),
    row('with', turns, ({ watched }) => watched),
  ];
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0))) ?? [];
  const table = rows.map((cells) => `  ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')}`);
  return [
    `${name} (${seen}), ${turns.length} turns on ${pairs.flatMap((pair) => pair.warmUps).length} clusters; medians`,
    ...(turns.length === 0 ? [] : table),
    ...(turns.length === 0
      ? []
      : [
          `  CPU of a payment ${change(changes(turns, clusterCpuMicros))}`,
          `  payments per second ${change(changes(turns, ({ unitsPerSecond }) => unitsPerSecond))}`,
        ]),
    ...pairs.flatMap(({ turns: of, looks }) => (looks === null ? [] : [looksLine(looks, of)])),
    ...pairs.flatMap(({ warmUps, audits }) => [...warmUps.map((one) => `  ${warmUpLine(one)}`), ...audits.map((one) => `  ${conservedLine(one)}`)]),
    ...(failure === null ? [] : [`  FAILED: ${failure}`]),
  ];
}

function looksLine({ count, cpuMs }: Looks, turns: readonly Turn[]): string {
  const payingMs = median(turns.map(({ plain }) => (clusterCpuMicros(plain) * plain.unitsPerSecond) / 1000));
  return `  one look at all processes: ${cpuMs.toFixed(2)} ms of CPU (of ${count}); once a second, ${((cpuMs * 100) / payingMs).toFixed(2)} % of what they use when nobody looks`;
}

function row(title: string, turns: readonly Turn[], pick: (turn: Turn) => Slice): readonly string[] {
  const slices = turns.map(pick);
  const middle = (of: (slice: Slice) => number, digits: number): string => (slices.length === 0 ? '' : median(slices.map(of)).toFixed(digits));
  const sum = (of: (slice: Slice) => number): string => String(slices.reduce((total, one) => total + of(one), 0));
  const rates = [middle((one) => one.unitsPerSecond, 0), middle((one) => one.p50Ms, 1), middle((one) => one.p99Ms, 1), middle(clusterCpuMicros, 0)];
  return [title, ...rates, sum((one) => one.aborted), sum((one) => one.unknown)];
}

function change(all: readonly number[]): string {
  const percent = (value: number): string => `${value >= 0 ? '+' : '\u2212'}${Math.abs(value * 100).toFixed(1)} %`;
  return `${percent(median(all))} (${percent(all[0] ?? NaN)} to ${percent(all.at(-1) ?? NaN)})`;
}
