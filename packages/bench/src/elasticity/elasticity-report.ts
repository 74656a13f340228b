/** What moves of slots cost, as text: beside what was measured before and after them in the same run. */
import { conservedLine, type Conserved } from '../load/conserved';
import { warmUpLine, type WarmUp } from '../load/warm-up';
import { columns } from '../conditions/conditions-report';
import type { MovesFigures } from './slots-under-load';
import type { PacedFigures } from './steady-batches';

export interface Figures {
  readonly warmUp: WarmUp;
  /** Payments, in batches, by as many callers as are needed. */
  readonly mostPerSecond: number;
  readonly before: PacedFigures;
  readonly growing: PacedFigures;
  readonly growth: MovesFigures & { readonly tookMs: number };
  readonly shrinking: PacedFigures;
  readonly shrinkage: MovesFigures & { readonly tookMs: number };
  readonly after: PacedFigures;
}

export interface ElasticityReport {
  readonly storage: string;
  readonly seconds: number;
  readonly seed: number;
  readonly accounts: number;
  readonly loadAverage: readonly number[];
  /** Null: it failed before there were any. */
  readonly figures: Figures | null;
  readonly audit: Conserved | null;
  readonly failure: string | null;
}

export function isWell({ failure, audit }: ElasticityReport): boolean {
  return failure === null && audit?.conserved === true;
}

export function renderElasticity({ storage, seconds, seed, accounts, loadAverage, figures, audit, failure }: ElasticityReport): string {
  const stores = storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores';
  const load = loadAverage.map((one) => one.toFixed(1)).join(' ');
  return [
    `Slots that move under load on ${stores}, three replicas, TLS, fsync on; ${accounts.toLocaleString('en')} accounts, at least ${seconds} s each, seed ${seed}; load average ${load}`,
    ...(figures === null ? [] : linesOf(figures)),
    ...(audit === null ? [] : [`  ${conservedLine(audit)}`]),
    ...(failure === null ? [] : [`  FAILED: ${failure}`]),
  ].join('\n');
}

function linesOf({ warmUp, mostPerSecond, before, growing, growth, shrinking, shrinkage, after }: Figures): readonly string[] {
  const row = (title: string, one: PacedFigures): readonly string[] => [
    title,
    one.committedPerSecond.toFixed(0),
    (one.committedPerSecond / before.committedPerSecond).toFixed(2),
    one.p50Ms.toFixed(1),
    one.p99Ms.toFixed(1),
    (one.p99Ms / before.p99Ms).toFixed(2),
    one.maxMs.toFixed(0),
    one.seconds.toFixed(0),
    Object.entries(one.failed)
      .map(([reason, times]) => `${times} × ${reason}`)
      .join(', ') || '0',
  ];
  return [
    ...columns([
      [
        `${before.perSecond.toFixed(0)} payments/s (at most ${mostPerSecond.toFixed(0)})`,
        'committed/s',
        'over before',
        'p50 ms',
        'p99 ms',
        'over before',
        'max ms',
        'for s',
        'not committed',
      ],
      row('nothing else', before),
      row('a new bucket gets its share', growing),
      row('it gives them back', shrinking),
      row('nothing else, again', after),
    ]),
    movesLine('to the new bucket', growth),
    movesLine('back', shrinkage),
    `  ${warmUpLine(warmUp)}`,
  ];
}

function movesLine(title: string, { moves, accounts, rows, tookMs, blockedP50Ms, blockedP99Ms, blockedMaxMs }: Figures['growth']): string {
  const blocked = `without an owner p50 ${blockedP50Ms.toFixed(0)}, p99 ${blockedP99Ms.toFixed(0)}, at most ${blockedMaxMs.toFixed(0)} ms`;
  return `  ${title}: ${moves} moves, ${accounts} accounts, ${rows} rows in ${(tookMs / 1000).toFixed(1)} s (${((rows * 1000) / tookMs).toFixed(0)} rows/s); ${blocked}`;
}
