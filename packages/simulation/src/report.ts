/** A run as a person reads it: the timeline, the figures, the verdict. */
import type { SeedReport } from './run-seed';

export function renderReport(report: SeedReport, withDetails: boolean): string {
  const lines = report.timeline
    .filter((line) => withDetails || line.level === 'note')
    .map(({ atMs, text }) => `${(atMs / 1000).toFixed(3).padStart(9)} s  ${text}`);
  const figures = Object.entries(report.figures).map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
  return [...lines, '', 'figures', ...figures, '', `hash ${report.hash}`, verdictLine(report), ''].join('\n');
}

export function verdictLine(report: SeedReport): string {
  const name = `seed ${report.seed} (${report.faults.join(', ')})`;
  if (report.findings.length === 0) return `${name}: PASS`;
  return [`${name}: FAIL`, ...report.findings.map((finding) => `  ${finding.rule}: ${finding.text}`)].join('\n');
}
