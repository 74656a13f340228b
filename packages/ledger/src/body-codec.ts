/**
 * The encoding of a payment's body: mas.v1.PaymentBody (proto/mas/v1/payment.proto), fields ascending, defaults left out, shortest
 * numbers. Canonical: equal contents give equal bytes, and only they do. The bytes are part of the data's identity, in logs
 * and rows for good: a field may be added behind the others, none may change. Decoding takes any rendering of the message and
 * skips what it does not know, unless it is asked to be exact.
 */
import { paymentKey, parseAccountNumber, parseCurrency, type AccountNumber, type Currency, type PaymentKey, type TxnId } from '@mas/values';
import { MAX_LEGS, type BodyContent, type LegEffect, type LegSpec, type PaymentKind, type PaymentReference } from './body-content';
import { BodyReader, MalformedBody } from './body-reader';
import { BodyWriter, moneyBytes } from './body-writer';

export { MalformedBody } from './body-reader';

/** The place is the number on the wire. */
const KINDS: readonly (PaymentKind | null)[] = [null, 'payment', 'authorization', 'capture', 'void', 'refund'];
const EFFECTS: readonly (LegEffect | null)[] = [null, 'debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'];
const KIND_CODES: Readonly<Record<PaymentKind, number>> = { payment: 1, authorization: 2, capture: 3, void: 4, refund: 5 };
const EFFECT_CODES: Readonly<Record<LegEffect, number>> = { debit: 1, credit: 2, authorize: 3, capture: 4, void: 5, 'refund-debit': 6 };

/** Bytes of a leg beside its account and amount; of a reference beside its key; of an expiry, at most. */
const LEG_BYTES = 11;
const REFERENCE_BYTES = 44;
const EXPIRY_BYTES = 9;
const KIND_BYTES = 2;
/** Before a text: its tag and its length. */
const TEXT_FRAME_BYTES = 6;
/** The field that repeats. */
const LEGS = 2;
const MAX_UTF8_BYTES_PER_UNIT = 3;

/** @throws InvariantViolation for a memo that is no well-formed Unicode, or an amount beyond 64 bits. */
export function encodeBody(body: BodyContent): Uint8Array {
  const writer = new BodyWriter(mostBytes(body));
  writer.uint(1, KIND_CODES[body.kind]);
  for (const leg of body.legs) writeLeg(writer, leg);
  if (body.reference !== null) writeReference(writer, body.reference);
  if (body.expiresAtMs !== null) writer.uint(4, body.expiresAtMs);
  writer.text(5, body.memo);
  return writer.finish();
}

/** @param form 'canonical' refuses every rendering but the one that encodeBody gives. @throws MalformedBody */
export function decodeBody(bytes: Uint8Array, form: 'canonical' | 'any'): BodyContent {
  const reader = new BodyReader(bytes, form === 'canonical');
  let kind: PaymentKind | null = null;
  const legs: LegSpec[] = [];
  let reference: PaymentReference | null = null;
  let expiresAtMs: number | null = null;
  let memo = '';
  for (let field = reader.next(LEGS); field !== 0; field = reader.next(LEGS)) {
    if (field === 1) kind = named(KINDS, reader.uint(), 'kind');
    else if (field === LEGS) legs.push(reader.message(readLeg));
    else if (field === 3) reference = reader.message(readReference);
    else if (field === 4) expiresAtMs = reader.uint();
    else if (field === 5) memo = reader.text();
    else reader.skip();
  }
  if (kind === null) throw new MalformedBody('a body without a kind');
  if (legs.length > MAX_LEGS) throw new MalformedBody(`more than ${MAX_LEGS} legs`);
  return { kind, legs, reference, expiresAtMs, memo };
}

/** Exactly what a payment without a memo takes, so that it is written into an array of its own: a larger one costs more than all the rest. */
function mostBytes({ legs, reference, expiresAtMs, memo }: BodyContent): number {
  let bytes = KIND_BYTES;
  for (const leg of legs) bytes += LEG_BYTES + leg.account.length + moneyBytes(leg.amountMinor);
  if (reference !== null) bytes += REFERENCE_BYTES + reference.key.length * MAX_UTF8_BYTES_PER_UNIT;
  if (expiresAtMs !== null) bytes += EXPIRY_BYTES;
  return memo === '' ? bytes : bytes + TEXT_FRAME_BYTES + memo.length * MAX_UTF8_BYTES_PER_UNIT;
}

function writeLeg(writer: BodyWriter, leg: LegSpec): void {
  const start = writer.open(LEGS);
  writer.text(1, leg.account);
  writer.uint(2, EFFECT_CODES[leg.effect]);
  writer.money(3, leg.amountMinor);
  writer.text(4, leg.currency);
  writer.close(start);
}

function readLeg(reader: BodyReader): LegSpec {
  let account: AccountNumber | null = null;
  let effect: LegEffect | null = null;
  let amountMinor = 0n;
  let currency: Currency | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) account = accountOf(reader.text());
    else if (field === 2) effect = named(EFFECTS, reader.uint(), 'leg effect');
    else if (field === 3) amountMinor = reader.money();
    else if (field === 4) currency = currencyOf(reader.text());
    else reader.skip();
  }
  if (account === null || effect === null || currency === null) throw new MalformedBody('a leg without its account, effect or currency');
  return { account, effect, amountMinor, currency };
}

function writeReference(writer: BodyWriter, reference: PaymentReference): void {
  const start = writer.open(3);
  writer.text(1, reference.key);
  writer.hash(2, reference.txn);
  writer.close(start);
}

function readReference(reader: BodyReader): PaymentReference {
  let key: PaymentKey | null = null;
  let txn: TxnId | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = keyOf(reader.text());
    else if (field === 2) txn = reader.hash() as TxnId;
    else reader.skip();
  }
  if (key === null || txn === null) throw new MalformedBody('a reference without its key or transaction');
  return { key, txn };
}

function named<Name>(names: readonly (Name | null)[], code: number, what: string): Name {
  const name = names[code];
  if (name === undefined || name === null) throw new MalformedBody(`an unknown ${what}`);
  return name;
}

function accountOf(text: string): AccountNumber {
  const parsed = parseAccountNumber(text);
  if (!parsed.ok) throw new MalformedBody('not an account number');
  return parsed.value;
}

function currencyOf(text: string): Currency {
  const parsed = parseCurrency(text);
  if (!parsed.ok) throw new MalformedBody('not a currency');
  return parsed.value;
}

/** scope, NUL, id: both present, exactly one NUL. */
function keyOf(text: string): PaymentKey {
  const at = text.indexOf('\0');
  if (at < 1 || at === text.length - 1 || text.indexOf('\0', at + 1) !== -1) throw new MalformedBody('not a payment key');
  return paymentKey(text.slice(0, at), text.slice(at + 1));
}
