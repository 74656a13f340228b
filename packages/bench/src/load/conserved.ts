/** What ends every run: the cluster audits itself, and the money in it is what was issued. */
import { MasCallFailed, type MasClient } from '@mas/client';
import type { AuditReport } from '@mas/transaction-coordinator';
import { OPENING_MINOR } from './accounts';

export interface Conserved {
  readonly conserved: boolean;
  /** Nothing differs, but not everything was compared: neither proof nor disproof. */
  readonly incomplete: boolean;
  readonly audit: string;
}

const DIFFERENCES_SHOWN = 3;
/** A machine that has just been under load may not answer in time: that is no difference, and it is asked again. */
const MOST_AUDITS = 3;

/** @param accounts how many there are, each opened with the same */
export async function auditOf(client: Pick<MasClient, 'audit'>, accounts: number): Promise<Conserved> {
  for (let audits = 1; ; audits += 1) {
    const found = await client.audit({ isFull: true }).then((report) => judged(report, accounts), notCompared);
    if (!found.incomplete || audits === MOST_AUDITS) return found;
  }
}

/** A bucket that is silent is none that differs. */
function notCompared(error: unknown): Conserved {
  if (!(error instanceof MasCallFailed)) throw error;
  return { conserved: false, incomplete: true, audit: error.message };
}

export function judged(report: AuditReport, accounts: number): Conserved {
  const issuedMinor = BigInt(accounts) * OPENING_MINOR;
  const isIssued = report.totals.every((total) => total.issuedMinor === issuedMinor && total.balancesMinor === issuedMinor);
  const incomplete = isIssued && report.incomplete.length > 0 && report.checks.every(({ differences }) => differences.length === 0);
  return { conserved: report.consistent && isIssued, incomplete, audit: [...report.checks.map(auditLine), ...report.incomplete].join('; ') };
}

export function conservedLine({ conserved, incomplete, audit }: Conserved): string {
  return `money conserved: ${conserved ? 'yes' : incomplete ? 'NOT SHOWN' : 'NO'} (${audit})`;
}

function auditLine({ name, count, differences }: AuditReport['checks'][number]): string {
  const first = differences.slice(0, DIFFERENCES_SHOWN).map((text) => ` (${text})`);
  return `${name}: ${count} compared, ${differences.length} differences${first.join('')}`;
}
