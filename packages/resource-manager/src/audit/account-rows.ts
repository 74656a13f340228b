/**
 * All accounts of a replica's rows, each with its legs: both are read side by side in the order of their keys, so that memory does not grow with the bucket. Who audits
 * rows, of a replica or of a backup, reads them so.
 */
import type { AccountRow, LegRow } from '@mas/ledger';
import type { SnapshotReader } from '../applied-store';
import { RowCursor } from './row-cursor';

export interface AccountVisitor {
  /** Before its legs. */
  account(row: AccountRow): void;
  /** @param isOfAccount false: a tombstone on a number that is no account, or a leg that should not be there */
  leg(row: LegRow, isOfAccount: boolean): void;
  /** Behind its last leg. */
  endAccount(row: AccountRow): void;
}

/**
 * @param sinceMs as SnapshotReader.chunks has it
 * @param onRows called with the number of rows of each chunk, before they are visited
 */
export async function visitAccounts(reader: SnapshotReader, sinceMs: number | null, onRows: (rows: number) => void, visitor: AccountVisitor): Promise<void> {
  const accounts = new RowCursor(reader, 'accounts', sinceMs, onRows);
  const legs = new RowCursor(reader, 'legs', sinceMs, onRows);
  for (let account = accounts.head ?? (await accounts.more()); account !== null; account = accounts.head ?? (await accounts.more())) {
    accounts.pass();
    visitor.account(account);
    for (let leg = legs.head ?? (await legs.more()); leg !== null; leg = legs.head ?? (await legs.more())) {
      const order = inOrder(leg, account);
      if (order > 0) break;
      legs.pass();
      visitor.leg(leg, order === 0);
    }
    visitor.endAccount(account);
  }
  for (let leg = legs.head ?? (await legs.more()); leg !== null; leg = legs.head ?? (await legs.more())) {
    legs.pass();
    visitor.leg(leg, false);
  }
}

/** As their tables are ordered. Numbers are ASCII. */
function inOrder(leg: LegRow, account: AccountRow): number {
  if (leg.slot !== account.slot) return leg.slot - account.slot;
  if (leg.account === account.number) return 0;
  return leg.account < account.number ? -1 : 1;
}
