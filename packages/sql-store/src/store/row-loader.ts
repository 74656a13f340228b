/** load(): everything that an entry may touch, as one consistent read in one round trip. */
import type { LegRow } from '@mas/ledger';
import type { LoadedRows, RowRequest } from '@mas/resource-manager';
import { invariant, type BucketId } from '@mas/values';
import { AccountDAO } from '../dao/account-dao';
import { BucketMetaDAO, type MetaRow } from '../dao/bucket-meta-dao';
import { OutcomeDAO } from '../dao/outcome-dao';
import { PaymentDAO } from '../dao/payment-dao';
import type { RawRow, SqlDatabase } from '../sql-database';
import { answered } from './sql-transaction';

/** What a consistent read found, and the meta row as of the same moment. */
export interface LoadedAt {
  readonly meta: MetaRow | null;
  readonly rows: LoadedRows;
}

/** Reads `generation`; the caller compares it with that of the meta row, which may have moved on. */
export async function loadRows(database: SqlDatabase, bucket: BucketId, generation: number, request: RowRequest): Promise<LoadedAt> {
  const at = { bucket, generation };
  const accounts = new AccountDAO(database.db, database.dialect, at);
  const payments = new PaymentDAO(database.db, database.dialect, at);
  const outcomes = new OutcomeDAO(database.db, database.dialect, at);
  const statements = {
    accounts: accounts.lookupsOf(request.accounts),
    legs: payments.lookupsOf(request.legs),
    outcomes: outcomes.lookupsOf(request.outcomes),
  };
  const all = [BucketMetaDAO.lookup(bucket), ...statements.accounts, ...statements.legs, ...statements.outcomes];
  const results = await answered(database, `load of bucket ${bucket}`, () => database.readTogether(all));
  invariant(results.length === all.length, 'as many results as statements');
  const [meta = [], ...rest] = results;
  const take = (count: number): readonly RawRow[] => rest.splice(0, count).flat();
  const [metaRow] = meta;
  return {
    meta: metaRow === undefined ? null : BucketMetaDAO.decode(metaRow),
    rows: {
      accounts: accounts.decodeAll(take(statements.accounts.length)),
      legs: distinctLegs(payments.decodeAll(take(statements.legs.length))),
      outcomes: outcomes.decodeAll(take(statements.outcomes.length)),
    },
  };
}

/** Ranges of seq may overlap, and the SELECTs of a large request with them. */
function distinctLegs(legs: readonly LegRow[]): readonly LegRow[] {
  const byKey = new Map(legs.map((leg) => [`${leg.account} ${leg.seq}`, leg]));
  return byKey.size === legs.length ? legs : [...byKey.values()];
}
