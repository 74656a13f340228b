/** mas.v1.AccountService: requests validated, subjects checked, answers written. Its batch forms are in payment-batches.ts. */
import type { AccountView, Caller, CoordinatorService, Reply } from '@mas/transaction-coordinator';
import type { AccountNumber } from '@mas/values';
import type { TokenSigner } from '../auth/token-signer';
import type { ServiceMethods } from '../door/methods';
import { accepted } from '../errors/request-errors';
import * as proto from '../generated/mas/v1/account_service';
import { writeAccountPage, writeAccounts, writeCreatedAccount, writeOneAccount, type CreatedAccount } from '../public/account-messages';
import { writeLegPage, writeOnePayment, writeOneView } from '../public/payment-messages';
import {
  validateChangeAccount,
  validateCreateAccount,
  validateGetPayment,
  validateListPayments,
  validLevel,
  validMoment,
  type Level,
} from '../validate/validate-account';
import { validAccount, validAccounts, validPageSize, validPageToken } from '../validate/validate-ids';
import { inRequestsWords } from '../validate/request-field';
import { validatePayment } from '../validate/validate-payment';
import { requireOperator, requireOwn, type ClientEdge } from './client-edge';
import { ownBalances } from './own-balances';
import { createPayments, streamPayments } from './payment-batches';

export function accountService(edge: ClientEdge, coordinator: CoordinatorService, signer: TokenSigner | null): ServiceMethods {
  return {
    createAccount: edge.unary({
      decode: (bytes) => proto.CreateAccountRequest.decode(bytes),
      run: (caller, request) => createAccount(edge, coordinator, signer, caller, request),
      write: writeCreatedAccount,
    }),
    getAccount: edge.unary({
      decode: (bytes) => proto.GetAccountRequest.decode(bytes),
      run: (caller, request) => getAccount(coordinator, caller, request),
      write: writeOneAccount,
    }),
    getAccounts: edge.unary({
      decode: (bytes) => proto.GetAccountsRequest.decode(bytes),
      run: (caller, request) => getAccounts(coordinator, caller, request),
      cost: (request) => Math.max(1, request.numbers.length),
      write: writeAccounts,
    }),
    listAccounts: edge.unary({
      decode: (bytes) => proto.ListAccountsRequest.decode(bytes),
      run: (caller, request) => listAccounts(coordinator, caller, request),
      write: writeAccountPage,
    }),
    changeAccount: edge.unary({
      decode: (bytes) => proto.ChangeAccountRequest.decode(bytes),
      run: (caller, request) => changeAccount(coordinator, caller, request),
      write: writeOneAccount,
    }),
    createPayment: edge.unary({
      decode: (bytes) => proto.CreatePaymentRequest.decode(bytes),
      run: async (caller, request) => {
        const payment = validatePayment(request);
        return payment.ok ? inRequestsWords(request, ownBalances(caller, await coordinator.createPayment(caller, payment.value))) : payment;
      },
      write: writeOnePayment,
    }),
    createPayments: createPayments(edge, coordinator),
    streamPayments: streamPayments(edge, coordinator),
    getPayment: edge.unary({
      decode: (bytes) => proto.GetPaymentRequest.decode(bytes),
      run: async (caller, request) => {
        const name = validateGetPayment(request);
        return name.ok ? coordinator.getPayment(caller, name.value) : name;
      },
      write: writeOneView,
    }),
    listPayments: edge.unary({
      decode: (bytes) => proto.ListPaymentsRequest.decode(bytes),
      run: async (caller, request) => {
        const list = validateListPayments(request);
        if (!list.ok) return list;
        const own = requireOwn(caller.subject, list.value.account);
        return own.ok ? coordinator.listPayments(caller, list.value) : own;
      },
      write: writeLegPage,
    }),
  };
}

async function createAccount(
  edge: ClientEdge,
  coordinator: CoordinatorService,
  signer: TokenSigner | null,
  caller: Caller,
  request: proto.CreateAccountRequest,
): Promise<Reply<CreatedAccount>> {
  const operator = requireOperator(caller.subject);
  if (!operator.ok) return operator;
  const valid = validateCreateAccount(request);
  if (!valid.ok) return valid;
  const reply = await coordinator.createAccount(caller, valid.value);
  if (!reply.ok) return reply;
  const signed = signer?.canSign() === true ? signer.account(reply.value.account.number, edge.ports.limits.accountTokenSeconds) : null;
  return accepted({ ...reply.value, token: signed?.token ?? null, tokenExpiresAtMs: signed?.expiresAtMs ?? null });
}

async function getAccount(coordinator: CoordinatorService, caller: Caller, request: proto.GetAccountRequest): Promise<Reply<AccountView>> {
  const number = validAccount(request.number, 'number');
  if (!number.ok) return number;
  const level = validLevel(request.level);
  if (!level.ok) return level;
  const at = validMoment(request.atUs, level.value);
  if (!at.ok) return at;
  const reply = await read(coordinator, caller, [number.value], level.value, at.value);
  // Of a read of several accounts one is named by its place; here the request has but one.
  if (!reply.ok) return reply.error.field === 'numbers[0]' ? { ok: false, error: { ...reply.error, field: 'number' } } : reply;
  const [view] = reply.value;
  if (view === undefined) throw new Error('the coordinator answered a read of one account with none');
  return accepted(view);
}

async function getAccounts(coordinator: CoordinatorService, caller: Caller, request: proto.GetAccountsRequest): Promise<Reply<readonly AccountView[]>> {
  const numbers = validAccounts(request.numbers, 'numbers');
  if (!numbers.ok) return numbers;
  const level = validLevel(request.level);
  if (!level.ok) return level;
  const at = validMoment(request.atUs, level.value);
  return at.ok ? read(coordinator, caller, numbers.value, level.value, at.value) : at;
}

async function read(
  coordinator: CoordinatorService,
  caller: Caller,
  numbers: readonly AccountNumber[],
  level: Level,
  atUs: number | null,
): Promise<Reply<readonly AccountView[]>> {
  for (const number of numbers) {
    const own = requireOwn(caller.subject, number);
    if (!own.ok) return own;
  }
  return coordinator.getAccounts(caller, numbers, level, atUs);
}

async function listAccounts(
  coordinator: CoordinatorService,
  caller: Caller,
  request: proto.ListAccountsRequest,
): ReturnType<CoordinatorService['listAccounts']> {
  const operator = requireOperator(caller.subject);
  if (!operator.ok) return operator;
  const cursor = validPageToken(request.pageToken);
  if (!cursor.ok) return cursor;
  const limit = validPageSize(request.pageSize);
  return limit.ok ? coordinator.listAccounts(caller, cursor.value, limit.value) : limit;
}

async function changeAccount(coordinator: CoordinatorService, caller: Caller, request: proto.ChangeAccountRequest): Promise<Reply<AccountView>> {
  const operator = requireOperator(caller.subject);
  if (!operator.ok) return operator;
  const change = validateChangeAccount(request);
  return change.ok ? coordinator.changeAccount(caller, change.value) : change;
}
