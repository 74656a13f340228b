/** OutcomeRow ↔ a row of `outcome`. */
import type { Decision, ForcedResolution, OutcomeRow } from '@mas/ledger';
import { paymentKey, present, splitPaymentKey, txnId, type PaymentKey, type Slot } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import { bytes, integer, orNull } from '../sql-dialect';
import type { RawRow } from '../sql-database';
import { coldBalance, coldBody, coldReason, coldSubject, coldText, decodeCold, joinCold, warmBalance, warmBody, warmReason, warmSubject } from './cold-values';
import { asAccountNumber, asArray, asInt, asOneOf, asSlot, asText, asTxn } from './raw-values';
import { checkOutcome } from './row-checks';
import type { RowKey } from './row-key';
import { bounded, type TableText } from './table-text';

export const OUTCOME_TEXT: TableText<OutcomeRow> = {
  table: 'outcome',
  keyColumns: ['scope', 'id'],
  columns: ['txn', 'decision', 'decided_at_ms', 'untold_count', 'detail'],
  values(row, dialect) {
    checkOutcome(row);
    const { scope, id } = splitPaymentKey(row.key);
    const reason = row.decision.kind === 'aborted' ? row.decision.reason : null;
    const cold = [
      coldSubject(row.subject, scope),
      coldBody(row.body, null),
      orNull(reason, coldReason),
      `[${row.balances.map(coldBalance).join(',')}]`,
      `[${row.untold.map((leg) => coldText(leg.account)).join(',')}]`,
      // Hardly any payment has one.
      ...(row.forced.length === 0 ? [] : [JSON.stringify(row.forced.map(({ operator, askedAtMs, txn }) => [operator, askedAtMs, txn]))]),
    ];
    return [
      integer(row.slot),
      dialect.text(bounded(scope, MAX_TEXT_BYTES.scope, 'scope')),
      dialect.text(bounded(id, MAX_TEXT_BYTES.id, 'id')),
      bytes(row.txn),
      dialect.text(row.decision.kind),
      integer(row.decision.atMs),
      integer(row.untold.length),
      dialect.text(joinCold(cold)),
    ].join(',');
  },
  decode: outcomeRow,
  keyOf: (row) => outcomeRowKey(row.slot, row.key),
};

export function outcomeRow(raw: RawRow): OutcomeRow {
  const [subject, body, reason, balances, untold, forced = []] = decodeCold(raw['detail'], 'detail of an outcome');
  const key = outcomeKey(raw);
  return {
    slot: asSlot(raw['slot']),
    key,
    txn: asTxn(raw['txn'], 'txn'),
    body: warmBody(body, null),
    subject: warmSubject(subject, splitPaymentKey(key).scope),
    decision: decision(raw, reason),
    balances: asArray(balances, 'balances').map(warmBalance),
    untold: asArray(untold, 'untold legs').map((account) => ({ account: asAccountNumber(account) })),
    forced: asArray(forced, 'forced resolutions').map(forcedResolution),
  };
}

function forcedResolution(value: unknown): ForcedResolution {
  const [operator, askedAtMs, txn] = asArray(value, 'forced resolution');
  return { operator: asText(operator, 'operator'), askedAtMs: asInt(askedAtMs, 'asked at'), txn: txnId(asText(txn, 'txn')) };
}

export function outcomeRowKey(slot: Slot, key: PaymentKey): RowKey {
  const { scope, id } = splitPaymentKey(key);
  return [slot, scope, id];
}

export function outcomeKey(raw: RawRow): PaymentKey {
  return paymentKey(asText(raw['scope'], 'scope'), asText(raw['id'], 'id'));
}

function decision(raw: RawRow, reason: unknown): Decision {
  const kind = asOneOf(['committed', 'aborted'], raw['decision'], 'decision');
  const atMs = asInt(raw['decided_at_ms'], 'decided at');
  return kind === 'committed' ? { kind, atMs } : { kind, atMs, reason: present(warmReason(reason), 'reason of an aborted payment') };
}
