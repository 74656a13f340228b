/** OutcomeDAO: what homes have recorded of payments; never removed. */
import type { Kysely } from 'kysely';
import type { OutcomeRow } from '@mas/ledger';
import type { PaymentKey, Slot } from '@mas/values';
import { OUTCOME_TEXT, outcomeKey, outcomeRow, outcomeRowKey } from '../rows/outcome-text';
import { asSlot } from '../rows/raw-values';
import { slotOfOutcome } from '../rows/row-checks';
import type { RowKey } from '../rows/row-key';
import type { Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';
import { GenerationRows, type Generation } from './generation-rows';

export class OutcomeDAO extends GenerationRows<OutcomeRow> {
  constructor(executor: Kysely<Schema>, dialect: SqlDialect, at: Generation) {
    super(executor, dialect, at, OUTCOME_TEXT);
  }

  lookupsOf(keys: readonly PaymentKey[]): readonly string[] {
    return this.lookups(keys.map((key) => outcomeRowKey(slotOfOutcome(key), key)));
  }

  async identities(after: RowKey | null, limit: number): Promise<{ readonly outcomes: readonly PaymentKey[]; readonly last: RowKey | null }> {
    const rows = await this.pageOf(['slot', 'scope', 'id'], after, limit);
    const outcomes = rows.map(outcomeKey);
    const [last, slot] = [outcomes.at(-1), rows.at(-1)?.['slot']];
    return { outcomes, last: last === undefined ? null : outcomeRowKey(asSlot(slot), last) };
  }

  /** Outcomes with legs that have not been told. */
  async undelivered(fromSlot: Slot, toSlot: Slot): Promise<readonly OutcomeRow[]> {
    const rows = await this.executor
      .selectFrom('outcome')
      .where('bucket', '=', this.at.bucket)
      .where('generation', '=', this.at.generation)
      .where('slot', '>=', fromSlot)
      .where('slot', '<=', toSlot)
      .where('untold_count', '>', 0)
      .selectAll()
      .orderBy('slot')
      .orderBy('scope')
      .orderBy('id')
      .execute();
    return rows.map((raw) => outcomeRow({ ...raw }));
  }
}
