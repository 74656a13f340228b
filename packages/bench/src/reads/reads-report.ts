/** Reads of many accounts as text: payments without them and beside them, and what the reads themselves took. */
import { conservedLine, type Conserved } from '../load/conserved';
import { BATCH_SIZE, type ScenarioResult } from '../load/payment-scenario';
import { warmUpLine, type WarmUp } from '../load/warm-up';
import { CALLERS } from '../conditions/ground';
import type { BatchFigures, LargeReads, Paced, PacedFigures, Pair, SaturatedFigures } from './beside';
import type { PastFigures } from './past-reads';
import type { ReadFigures } from './read-flow';

type Kind<Name extends string> = { readonly kind: Name };
export type Figures = (Kind<'paced'> & PacedFigures) | (Kind<'batches'> & BatchFigures) | (Kind<'saturated'> & SaturatedFigures) | (Kind<'past'> & PastFigures);

export interface PartReport {
  readonly name: string;
  /** Null: it failed before there were any. */
  readonly figures: Figures | null;
  readonly failure: string | null;
}

export interface ReadsReport {
  readonly storage: string;
  readonly seconds: number;
  readonly seed: number;
  readonly loadAverage: readonly number[];
  readonly warmUp: WarmUp | null;
  readonly parts: readonly PartReport[];
  readonly peakMiB: Readonly<Record<string, number>>;
  /** Null: there was none. */
  readonly audit: Conserved | null;
  /** What ended the whole run, or a process that died. */
  readonly failure: string | null;
}

/** All was measured, every answer was right, and no money was lost or made. What was not answered is a figure. */
export function isWell({ parts, audit, failure }: ReadsReport): boolean {
  const isRight = (part: PartReport): boolean => part.failure === null && readsOf(part).every(({ wrong }) => wrong.length === 0);
  return failure === null && audit?.conserved === true && parts.every(isRight);
}

export function renderReads(report: ReadsReport): string {
  const { storage, seconds, seed, loadAverage, warmUp, peakMiB, audit, failure } = report;
  const stores = storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores';
  const load = loadAverage.map((one) => one.toFixed(1)).join(' ');
  const lines = [`Reads at one moment on ${stores}, three replicas, TLS, fsync on; ${seconds} s each, seed ${seed}; load average ${load}`];
  if (warmUp !== null) lines.push(warmUpLine(warmUp));
  for (const part of report.parts) {
    lines.push('', part.name, ...(part.figures === null ? [] : linesOf(part.figures)));
    for (const wrong of readsOf(part).flatMap((reads) => reads.wrong)) lines.push(`  WRONG: ${wrong}`);
    if (part.failure !== null) lines.push(`  FAILED: ${part.failure}`);
  }
  const peaks = Object.entries(peakMiB).map(([process, mebibytes]) => `${process} ${mebibytes.toFixed(0)} MiB`);
  lines.push('');
  if (peaks.length > 0) lines.push(`peak memory: ${peaks.join(', ')}`);
  if (audit !== null) lines.push(conservedLine(audit));
  if (failure !== null) lines.push(`FAILED: ${failure}`);
  return lines.join('\n');
}

/** Of all slices together; of a single pair it says how far that can be trusted. */
export function rateRatio(pairs: readonly Pair<Pick<ScenarioResult, 'unitsPerSecond'>>[]): number {
  const sum = (kind: 'without' | 'beside'): number => pairs.reduce((total, pair) => total + pair[kind].unitsPerSecond, 0);
  return sum('beside') / sum('without');
}

export function p99Ratio({ without, beside }: Pair<Pick<Paced, 'p99Ms'>>): number {
  return beside.p99Ms / without.p99Ms;
}

function readsOf({ figures }: PartReport): readonly ReadFigures[] {
  if (figures === null) return [];
  if (figures.kind === 'saturated') return figures.sizes.map(({ reads }) => reads);
  return figures.kind === 'past' ? [figures.first, figures.then, figures.circle] : [figures.reads];
}

function linesOf(figures: Figures): readonly string[] {
  switch (figures.kind) {
    case 'paced':
      return pacedLines(figures);
    case 'batches':
      return batchLines(figures);
    case 'saturated':
      return saturatedLines(figures);
    case 'past':
      return pastLines(figures);
    default:
      return figures satisfies never;
  }
}

const PAYMENTS = [`batch of ${BATCH_SIZE}, ${CALLERS} callers`, 'payments/s', 'p50 ms', 'p99 ms', 'aborted', 'unknown'];
const READS = ['reads', 'how many', 'p50 ms', 'p99 ms', 'max ms', 'not answered'];

function pacedLines(figures: PacedFigures): readonly string[] {
  const { perSecond, pairs, all, reads } = figures;
  const row = (title: string, { payments, p50Ms, p95Ms, p99Ms, failed }: Paced): readonly string[] => {
    return [title, String(payments), ...[p50Ms, p95Ms, p99Ms].map((one) => one.toFixed(1)), counted(failed)];
  };
  const head = [`${perSecond} payments/s, open loop`, 'payments', 'p50 ms', 'p95 ms', 'p99 ms', 'not committed'];
  const each = pairs.map((pair) => p99Ratio(pair).toFixed(2)).join(', ');
  return [
    ...columns([head, row('without reads', all.without), row('beside reads', all.beside)]),
    `  p99 beside reads over without: ${p99Ratio(all).toFixed(2)} (all slices together; each pair: ${each})`,
    ...columns([READS, readRow(manyAccounts(figures), reads)]),
  ];
}

function batchLines(figures: BatchFigures): readonly string[] {
  const { pairs, reads } = figures;
  const each = pairs.map((pair) => rateRatio([pair]).toFixed(2)).join(', ');
  return [
    ...columns([
      PAYMENTS,
      batchRow(
        'without reads',
        pairs.map(({ without }) => without),
      ),
      batchRow(
        'beside reads',
        pairs.map(({ beside }) => beside),
      ),
    ]),
    `  payments/s beside reads over without: ${rateRatio(pairs).toFixed(2)} (all slices together; each pair: ${each})`,
    ...columns([READS, readRow(manyAccounts(figures), reads)]),
  ];
}

function saturatedLines({ sizes }: SaturatedFigures): readonly string[] {
  const title = (one: LargeReads): string => (one.requests === 1 ? manyAccounts(one) : `${manyAccounts(one)}, in ${one.requests} requests each`);
  return [
    ...columns([PAYMENTS, ...sizes.map(({ accounts, payments }) => batchRow(`beside reads of ${accounts.toLocaleString('en')}`, [payments]))]),
    ...columns([READS, ...sizes.map((one) => readRow(title(one), one.reads))]),
  ];
}

/** Means over slices of the same length; the worst p99. */
function batchRow(title: string, slices: readonly ScenarioResult[]): readonly string[] {
  const mean = (pick: (one: ScenarioResult) => number): number => slices.reduce((sum, one) => sum + pick(one), 0) / slices.length;
  const sum = (pick: (one: ScenarioResult) => number): string => String(slices.reduce((total, one) => total + pick(one), 0));
  const worstMs = Math.max(...slices.map(({ p99Ms }) => p99Ms));
  const rate = mean(({ unitsPerSecond }) => unitsPerSecond);
  return [title, rate.toFixed(0), mean(({ p50Ms }) => p50Ms).toFixed(1), worstMs.toFixed(1), sum(({ aborted }) => aborted), sum(({ unknown }) => unknown)];
}

function pastLines({ legs, madePerSecond, first, then, circle, compared }: PastFigures): readonly string[] {
  const rows = [readRow('one account, the first ones', first), readRow('one account', then), readRow(`${circle.accounts} accounts in all buckets`, circle)];
  const made = `${legs.toLocaleString('en')} legs of one account, made at ${madePerSecond.toFixed(0)} payments/s`;
  return [...columns([READS, ...rows]), `  ${made}; Resource Managers restarted; ${compared} balances compared with its listed legs`];
}

function manyAccounts({ accounts, readsPerSecond }: Pick<BatchFigures, 'accounts' | 'readsPerSecond'>): string {
  return `${accounts.toLocaleString('en')} accounts, ${readsPerSecond} a second`;
}

function readRow(title: string, { reads, p50Ms, p99Ms, maxMs, unanswered }: ReadFigures): readonly string[] {
  return [title, String(reads), ...[p50Ms, p99Ms, maxMs].map((one) => one.toFixed(1)), counted(unanswered)];
}

function counted(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([reason, times]) => `${times} × ${reason}`)
      .join(', ') || '0'
  );
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((cells) => (cells[at] ?? '').length)));
  return rows.map((cells) => `  ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')}`);
}
