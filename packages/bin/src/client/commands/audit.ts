/** mas-client audit */
import type { AuditProgress, AuditReport } from '@mas/transaction-coordinator';
import type { Command } from 'commander';
import { isCallFailed } from '../call-failed';
import { CommandFailed, EXIT } from '../exit-codes';
import { moment, money, table } from '../output';
import { ProgressLine } from '../progress-line';
import { withSession } from '../session';

const MAX_SHOWN = 20;

export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('check the live cluster as of one moment, while it pays: journals, legs, replicas, totals; takes as long as it takes, or --timeout')
    .option('--full', 'read everything again, also what the last good audit has found')
    .action(
      withSession(program, async ({ client, output, timeoutMs }, options: { readonly full?: boolean }) => {
        const line = new ProgressLine(process.stderr, output.json);
        const onProgress = (progress: AuditProgress): void => line.show(progress, () => progressText(progress));
        const report = await client
          .audit({ timeoutMs, isFull: options.full === true, onProgress })
          .catch(unlessTooShort)
          .finally(() => line.clear());
        const differences = report.checks.flatMap((check) => check.differences);
        output.print(report, () => reportText(report, differences));
        if (differences.length > 0) throw new CommandFailed(EXIT.differences, shown(differences), { reason: 'AUDIT_DIFFERENCES' });
        if (report.incomplete.length > 0)
          throw new CommandFailed(EXIT.incomplete, `AUDIT_INCOMPLETE: ${shown(report.incomplete)}`, { reason: 'AUDIT_INCOMPLETE' });
      }),
    );
}

/** An audit is a read: what it did is not unknown, there is only no report. */
function unlessTooShort(error: unknown): never {
  if (!isCallFailed(error) || error.error.kind !== 'deadline-exceeded') throw error;
  throw new CommandFailed(
    EXIT.incomplete,
    'AUDIT_INCOMPLETE: nothing was compared: no report came in time; leave --timeout out (then an audit takes as long as it takes) or give it more',
    { reason: 'AUDIT_INCOMPLETE' },
  );
}

function progressText({ momentUs, replicas, waitsFor }: AuditProgress): string {
  if (waitsFor !== '') return `audit: ${waitsFor}`;
  const rows = replicas.reduce((sum, replica) => sum + replica.rows, 0);
  const permille = replicas.reduce((sum, replica) => sum + replica.permille, 0) / Math.max(1, replicas.length);
  const [slowest] = [...replicas].sort((a, b) => a.permille - b.permille);
  const last = slowest === undefined ? '' : `; bucket ${slowest.bucket} on rm-${slowest.rm} ${percent(slowest.permille)}`;
  return `audit of ${moment(momentUs)}: ${percent(permille)}, ${rows.toLocaleString('en')} rows read${last}`;
}

function percent(permille: number): string {
  return `${Math.floor(permille / 10)} %`;
}

function reportText(report: AuditReport, differences: readonly string[]): string {
  return [
    table(
      ['check', 'compared', 'differences'],
      report.checks.map((check) => [check.name, String(check.count), String(check.differences.length)]),
      [1, 2],
    ),
    ...report.totals.map((total) => `issued ${money(total.issuedMinor, total.currency)}, balances ${money(total.balancesMinor, total.currency)}`),
    ...report.incomplete.map((text) => `not compared: ${text}`),
    `as of ${moment(report.momentUs)}${report.sinceUs === null ? '' : `, from the good audit of ${moment(report.sinceUs)} on (--full reads everything)`}`,
    differences.length > 0 ? 'NOT consistent' : report.incomplete.length > 0 ? 'incomplete: no differences in what was compared' : 'consistent',
  ].join('\n');
}

function shown(texts: readonly string[]): string {
  return [...texts.slice(0, MAX_SHOWN), ...(texts.length > MAX_SHOWN ? [`And ${texts.length - MAX_SHOWN} more.`] : [])].join(' ');
}
