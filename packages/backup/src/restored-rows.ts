/**
 * Rows of the cut as they are put back (docs/adr/0028): all of them, but for payments that were not decided by then. Of these the legs are left out, with what they hold on their
 * accounts and on what they build on. Locks are not put back: they were leases of callers of another cluster.
 */
import type { AccountRow, LegRow } from '@mas/ledger';
import type { SnapshotChunk } from '@mas/resource-manager';
import type { UndecidedLeg, UndecidedLegs } from './prepared-legs';

export function restoredChunk(chunk: SnapshotChunk, undecided: UndecidedLegs): SnapshotChunk | null {
  switch (chunk.kind) {
    case 'accounts':
      return undecided.size === 0 ? chunk : { kind: 'accounts', rows: chunk.rows.map((row) => restoredAccount(row, undecided.get(row.number))) };
    case 'legs':
      return undecided.size === 0 ? chunk : { kind: 'legs', rows: chunk.rows.flatMap((row) => restoredLeg(row, undecided.get(row.account))) };
    case 'outcomes':
      return chunk;
    case 'locks':
      return null;
    default:
      return chunk satisfies never;
  }
}

function restoredAccount(row: AccountRow, legs: readonly UndecidedLeg[] | undefined): AccountRow {
  if (legs === undefined) return row;
  let { holdsMinor, pendingCreditsMinor } = row;
  for (const { effect, amountMinor } of legs) {
    if (effect === 'credit') pendingCreditsMinor -= amountMinor;
    // A capture or void has taken over the reservation, which stays held.
    else if (effect !== 'capture' && effect !== 'void') holdsMinor -= amountMinor;
  }
  return { ...row, holdsMinor, pendingCreditsMinor };
}

/** @returns none for a leg that is left out */
function restoredLeg(row: LegRow, legs: readonly UndecidedLeg[] | undefined): readonly LegRow[] {
  if (legs === undefined) return [row];
  if (row.state === 'prepared' && legs.some(({ txn }) => txn === row.txn)) return [];
  return [legs.filter(({ reference }) => reference === row.txn).reduce(without, row)];
}

/** What an undecided leg has reserved on the leg that it builds on. */
function without(row: LegRow, { txn, effect, amountMinor }: UndecidedLeg): LegRow {
  if (effect === 'refund-debit') return { ...row, refundReservedMinor: row.refundReservedMinor - amountMinor };
  const { reservation } = row;
  if (reservation?.status !== 'capturing' || reservation.consumedBy !== txn) return row;
  return { ...row, reservation: { ...reservation, status: 'open', consumedBy: null } };
}
