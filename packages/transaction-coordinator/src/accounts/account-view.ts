/** An account as callers see it, from what a bucket says. */
import type { AccountRow } from '@mas/ledger';
import { slotOfAccount, type LeaderDirectory } from '@mas/placement';
import type { AccountReading } from '@mas/two-phase-commit';
import type { AccountView } from '../coordinator-service';

export function viewOfReading(reading: AccountReading, level: 'committed' | 'uncommitted', directory: LeaderDirectory, momentUs: number | null): AccountView {
  const bucket = directory.placement().bucketOf(slotOfAccount(reading.number));
  return {
    number: reading.number,
    currency: reading.currency,
    status: reading.status,
    owner: reading.owner,
    balanceMinor: reading.balanceMinor,
    minimumMinor: reading.minimumMinor,
    // Reserved money is what the account can do less with, at every level; what may still come in is no money yet.
    holdsMinor: reading.holdsMinor,
    pendingCreditsMinor: level === 'uncommitted' ? reading.pendingCreditsMinor : null,
    level,
    ageMs: null,
    momentUs,
    rev: reading.rev,
    createdAtMs: reading.createdAtMs,
    bucket,
    leader: directory.leaderHint(bucket) ?? null,
  };
}

/** From the entry that created or changed it: settled money only. */
export function viewOfRow(row: AccountRow, directory: LeaderDirectory): AccountView {
  return viewOfReading({ ...row, preparedTxns: [] }, 'committed', directory, null);
}
