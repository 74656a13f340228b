/** Requests about accounts → the coordinator's, or what is wrong with their form. */
import { LAST_MOMENT_US, MAX_OWNER_LENGTH } from '@mas/ledger';
import type { CoordinatorService, CreateAccountRequest as CreateAccount, ListPaymentsRequest as ListPayments, Reply } from '@mas/transaction-coordinator';
import { DEFAULT_CURRENCY } from '@mas/values';
import { accepted, invalid } from '../errors/request-errors';
import {
  AccountChange,
  PaymentState,
  type ChangeAccountRequest,
  type CreateAccountRequest,
  type GetPaymentRequest,
  type ListPaymentsRequest,
} from '../generated/mas/v1/account_service';
import { ListDirection, ReadLevel } from '../generated/mas/v1/participant';
import type { Amount } from '../generated/mas/v1/payment';
import { validAmount, validCurrency, type Money } from './validate-amount';
import { validAccount, validId, validPageSize, validPageToken, validText, validTime, validTxn } from './validate-ids';

export type Level = 'committed' | 'uncommitted' | 'cached';
export type PaymentName = Parameters<CoordinatorService['getPayment']>[1];
export interface AccountChangeRequest {
  readonly id: string;
  readonly number: CreateAccount['number'];
  readonly change: 'freeze' | 'unfreeze' | 'close';
}

export function validateCreateAccount(request: CreateAccountRequest): Reply<CreateAccount> {
  const id = validId(request.id);
  if (!id.ok) return id;
  const number = validAccount(request.number, 'number');
  if (!number.ok) return number;
  const owner = validText(request.owner, 'owner', MAX_OWNER_LENGTH, 'OWNER_INVALID');
  if (!owner.ok) return owner;
  const currency = validCurrency(request.currency, 'currency');
  if (!currency.ok) return currency;
  const opening = amountIn(request.openingBalance, request.currency, 'opening_balance');
  if (!opening.ok) return opening;
  if (opening.value.amountMinor < 0n) return invalid('AMOUNT_NEGATIVE', 'opening_balance', 'An opening balance is not below zero.');
  const minimum = request.minimumBalance?.value === undefined ? null : amountIn(request.minimumBalance, request.currency, 'minimum_balance');
  if (minimum !== null && !minimum.ok) return minimum;
  return accepted({
    id: id.value,
    number: number.value,
    currency: currency.value,
    openingBalanceMinor: opening.value.amountMinor,
    minimumMinor: minimum === null ? null : minimum.value.amountMinor,
    owner: owner.value,
  });
}

/** An amount of the account's own currency, which it may leave out. */
function amountIn(amount: Amount | undefined, currency: string, field: string): Reply<Money> {
  const given = amount ?? { currency: '' };
  if (given.currency !== '' && given.currency !== (currency === '' ? DEFAULT_CURRENCY : currency))
    return invalid('CURRENCY_MISMATCH', `${field}.currency`, `The account is in ${currency === '' ? DEFAULT_CURRENCY : currency}; give the amount in it.`);
  return validAmount({ ...given, currency }, field);
}

const CHANGES: ReadonlyMap<AccountChange, AccountChangeRequest['change']> = new Map([
  [AccountChange.ACCOUNT_CHANGE_FREEZE, 'freeze'],
  [AccountChange.ACCOUNT_CHANGE_UNFREEZE, 'unfreeze'],
  [AccountChange.ACCOUNT_CHANGE_CLOSE, 'close'],
]);

export function validateChangeAccount(request: ChangeAccountRequest): Reply<AccountChangeRequest> {
  const id = validId(request.id);
  if (!id.ok) return id;
  const number = validAccount(request.number, 'number');
  if (!number.ok) return number;
  const change = CHANGES.get(request.change);
  return change === undefined
    ? invalid('CHANGE_INVALID', 'change', 'The change is freeze, unfreeze or close.')
    : accepted({ id: id.value, number: number.value, change });
}

export function validLevel(level: ReadLevel): Reply<Level> {
  switch (level) {
    case ReadLevel.READ_LEVEL_UNSPECIFIED:
    case ReadLevel.READ_LEVEL_COMMITTED:
      return accepted('committed');
    case ReadLevel.READ_LEVEL_UNCOMMITTED:
      return accepted('uncommitted');
    case ReadLevel.READ_LEVEL_CACHED:
      return accepted('cached');
    default:
      return invalid('LEVEL_INVALID', 'level', 'The level is committed, uncommitted or cached.');
  }
}

/** The moment that a read names; null: now. */
export function validMoment(atUs: bigint | undefined, level: Level): Reply<number | null> {
  if (atUs === undefined) return accepted(null);
  if (level !== 'committed')
    return invalid('LEVEL_WITHOUT_MOMENT', 'level', 'Only committed balances are known at a moment: leave the level out, or the moment.');
  if (atUs < 1n || atUs > BigInt(LAST_MOMENT_US))
    return invalid('MOMENT_INVALID', 'at_us', `A moment is 1 to ${LAST_MOMENT_US} microseconds after the beginning of 1970.`);
  return accepted(Number(atUs));
}

export function validateGetPayment({ payment }: GetPaymentRequest): Reply<PaymentName> {
  if (payment === undefined)
    return invalid('PAYMENT_MISSING', 'payment', 'Name the payment by your id, or by its transaction id and an account that has a leg of it.');
  if (payment.$case === 'id') {
    const id = validId(payment.value);
    return id.ok ? accepted({ kind: 'id', id: id.value }) : id;
  }
  const txn = validTxn(payment.value.txn, 'txn.txn');
  if (!txn.ok) return txn;
  const account = validAccount(payment.value.account, 'txn.account');
  return account.ok ? accepted({ kind: 'txn', txn: txn.value, account: account.value }) : account;
}

const STATES: ReadonlyMap<PaymentState, ListPayments['state']> = new Map([
  [PaymentState.PAYMENT_STATE_UNSPECIFIED, null],
  [PaymentState.PAYMENT_STATE_PENDING, 'PENDING'],
  [PaymentState.PAYMENT_STATE_COMMITTED, 'COMMITTED'],
  [PaymentState.PAYMENT_STATE_ABORTED, 'ABORTED'],
]);

export function validateListPayments(request: ListPaymentsRequest): Reply<ListPayments> {
  const account = validAccount(request.account, 'account');
  if (!account.ok) return account;
  const limit = validPageSize(request.pageSize);
  if (!limit.ok) return limit;
  const cursor = validPageToken(request.pageToken);
  if (!cursor.ok) return cursor;
  const state = STATES.get(request.state);
  if (state === undefined) return invalid('STATE_INVALID', 'state', 'The state is pending, committed or aborted, or left out for all.');
  if (request.direction === ListDirection.UNRECOGNIZED || ListDirection[request.direction] === undefined)
    return invalid('DIRECTION_INVALID', 'direction', 'The direction is newest first or oldest first.');
  const from = validTime(request.fromMs, 'from_ms');
  if (!from.ok) return from;
  const until = validTime(request.untilMs, 'until_ms');
  if (!until.ok) return until;
  const direction = request.direction === ListDirection.LIST_DIRECTION_OLDEST_FIRST ? 'oldest-first' : 'newest-first';
  return accepted({ account: account.value, direction, cursor: cursor.value, limit: limit.value, state, fromMs: from.value, untilMs: until.value });
}
