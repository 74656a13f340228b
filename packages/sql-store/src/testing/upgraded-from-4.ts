/** What a database of schema 4 has to give after the upgrade, on every kind of server: its rows as they were meant, and new ones beside them. */
import type { OutcomeRow } from '@mas/ledger';
import type { AppliedStore } from '@mas/resource-manager';
import { bucketId, present } from '@mas/values';
import { account, batch, body, leg, position } from '@mas/testkit/applied-store';
import { allChunks, rowsOfKind } from '@mas/testkit/applied-store';
import { MEANT_ACCOUNTS, MEANT_LEGS, MEANT_OUTCOMES } from './rows-of-schema-4';

type Key = (row: { readonly txn: string; readonly key: string }) => string;
const keyOf: Key = ({ txn, key }) => `${txn} ${key}`;
const sorted = <Row extends { readonly txn: string; readonly key: string }>(rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** Behind it a leg and an outcome have been written anew, and one leg more; the others have not. @param store whose bucket 1 is at position 10. */
export async function readsAndRewrites(store: AppliedStore): Promise<void> {
  const { store: rows } = await store.openBucket(bucketId(1));
  const requested = {
    accounts: MEANT_ACCOUNTS.map(({ number }) => number),
    legs: MEANT_LEGS.map(({ account, txn, seq }) => ({ account, txn, seqRanges: [{ from: seq, to: seq }] })),
    outcomes: MEANT_OUTCOMES.map(({ key }) => key),
  };
  const loaded = await rows.load(requested);
  expect(loaded.accounts).toEqual(MEANT_ACCOUNTS);
  expect(sorted(loaded.legs)).toEqual(sorted(MEANT_LEGS));
  expect(sorted(loaded.outcomes)).toEqual(sorted(MEANT_OUTCOMES));
  const pinned = await rows.loadPinned();
  expect(sorted([...pinned.prepared, ...pinned.openAuthorizations])).toEqual(sorted(MEANT_LEGS.filter(({ seq }) => seq === 4098 || seq === 4099)));
  expect(pinned.undelivered).toEqual([MEANT_OUTCOMES[0]]);
  // One of them changes and one is new.
  const changed = MEANT_LEGS.map((row) => (row.seq === 4098 ? { ...row, state: 'committed' as const, endedAtMs: 7 } : row));
  const [untold, ...others] = MEANT_OUTCOMES as [OutcomeRow, ...OutcomeRow[]];
  const told = { ...untold, untold: [] };
  const [paid, opened] = [{ ...present(MEANT_ACCOUNTS[0], 'account'), balanceMinor: 900n, rev: 2 }, account('opened')];
  const added = leg('abc', 5000, { body: body({ memo: '\t\n\\\0' }) });
  await rows.checkpoint(
    batch(bucketId(1), {
      previous: position(10),
      applied: position(11),
      accounts: [paid, opened],
      legs: [...changed.filter(({ seq }) => seq === 4098), added],
      outcomes: [told],
    }),
  );
  const reader = await rows.readSnapshot();
  const chunks = await allChunks(reader);
  await reader.close();
  expect(rowsOfKind(chunks, 'accounts')).toEqual(expect.arrayContaining([paid, opened]));
  expect(sorted(rowsOfKind(chunks, 'legs'))).toEqual(sorted([...changed, added]));
  expect(sorted(rowsOfKind(chunks, 'outcomes'))).toEqual(sorted([told, ...others]));
}
