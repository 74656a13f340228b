/**
 * CreatePaymentRequest → the coordinator's PaymentRequest, or what is wrong with its form. Everything that the request
 * alone can tell is named here, before a lock, a row or another process is touched; the ledger's validateBody, which
 * the coordinator runs on the assembled body, is the authority on what makes sense together.
 */
import { MAX_EXPIRY_SECONDS, MAX_LEGS, type PaymentKind } from '@mas/ledger';
import type { PaymentRequest, Reply } from '@mas/transaction-coordinator';
import { accepted, invalid } from '../errors/request-errors';
import { PaymentDirection, type CreatePaymentRequest } from '../generated/mas/v1/account_service';
import { PaymentKind as WireKind } from '../generated/mas/v1/payment';
import { validAmount, validPositiveAmount } from './validate-amount';
import { validAccount, validHandle, validId, validMemo, validTxn } from './validate-ids';

type Leg = PaymentRequest['legs'][number];
type Reference = PaymentRequest['reference'];

const KINDS: ReadonlyMap<WireKind, PaymentKind> = new Map([
  [WireKind.PAYMENT_KIND_UNSPECIFIED, 'payment'],
  [WireKind.PAYMENT_KIND_PAYMENT, 'payment'],
  [WireKind.PAYMENT_KIND_AUTHORIZATION, 'authorization'],
  [WireKind.PAYMENT_KIND_CAPTURE, 'capture'],
  [WireKind.PAYMENT_KIND_VOID, 'void'],
  [WireKind.PAYMENT_KIND_REFUND, 'refund'],
]);

export function validatePayment(request: CreatePaymentRequest): Reply<PaymentRequest> {
  const id = validId(request.id);
  if (!id.ok) return id;
  const kind = KINDS.get(request.kind);
  if (kind === undefined) return invalid('KIND_INVALID', 'kind', 'The kind is payment, authorization, capture, void or refund.');
  const memo = validMemo(request.memo, 'memo');
  if (!memo.ok) return memo;
  const lockHandle = validHandle(request.lockHandle, false, 'lock_handle');
  if (!lockHandle.ok) return lockHandle;
  const reference = validReference(kind, request);
  if (!reference.ok) return reference;
  const expiry = validExpiry(kind, request.expiresInSeconds);
  if (!expiry.ok) return expiry;
  const legs = request.legs.length > 0 ? listedLegs(kind, request) : simpleLegs(kind, request);
  if (!legs.ok) return legs;
  const amountMinor = takenAmount(kind, request);
  if (!amountMinor.ok) return amountMinor;
  return accepted({
    id: id.value,
    kind,
    legs: legs.value,
    reference: reference.value,
    amountMinor: amountMinor.value,
    expiresInSeconds: expiry.value,
    memo: memo.value,
    lockHandle: lockHandle.value,
  });
}

function validReference(kind: PaymentKind, { reference }: CreatePaymentRequest): Reply<Reference> {
  const needed = kind === 'capture' || kind === 'void' || kind === 'refund';
  if (reference === undefined) return needed ? invalid('REFERENCE_MISSING', 'reference', `A ${kind} names the payment that it builds on.`) : accepted(null);
  if (!needed) return invalid('REFERENCE_NOT_ALLOWED', 'reference', `A ${kind} builds on no other payment.`);
  if (reference.$case === 'referenceId') {
    const id = validId(reference.value, 'reference_id');
    return id.ok ? accepted({ kind: 'id', id: id.value }) : id;
  }
  const txn = validTxn(reference.value.txn, 'reference_txn.txn');
  if (!txn.ok) return txn;
  const account = validAccount(reference.value.account, 'reference_txn.account');
  return account.ok ? accepted({ kind: 'txn', txn: txn.value, account: account.value }) : account;
}

function validExpiry(kind: PaymentKind, seconds: number): Reply<number | null> {
  if (kind !== 'authorization') return seconds === 0 ? accepted(null) : invalid('EXPIRY_NOT_ALLOWED', 'expires_in_seconds', `A ${kind} does not expire.`);
  if (seconds >= 1 && seconds <= MAX_EXPIRY_SECONDS) return accepted(seconds);
  return invalid(
    seconds === 0 ? 'EXPIRY_MISSING' : 'EXPIRY_INVALID',
    'expires_in_seconds',
    `An authorization expires after 1 to ${MAX_EXPIRY_SECONDS} seconds.`,
  );
}

function listedLegs(kind: PaymentKind, request: CreatePaymentRequest): Reply<readonly Leg[]> {
  if (request.from !== '' || request.to !== '') return invalid('LEGS_AND_SIMPLE_FORM', 'legs', 'Give either from, to and amount, or legs.');
  if (request.legs.length > MAX_LEGS) return invalid('TOO_MANY_LEGS', 'legs', `A payment has at most ${MAX_LEGS} legs; this one has ${request.legs.length}.`);
  const legs: Leg[] = [];
  for (let i = 0; i < request.legs.length; i += 1) {
    const given = request.legs[i];
    const direction =
      given?.direction === PaymentDirection.PAYMENT_DIRECTION_DEBIT
        ? 'debit'
        : given?.direction === PaymentDirection.PAYMENT_DIRECTION_CREDIT
          ? 'credit'
          : null;
    if (given === undefined || direction === null) return invalid('DIRECTION_INVALID', `legs[${i}].direction`, 'The direction of a leg is debit or credit.');
    const account = validAccount(given.account, `legs[${i}].account`);
    if (!account.ok) return account;
    if (legs.some((leg) => leg.account === account.value))
      return invalid(
        'ACCOUNT_REPEATED',
        `legs[${i}].account`,
        `Account ${account.value} occurs twice; an account has one leg in a payment, and cannot pay itself.`,
      );
    // A capture may leave the amount of its one payee to what was reserved.
    const money =
      kind === 'capture' && given.amount?.value === undefined
        ? validAmount(given.amount ?? { currency: '' }, `legs[${i}].amount`)
        : validPositiveAmount(given.amount, `legs[${i}].amount`);
    if (!money.ok) return money;
    legs.push({ account: account.value, direction, ...money.value });
  }
  return accepted(legs);
}

/** from, to and amount; which of them a kind needs is in this table's order: debit leg, credit leg. */
function simpleLegs(kind: PaymentKind, request: CreatePaymentRequest): Reply<readonly Leg[]> {
  switch (kind) {
    case 'payment':
      return twoLegs(request);
    case 'authorization':
      return request.to === ''
        ? oneLeg(request.from, 'from', 'debit', request)
        : invalid('EFFECT_NOT_ALLOWED', 'to', 'An authorization reserves money and pays nobody; the capture says who is paid.');
    case 'capture':
      return request.from === ''
        ? captureLeg(request)
        : invalid('EFFECT_NOT_ALLOWED', 'from', 'A capture takes from the account of its authorization; leave from empty.');
    case 'void':
    case 'refund':
      return request.from === '' && request.to === ''
        ? accepted([])
        : invalid('EFFECT_NOT_ALLOWED', request.from === '' ? 'to' : 'from', `The accounts of a ${kind} follow from its reference; leave from and to empty.`);
  }
}

function twoLegs(request: CreatePaymentRequest): Reply<readonly Leg[]> {
  const from = validAccount(request.from, 'from');
  if (!from.ok) return from;
  const to = validAccount(request.to, 'to');
  if (!to.ok) return to;
  if (from.value === to.value) return invalid('ACCOUNT_REPEATED', 'to', `Account ${to.value} cannot pay itself.`);
  const money = validPositiveAmount(request.amount, 'amount');
  if (!money.ok) return money;
  return accepted([
    { account: from.value, direction: 'debit', ...money.value },
    { account: to.value, direction: 'credit', ...money.value },
  ]);
}

function oneLeg(number: string, field: string, direction: Leg['direction'], request: CreatePaymentRequest): Reply<readonly Leg[]> {
  const account = validAccount(number, field);
  if (!account.ok) return account;
  const money = validPositiveAmount(request.amount, 'amount');
  return money.ok ? accepted([{ account: account.value, direction, ...money.value }]) : money;
}

/** The amount of a capture is optional: without it, all of what is reserved. */
function captureLeg(request: CreatePaymentRequest): Reply<readonly Leg[]> {
  const account = validAccount(request.to, 'to');
  if (!account.ok) return account;
  const money = validAmount(request.amount ?? { currency: '' }, 'amount');
  return money.ok ? accepted([{ account: account.value, direction: 'credit', ...money.value }]) : money;
}

function takenAmount(kind: PaymentKind, request: CreatePaymentRequest): Reply<bigint | null> {
  if (request.amount?.value === undefined || (kind !== 'capture' && kind !== 'refund')) return accepted(null);
  const money = validPositiveAmount(request.amount, 'amount');
  return money.ok ? accepted(money.value.amountMinor) : money;
}
