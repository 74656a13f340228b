/** The fire test's table. */
import type { ScenarioResult } from './run-scenario';

const COLUMNS = ['scenario', 'load/s', 'acknowledged', 'aborted', 'unknown', 'resolved', 'first success', 'all resolved', 'sums read', 'audit'] as const;

export function row(result: ScenarioResult): readonly string[] {
  const { name, ratePerSecond, committed, aborted, unknown, resolved, firstSuccessMs, allResolvedMs, checks, sumsRead, problems } = result;
  const audit = problems.length === 0 ? `${checks} checks, equal` : `FAILED: ${problems.length}`;
  return [
    name,
    ratePerSecond.toFixed(0),
    String(committed),
    String(aborted),
    String(unknown),
    String(resolved),
    ms(firstSuccessMs),
    ms(allResolvedMs),
    String(sumsRead),
    audit,
  ];
}

export function renderTable(rows: readonly (readonly string[])[]): string {
  return renderColumns([COLUMNS, ...rows], [1, 2, 3, 4, 5, 6, 7, 8]);
}

/** The first row is the head. */
export function renderColumns(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const [head = []] = rows;
  const widths = head.map((_, at) => Math.max(...rows.map((cells) => (cells[at] ?? '').length)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, at) => (right.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0] ?? '', widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}

/** p50 and maximum of what was measured. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return 'none';
  const sorted = [...values].sort((a, b) => a - b);
  return `p50 ${ms(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0)}, max ${ms(sorted.at(-1) ?? 0)} of ${sorted.length}`;
}

export function ms(value: number | null): string {
  return value === null ? '—' : value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}
