/** Rows of slots that are copied, by their keys, as they are now: from memory, or from the tables where they have been written and paged out. */
import type { RowsTouched } from '@mas/ledger';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { MovedRow } from './import-parts';

/** At most so many keys in each of the same, in the same order. */
export function inPieces({ accounts, legs, outcomes }: RowsTouched, size: number): readonly RowsTouched[] {
  const keys = [
    ...accounts.map((number) => ({ accounts: [number], legs: [], outcomes: [] })),
    ...legs.map((leg) => ({ accounts: [], legs: [leg], outcomes: [] })),
    ...outcomes.map((key) => ({ accounts: [], legs: [], outcomes: [key] })),
  ];
  const pieces: RowsTouched[] = [];
  for (let from = 0; from < keys.length; from += size) {
    const some = keys.slice(from, from + size);
    pieces.push({
      accounts: some.flatMap((each) => each.accounts),
      legs: some.flatMap((each) => each.legs),
      outcomes: some.flatMap((each) => each.outcomes),
    });
  }
  return pieces;
}

/** Where they are gone, so are the slots: another leader has brought them to their end. @throws StoreUnavailable */
export async function rowsNow(applier: BucketApplier, keys: RowsTouched): Promise<readonly MovedRow[]> {
  const { table } = applier.state();
  const pins = table.pin(keys);
  try {
    await applier.loadFor(pins);
    return [
      ...keys.accounts.flatMap((number) => there(table.account(number)).map((row): MovedRow => ({ kind: 'accounts', row }))),
      ...keys.legs.flatMap(({ account, txn }) => there(table.leg(account, txn)).map((row): MovedRow => ({ kind: 'legs', row }))),
      ...keys.outcomes.flatMap((key) => there(table.outcome(key)).map((row): MovedRow => ({ kind: 'outcomes', row }))),
    ];
  } finally {
    table.unpin(pins);
  }
}

function there<Row>(row: Row | undefined): readonly Row[] {
  return row === undefined ? [] : [row];
}
