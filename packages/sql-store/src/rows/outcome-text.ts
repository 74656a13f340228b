/** OutcomeRow ↔ a row of `outcome`. */
import type { Decision, ForcedResolution, OutcomeRow } from '@mas/ledger';
import { paymentKey, present, splitPaymentKey, txnId, type PaymentKey, type Slot } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import type { RawRow } from '../sql-database';
import * as cold from './cold-values';
import { oldBody } from './old-body';
import { asAccountNumber, asArray, asBody, asInt, asOneOf, asSlot, asText, asTxn } from './raw-values';
import { checkOutcome } from './row-checks';
import type { RowKey } from './row-key';
import type { RowWriter } from './row-writer';
import type { TableText } from './table-text';

export const OUTCOME_TEXT: TableText<OutcomeRow> = {
  table: 'outcome',
  keyColumns: ['scope', 'id'],
  columns: ['txn', 'decision', 'decided_at_ms', 'untold_count', 'detail', 'body'],
  write(row, to) {
    checkOutcome(row);
    const { scope, id } = splitPaymentKey(row.key);
    to.integer(row.slot);
    to.text(scope, MAX_TEXT_BYTES.scope, 'scope');
    to.text(id, MAX_TEXT_BYTES.id, 'id');
    to.byteString(row.txn);
    to.word(row.decision.kind);
    to.integer(row.decision.atMs);
    to.integer(row.untold.length);
    writeDetail(row, scope, to);
    to.byteArray(row.body.bytes);
  },
  decode: outcomeRow,
  keyOf: (row) => outcomeRowKey(row.slot, row.key),
};

/** Among the parts of `detail`, before the body had a column. */
const OLD_BODY_AT = 1;

function writeDetail(row: OutcomeRow, scope: string, to: RowWriter): void {
  to.beginText();
  cold.openCold(to);
  cold.coldSubject(row.subject, scope, to);
  to.part(',');
  cold.orNull(row.decision.kind === 'aborted' ? row.decision.reason : null, cold.coldReason, to);
  to.part(',[');
  row.balances.forEach((entry, at) => {
    if (at > 0) to.part(',');
    cold.coldBalance(entry, to);
  });
  to.part('],[');
  row.untold.forEach((leg, at) => {
    if (at > 0) to.part(',');
    to.jsonText(leg.account);
  });
  to.part(']');
  const commitUs = row.decision.kind === 'committed' ? row.decision.commitUs : null;
  // Hardly any payment has one.
  if (row.forced.length > 0) to.part(`,[${row.forced.map(({ operator, askedAtMs, txn }) => `[${JSON.stringify(operator)},${askedAtMs},"${txn}"]`).join(',')}]`);
  else if (commitUs !== null) to.part(',[]');
  // As what it is behind the stamp.
  if (commitUs !== null) {
    to.part(',');
    to.digits(commitUs - row.decision.atMs * 1000);
  }
  to.part(']');
  to.endText();
}

export function outcomeRow(raw: RawRow): OutcomeRow {
  const { parts, body } = cold.decodeDetail(raw['detail'], OLD_BODY_AT, 'detail of an outcome');
  const [subject, reason, balances, untold, forced = [], commit = null] = parts;
  const key = outcomeKey(raw);
  return {
    slot: asSlot(raw['slot']),
    key,
    txn: asTxn(raw['txn'], 'txn'),
    body: body === undefined ? asBody(raw['body']) : oldBody(body, null),
    subject: cold.warmSubject(subject, splitPaymentKey(key).scope),
    decision: decision(raw, reason, commit),
    balances: asArray(balances, 'balances').map(cold.warmBalance),
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

function decision(raw: RawRow, reason: unknown, commit: unknown): Decision {
  const kind = asOneOf(['committed', 'aborted'], raw['decision'], 'decision');
  const atMs = asInt(raw['decided_at_ms'], 'decided at');
  return kind === 'committed'
    ? { kind, atMs, commitUs: commit === null ? null : atMs * 1000 + asInt(commit, 'commit time') }
    : { kind, atMs, reason: present(cold.warmReason(reason), 'reason of an aborted payment') };
}
