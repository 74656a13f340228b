/**
 * Transaction entries as JSON lists in a fixed order, opened by a version number, made by hand because every payment
 * writes its entry twice; still readable in redis-cli, but for the body, which is the bytes in which it was sealed, in base64
 * (`mas body` shows one). Times of the timeline count from createdAtMs, accounts that are those of a leg are the leg's place, steps
 * and states that have a code are that code. Of most payments steps and local transactions are the few numbers of plain-entry.ts, in version 5.
 * Entries of version 3, which had the body as a list, are read as well.
 * What cannot be decoded (another version wrote it) is as good as absent, because all of this is an index only.
 */
import { PaymentBody, type AbortReason, type LegSpec } from '@mas/ledger';
import type { SubTransactionEntry, TimelineStep, TransactionEntry } from '@mas/transaction-coordinator';
import { accountNumber, bucketId, currency, txnId, type PaymentKey } from '@mas/values';
import { entryPartsOf, plainTraceOf, type PlainTrace } from './plain-entry';

const VERSION = 4;
/** Local transactions and steps are a PlainTrace. */
const PLAIN_TRACE = 5;
const BODY_AS_LIST = 3;
/** Printable ASCII without quote and backslash means itself in JSON. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
/** The place is the code: only ever add at the end. A step that is not here is written as text. */
const STEPS = [
  'received',
  'journaled',
  'redis-silent',
  'prepare-sent',
  'prepared',
  'decide-sent',
  'decided',
  'answered',
  'tell-sent',
  'told',
  'ended',
] as const;
const STEP_CODES: ReadonlyMap<string, string> = new Map(STEPS.map((step, code) => [step, String(code)]));
const SUB_STATES = ['PENDING', 'PREPARED', 'COMMITTED', 'ABORTED'] as const satisfies readonly SubTransactionEntry['state'][];

type CodedLeg = readonly [account: string, effect: LegSpec['effect'], amount: string, currency: string];
/** In version 3; amounts are decimal strings. */
type CodedBody = readonly [
  kind: PaymentBody['kind'],
  legs: readonly CodedLeg[],
  reference: readonly [string, string] | null,
  expiresAtMs: number | null,
  memo: string,
];
type CodedSub = readonly [account: number | string, bucket: number, state: number];
type CodedStep = readonly [afterMs: number, step: number | string, bucket: number | null, detail: number | string | null];
type Coded = readonly [
  version: number,
  key: string,
  txn: string,
  coordinator: string,
  state: TransactionEntry['state'],
  reason: AbortReason | null,
  createdAtMs: number,
  endedAtMs: number | null,
  body: string | CodedBody,
  subTransactions: readonly CodedSub[] | PlainTrace,
  /** Of a plain trace this place has what the next one has of others. */
  timeline?: readonly CodedStep[] | number,
  /** Commit time, as microseconds behind endedAtMs. */
  commit?: number,
];

export function encodeEntry(entry: TransactionEntry): string {
  const { body, createdAtMs } = entry;
  const trace = plainTraceOf(entry);
  if (trace !== null) {
    const [home, remote, place, journaledMs, preparedMs, decidedMs, toldMs] = trace;
    return `[${PLAIN_TRACE},${quoted(entry.key)},"${entry.txn}",${quoted(entry.coordinator)},"COMMITTED",null,${createdAtMs},${String(entry.endedAtMs)},"${codeBody(body)}",[${home},${remote},${place},${journaledMs},${preparedMs},${decidedMs},${toldMs}]${codeCommit(entry)}]`;
  }
  const reason = entry.reason === null ? 'null' : JSON.stringify(entry.reason);
  let text = `[${VERSION},${quoted(entry.key)},"${entry.txn}",${quoted(entry.coordinator)},"${entry.state}",${reason},${createdAtMs},${String(entry.endedAtMs)},"${codeBody(body)}",[`;
  let separator = '';
  for (const sub of entry.subTransactions) {
    text += `${separator}[${placeOrText(sub.account, body.legs)},${sub.bucket},${SUB_STATES.indexOf(sub.state)}]`;
    separator = ',';
  }
  text += '],[';
  separator = '';
  for (const step of entry.timeline) {
    text += separator + codeStep(step, createdAtMs, body.legs);
    separator = ',';
  }
  return `${text}]${codeCommit(entry)}]`;
}

export function decodeEntry(json: string | null | undefined): TransactionEntry | null {
  if (json === null || json === undefined) return null;
  try {
    const coded = JSON.parse(json) as Coded;
    return isKnown(coded) ? entryOf(coded) : null;
  } catch {
    return null;
  }
}

/** What an entry is about, without its body and timeline. */
export type EntryHead = Pick<TransactionEntry, 'key' | 'coordinator' | 'state' | 'createdAtMs' | 'endedAtMs'>;

export function headOf(json: string): EntryHead | null {
  try {
    const coded = JSON.parse(json) as Coded;
    if (!isKnown(coded)) return null;
    const [, key, , coordinator, state, , createdAtMs, endedAtMs] = coded;
    return { key: key as PaymentKey, coordinator, state, createdAtMs, endedAtMs };
  } catch {
    return null;
  }
}

function isKnown([version, , , , , , , , body]: Coded): boolean {
  return typeof body === 'string' ? version === VERSION || version === PLAIN_TRACE : version === BODY_AS_LIST;
}

function codeCommit({ commitUs, endedAtMs }: TransactionEntry): string {
  return commitUs === null || endedAtMs === null ? '' : `,${commitUs - endedAtMs * 1_000}`;
}

function codeBody({ bytes }: PaymentBody): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function codeStep({ atMs, step, bucket, detail }: TimelineStep, createdAtMs: number, legs: readonly LegSpec[]): string {
  return `[${atMs - createdAtMs},${STEP_CODES.get(step) ?? quoted(step)},${String(bucket)},${detail === null ? 'null' : placeOrText(detail, legs)}]`;
}

/** The place of the leg on this account, or the text itself. */
function placeOrText(value: string, legs: readonly LegSpec[]): string {
  for (let place = 0; place < legs.length; place += 1) if (legs[place]?.account === value) return String(place);
  return quoted(value);
}

function quoted(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
}

function entryOf([version, key, txn, coordinator, state, reason, createdAtMs, endedAtMs, codedBody, subs, ...rest]: Coded): TransactionEntry {
  const body = typeof codedBody === 'string' ? PaymentBody.fromBytes(new Uint8Array(Buffer.from(codedBody, 'base64'))) : listedBody(codedBody);
  const [steps, commit] = version === PLAIN_TRACE ? [[], rest[0] as number | undefined] : [rest[0] ?? [], rest[1]];
  return {
    key: key as PaymentKey,
    txn: txnId(txn),
    body,
    coordinator,
    state,
    reason,
    createdAtMs,
    endedAtMs,
    commitUs: commit === undefined || endedAtMs === null ? null : commitTime(endedAtMs, commit),
    ...(version === PLAIN_TRACE
      ? entryPartsOf(subs as PlainTrace, body.legs, createdAtMs)
      : listedParts(subs as readonly CodedSub[], steps as readonly CodedStep[], body.legs, createdAtMs)),
  };
}

function commitTime(endedAtMs: number, behindUs: number): number {
  if (!Number.isSafeInteger(behindUs)) throw new RangeError('a commit time is a whole number of microseconds');
  return endedAtMs * 1_000 + behindUs;
}

function listedParts(
  subs: readonly CodedSub[],
  steps: readonly CodedStep[],
  legs: readonly LegSpec[],
  createdAtMs: number,
): Pick<TransactionEntry, 'subTransactions' | 'timeline'> {
  return {
    subTransactions: subs.map(([account, bucket, subState]) => ({
      account: accountNumber(textAt(account, legs)),
      bucket: bucketId(bucket),
      state: named(SUB_STATES, subState),
    })),
    timeline: steps.map(
      ([afterMs, step, bucket, detail]): TimelineStep => ({
        atMs: createdAtMs + afterMs,
        step: typeof step === 'string' ? step : named(STEPS, step),
        bucket: bucket === null ? null : bucketId(bucket),
        detail: detail === null ? null : textAt(detail, legs),
      }),
    ),
  };
}

function listedBody([kind, legs, reference, expiresAtMs, memo]: CodedBody): PaymentBody {
  return PaymentBody.of({
    kind,
    legs: legs.map(([account, effect, amount, code]) => ({ account: accountNumber(account), effect, amountMinor: BigInt(amount), currency: currency(code) })),
    reference: reference === null ? null : { key: reference[0] as PaymentKey, txn: txnId(reference[1]) },
    expiresAtMs,
    memo,
  });
}

function textAt(placeOrName: number | string, legs: readonly LegSpec[]): string {
  if (typeof placeOrName === 'string') return placeOrName;
  const leg = legs[placeOrName];
  if (leg === undefined) throw new RangeError('there is no such leg');
  return leg.account;
}

function named<Name>(names: readonly Name[], code: number): Name {
  const name = names[code];
  if (name === undefined) throw new RangeError('there is no such name');
  return name;
}
