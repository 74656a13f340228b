/** Instructions of payments as a coordinator would send them. */
import { creationBody, PaymentBody, txnPreimage, type BodyContent, type Instruction, type LegSpec, type Subject } from '@mas/ledger';
import { homeSlotOf, slotOfAccount } from '@mas/placement';
import type { InstructionItem } from '@mas/two-phase-commit';
import { accountNumber, currency, paymentKey, txnId, type AccountNumber, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import { platformDigest } from '../digest';

export const USD = currency('USD');
export const OPERATOR: Subject = { kind: 'operator', name: 'test|operator' };
export const OPERATOR_TOKEN = 'operator';
export const accountToken = (account: AccountNumber): string => `account:${account}`;

export interface Payment {
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  readonly subject: Subject;
  readonly token: string;
}

/** A payment of an operator whose id names the payer, so that the payer's bucket is its home. */
export function payment(id: string, from: AccountNumber, to: AccountNumber, amountMinor: bigint, memo = ''): Payment {
  const legs: LegSpec[] = [
    { account: from, effect: 'debit', amountMinor, currency: USD },
    { account: to, effect: 'credit', amountMinor, currency: USD },
  ];
  return paymentOf(id, from, { kind: 'payment', legs: legs.sort((a, b) => (a.account < b.account ? -1 : 1)), reference: null, expiresAtMs: null, memo });
}

export function authorization(id: string, account: AccountNumber, amountMinor: bigint, expiresAtMs: number): Payment {
  return paymentOf(id, account, {
    kind: 'authorization',
    legs: [{ account, effect: 'authorize', amountMinor, currency: USD }],
    reference: null,
    expiresAtMs,
    memo: '',
  });
}

export function refund(id: string, original: Payment, by: AccountNumber, to: AccountNumber, amountMinor: bigint): Payment {
  const legs: LegSpec[] = [
    { account: by, effect: 'refund-debit', amountMinor, currency: USD },
    { account: to, effect: 'credit', amountMinor, currency: USD },
  ];
  const { key, txn } = original;
  return paymentOf(id, to, {
    kind: 'refund',
    legs: legs.sort((a, b) => (a.account < b.account ? -1 : 1)),
    reference: { key, txn },
    expiresAtMs: null,
    memo: '',
  });
}

function paymentOf(id: string, homeAccount: AccountNumber, content: BodyContent): Payment {
  const body = PaymentBody.of(content);
  const key = paymentKey('test|operator', `{${homeAccount}}${id}`);
  return {
    key,
    txn: txnId(platformDigest.sha256Hex(txnPreimage(2, key, body))),
    homeSlot: homeSlotOf(key, null),
    body,
    subject: OPERATOR,
    token: OPERATOR_TOKEN,
  };
}

export function prepare(p: Payment, account: AccountNumber): InstructionItem {
  const { key, txn, homeSlot, body, subject, token } = p;
  return { token, instruction: { kind: 'prepare', txn, key, homeSlot, body, account, subject, lockToken: null, undecided: [] } };
}

/** @param notBeforeUs the highest moment of the promises */
export function decideCommit(p: Payment, remotePrepared: readonly AccountNumber[], notBeforeUs: number | null = null): InstructionItem {
  const { key, txn, homeSlot, body, subject, token } = p;
  return { token, instruction: { kind: 'decide-commit', txn, key, homeSlot, body, remotePrepared, notBeforeUs, subject, lockTokens: [], undecided: [] } };
}

export function decideAbort(p: Payment): InstructionItem {
  const { key, txn, homeSlot, body, subject } = p;
  return { token: null, instruction: { kind: 'decide-abort', txn, key, homeSlot, body, reason: { name: 'CANCELLED', account: null, facts: {} }, subject } };
}

export function commitLeg(p: Payment, account: AccountNumber, commitUs: number | null = null): InstructionItem {
  return { token: null, instruction: { kind: 'commit', txn: p.txn, account, commitUs } };
}

export function createAccount(number: AccountNumber, openingBalanceMinor: bigint): InstructionItem {
  const request = { number, currency: USD, openingBalanceMinor, minimumMinor: 0n, owner: 'someone' };
  const key = paymentKey('test|operator', `create-${number}`);
  const txn = txnId(platformDigest.sha256Hex(txnPreimage(1, key, creationBody(request))));
  const instruction: Instruction = { kind: 'create-account', key, txn, ...request, subject: OPERATOR, checkOnly: false };
  return { token: OPERATOR_TOKEN, instruction };
}

/** The `count` first numbers whose slots lie in the given range. */
export function accountsIn(from: number, to: number, count: number): readonly AccountNumber[] {
  const found: AccountNumber[] = [];
  for (let i = 0; found.length < count; i += 1) {
    const number = accountNumber(`acc-${i}`);
    const slot = slotOfAccount(number);
    if (from <= slot && slot <= to) found.push(number);
  }
  return found;
}
