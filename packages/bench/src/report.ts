/** The payments benchmark as text. */
import { conservedLine } from './load/conserved';
import { warmUpLine } from './load/warm-up';
import type { BenchReport } from './payments-bench';

export function renderReport(report: BenchReport): string {
  const lines = [
    `Payments on ${report.storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores'}, three replicas, TLS, fsync on:`,
    warmUpLine(report.warmUp),
    '',
    row(['scenario', 'payments/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'aborted', 'unknown']),
  ];
  for (const one of report.scenarios)
    lines.push(
      row([
        one.name,
        one.unitsPerSecond.toFixed(0),
        one.p50Ms.toFixed(1),
        one.p99Ms.toFixed(1),
        one.p999Ms.toFixed(1),
        String(one.aborted),
        String(one.unknown),
      ]),
    );
  lines.push('', ...cpuTable(report));
  const last = report.scenarios.at(-1);
  if (last !== undefined)
    lines.push(
      '',
      `peak memory: ${Object.entries(last.usage)
        .map(([name, usage]) => `${name} ${usage.peakMiB.toFixed(0)} MiB`)
        .join(', ')}`,
    );
  if (report.yardsticks !== null) {
    const { fdatasyncPerSecond, grpcUnary256, xa32, xaWithBooks32, postgres64, postgresHot64 } = report.yardsticks;
    const xa = ({ unitsPerSecond, p50Ms, cpuMicros, conserved }: typeof xa32): string =>
      `${unitsPerSecond.toFixed(0)} transfers/s (p50 ${p50Ms.toFixed(1)} ms, ${cpuMicros.toFixed(0)} µs of the servers' CPU each), conserved: ${conserved}`;
    lines.push(
      '',
      'Yardsticks of the same run:',
      `  fdatasync of 4 KiB: ${fdatasyncPerSecond.toFixed(0)}/s`,
      `  grpc-js unary, empty handler, TLS, 256 callers: ${grpcUnary256.unitsPerSecond.toFixed(0)}/s (p50 ${grpcUnary256.p50Ms.toFixed(1)} ms)`,
      `  MariaDB XA over two servers, no replication, 32 callers: ${xa(xa32)}`,
      `  the same with a journal row on both sides and a row per payment: ${xa(xaWithBooks32)}`,
      `  PostgreSQL, one server, no replication, journal and payment rows, 64 clients: ${xa(postgres64)}`,
      `  the same with one hot receiver: ${xa(postgresHot64)}`,
    );
  }
  lines.push('', 'Ratios:', ...Object.entries(report.ratios).map(([name, value]) => `  ${name}: ${value.toFixed(2)}`));
  lines.push('', conservedLine(report));
  return lines.join('\n');
}

const WIDTHS = [58, 11, 9, 9, 10, 9, 9];

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[at] ?? 0) : cell.padStart(WIDTHS[at] ?? CPU_WIDTH))).join(' ');
}

const CPU_WIDTH = 9;

/** Where the time goes: what one payment costs each process. */
function cpuTable(report: BenchReport): readonly string[] {
  const names = Object.keys(report.scenarios[0]?.usage ?? {});
  const line = (title: string, cells: readonly string[]): string => [title.padEnd(WIDTHS[0] ?? 0), ...cells.map((cell) => cell.padStart(CPU_WIDTH))].join(' ');
  return [
    line('CPU microseconds per payment', [...names, 'all']),
    ...report.scenarios.map((one) => {
      const perPayment = names.map((name) => ((one.usage[name]?.cpuSeconds ?? 0) * 1e6) / Math.max(1, one.units));
      return line(
        one.name,
        [...perPayment, perPayment.reduce((sum, value) => sum + value, 0)].map((value) => value.toFixed(0)),
      );
    }),
  ];
}
