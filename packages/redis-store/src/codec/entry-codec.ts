/**
 * Transaction entries as JSON lists in a fixed order, opened by a version number: a third of the bytes of objects, and made
 * by hand in a third of the time, because every payment writes its entry twice. Still readable in redis-cli. Amounts are
 * decimal strings, times of the timeline count from createdAtMs, accounts that are those of a leg are the leg's place.
 * What cannot be decoded (another version wrote it) is as good as absent, because all of this is an index only.
 */
import type { AbortReason, LegSpec, PaymentBody } from '@mas/ledger';
import type { SubTransactionEntry, TimelineStep, TransactionEntry } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency, txnId, type PaymentKey } from '@mas/values';

const VERSION = 2;
/** Printable ASCII without quote and backslash means itself in JSON. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

type CodedLeg = readonly [account: string, effect: LegSpec['effect'], amount: string, currency: string];
type CodedBody = readonly [kind: PaymentBody['kind'], legs: readonly CodedLeg[], reference: readonly [string, string] | null, expiresAtMs: number | null, memo: string];
type CodedSub = readonly [account: number | string, bucket: number, state: SubTransactionEntry['state']];
type CodedStep = readonly [afterMs: number, step: string, bucket: number | null, detail: number | string | null];
type Coded = readonly [
  version: number,
  key: string,
  txn: string,
  coordinator: string,
  state: TransactionEntry['state'],
  reason: AbortReason | null,
  createdAtMs: number,
  endedAtMs: number | null,
  body: CodedBody,
  subTransactions: readonly CodedSub[],
  timeline: readonly CodedStep[],
];

export function encodeEntry(entry: TransactionEntry): string {
  const { body, createdAtMs } = entry;
  const { legs, reference } = body;
  const codedBody = `["${body.kind}",[${legs.map(codeLeg).join(',')}],${reference === null ? 'null' : JSON.stringify([reference.key, reference.txn])},${String(body.expiresAtMs)},${text(body.memo)}]`;
  const subs = entry.subTransactions.map((sub) => `[${placeOrText(sub.account, legs)},${sub.bucket},"${sub.state}"]`);
  const steps = entry.timeline.map((step) => {
    const detail = step.detail === null ? 'null' : placeOrText(step.detail, legs);
    return `[${step.atMs - createdAtMs},${text(step.step)},${String(step.bucket)},${detail}]`;
  });
  const reason = entry.reason === null ? 'null' : JSON.stringify(entry.reason);
  return `[${VERSION},${text(entry.key)},"${entry.txn}",${text(entry.coordinator)},"${entry.state}",${reason},${createdAtMs},${String(entry.endedAtMs)},${codedBody},[${subs.join(',')}],[${steps.join(',')}]]`;
}

export function decodeEntry(json: string | null | undefined): TransactionEntry | null {
  if (json === null || json === undefined) return null;
  try {
    const coded = JSON.parse(json) as Coded;
    return coded[0] === VERSION ? entryOf(coded) : null;
  } catch {
    return null;
  }
}

function entryOf([, key, txn, coordinator, state, reason, createdAtMs, endedAtMs, codedBody, subs, steps]: Coded): TransactionEntry {
  const body = bodyOf(codedBody);
  return {
    key: key as PaymentKey,
    txn: txnId(txn),
    body,
    coordinator,
    state,
    reason,
    createdAtMs,
    endedAtMs,
    subTransactions: subs.map(([account, bucket, subState]) => ({ account: accountNumber(textAt(account, body.legs)), bucket: bucketId(bucket), state: subState })),
    timeline: steps.map(
      ([afterMs, step, bucket, detail]): TimelineStep => ({
        atMs: createdAtMs + afterMs,
        step,
        bucket: bucket === null ? null : bucketId(bucket),
        detail: detail === null ? null : textAt(detail, body.legs),
      }),
    ),
  };
}

function codeLeg(leg: LegSpec): string {
  return `[${text(leg.account)},"${leg.effect}","${leg.amountMinor.toString()}",${text(leg.currency)}]`;
}

function bodyOf([kind, legs, reference, expiresAtMs, memo]: CodedBody): PaymentBody {
  return {
    kind,
    legs: legs.map(([account, effect, amount, code]) => ({ account: accountNumber(account), effect, amountMinor: BigInt(amount), currency: currency(code) })),
    reference: reference === null ? null : { key: reference[0] as PaymentKey, txn: txnId(reference[1]) },
    expiresAtMs,
    memo,
  };
}

/** The place of the leg on this account, or the text itself. */
function placeOrText(value: string, legs: readonly LegSpec[]): string {
  const place = legs.findIndex((leg) => leg.account === value);
  return place < 0 ? text(value) : String(place);
}

function textAt(placeOrName: number | string, legs: readonly LegSpec[]): string {
  if (typeof placeOrName === 'string') return placeOrName;
  const leg = legs[placeOrName];
  if (leg === undefined) throw new RangeError('there is no such leg');
  return leg.account;
}

function text(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
}
