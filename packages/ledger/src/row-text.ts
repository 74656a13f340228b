/**
 * The one text of a row and of a bucket's scalars: equal values, equal texts, whatever order their fields were set
 * in. Digests over it compare replicas and replays; hosts hash.
 */
import type { BucketMeta } from './ledger-state';
import { PaymentBody } from './payment-body';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';

export type AnyRow = AccountRow | LegRow | OutcomeRow | LockRow;

/** JSON with sorted field names; money as `123n`, maps as sorted pairs. Without line breaks, so lines can be joined. */
export function rowText(row: AnyRow | BucketMeta): string {
  return JSON.stringify(canonical(row));
}

function canonical(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return [...value].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)).map(canonical);
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof PaymentBody) return canonical(value.toJSON());
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, canonical(field)]));
}
