/** PaymentDAO: the legs of payments on a bucket's accounts, which are also the accounts' journals. */
import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { LegRow } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { IdentityChunk, LegLookup, StoredLegQuery } from '@mas/resource-manager';
import type { Slot } from '@mas/values';
import { legRow, PAYMENT_TEXT } from '../rows/payment-text';
import { asAccountNumber, asInt, asSlot, asTxn } from '../rows/raw-values';
import type { RowKey } from '../rows/row-key';
import type { PaymentTable, Schema } from '../schema/schema';
import { bytes, integer, type SqlDialect } from '../sql-dialect';
import { GenerationRows, type Generation } from './generation-rows';

export type LegIdentity = IdentityChunk['legs'][number];

export class PaymentDAO extends GenerationRows<LegRow> {
  constructor(executor: Kysely<Schema>, dialect: SqlDialect, at: Generation) {
    super(executor, dialect, at, PAYMENT_TEXT);
  }

  /** One range of the primary key for each range of seq; txn is only compared within it. */
  lookupsOf(legs: readonly LegLookup[]): readonly string[] {
    const tuples = legs.flatMap((leg) => {
      const account = [integer(slotOfAccount(leg.account)), this.dialect.text(leg.account), bytes(leg.txn)];
      return leg.seqRanges.map((range) => [...account, integer(range.from), integer(range.to)]);
    });
    return this.selectsMatching(
      tuples,
      ([slot, account, txn, from, to]) => `slot=${slot} and account=${account} and txn=${txn} and seq between ${from} and ${to}`,
    );
  }

  /** Every leg's identity in key order, and the key of the last one for the next page. */
  async identities(after: RowKey | null, limit: number): Promise<{ readonly legs: readonly LegIdentity[]; readonly last: RowKey | null }> {
    const rows = await this.pageOf(['slot', 'account', 'seq', 'txn'], after, limit);
    const legs = rows.map((raw) => ({ account: asAccountNumber(raw['account']), seq: asInt(raw['seq'], 'seq'), txn: asTxn(raw['txn'], 'txn') }));
    const [last, slot] = [legs.at(-1), rows.at(-1)?.['slot']];
    return { legs, last: last === undefined ? null : [asSlot(slot), last.account, last.seq] };
  }

  /** Legs that are never paged out: prepared ones, and committed authorizations that still hold money. */
  async pinned(fromSlot: Slot, toSlot: Slot): Promise<readonly LegRow[]> {
    const rows = await this.ofThisGeneration()
      .where('slot', '>=', fromSlot)
      .where('slot', '<=', toSlot)
      .where('pinned', '=', 1)
      .selectAll()
      .orderBy('slot')
      .orderBy('account')
      .orderBy('seq')
      .execute();
    return rows.map((raw) => legRow({ ...raw }));
  }

  async list(query: StoredLegQuery): Promise<readonly LegRow[]> {
    const newestFirst = query.direction === 'newest-first';
    let select = this.ofThisGeneration().where('slot', '=', slotOfAccount(query.account)).where('account', '=', query.account);
    if (query.cursorSeq !== null) select = select.where('seq', newestFirst ? '<' : '>', query.cursorSeq);
    if (query.state !== null) select = select.where('state', '=', query.state);
    if (query.fromMs !== null) select = select.where('prepared_at_ms', '>=', query.fromMs);
    if (query.untilMs !== null) select = select.where('prepared_at_ms', '<', query.untilMs);
    const rows = await select
      .selectAll()
      .orderBy('seq', newestFirst ? 'desc' : 'asc')
      .limit(query.limit)
      .execute();
    return rows.map((raw) => legRow({ ...raw }));
  }

  private ofThisGeneration(): SelectQueryBuilder<{ payment: PaymentTable }, 'payment', object> {
    return this.executor.selectFrom('payment').where('bucket', '=', this.at.bucket).where('generation', '=', this.at.generation);
  }
}
