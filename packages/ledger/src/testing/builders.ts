/** Short ways to write accounts, bodies and instructions. Account `a1` lives in slot 1, `b1` in slot 101, and so on. */
import { accountNumber, currency, paymentKey, slot, splitPaymentKey, txnId, type AccountNumber, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import {
  PaymentBody,
  type AbortReason,
  type AcknowledgeMany,
  type BodyContent,
  type CommitMany,
  type CommittedLeg,
  type DecideAbort,
  type DecideCommit,
  type Instruction,
  type LegEffect,
  type LegSpec,
  type PaymentKind,
  type Policy,
  type Prepare,
  type RollbackLeg,
  type Subject,
  type ToldLegs,
} from '../index';

export const USD = currency('USD');
export const OPERATOR: Subject = { kind: 'operator', name: 'mas|ops' };
export const SYSTEM: Subject = { kind: 'system' };
export const POLICY: Policy = { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1_000_000_000n };
export const CANCELLED: AbortReason = { name: 'CANCELLED', account: null, facts: {} };
export const SLOTS_PER_LETTER = 100;

export function slotOf(number: AccountNumber): Slot {
  return slot((number.charCodeAt(0) - 0x61) * SLOTS_PER_LETTER + Number(number.slice(1)));
}

/** The keys of these tests begin with the slot that is their home: `101.p1`. */
export function homeOf(ofKey: PaymentKey): Slot {
  return slot(Number(splitPaymentKey(ofKey).id.split('.')[0]));
}

export const acc = (text: string): AccountNumber => accountNumber(text);
export const key = (id: string): PaymentKey => paymentKey('mas|ops', id);
export const txn = (n: number): TxnId => txnId(n.toString(16).padStart(64, '0'));

export function leg(account: string, effect: LegEffect, amountMinor: bigint): LegSpec {
  return { account: acc(account), effect, amountMinor, currency: USD };
}

/** Not sealed: some of what can be wrong in a request could not even be encoded. */
export function content(kind: PaymentKind, legs: readonly LegSpec[], more: Partial<BodyContent> = {}): BodyContent {
  const sorted = [...legs].sort((a, b) => (a.account < b.account ? -1 : 1));
  return { kind, legs: sorted, reference: null, expiresAtMs: null, memo: '', ...more };
}

export function body(kind: PaymentKind, legs: readonly LegSpec[], more: Partial<BodyContent> = {}): PaymentBody {
  return PaymentBody.of(content(kind, legs, more));
}

export function pay(from: string, to: string, amountMinor: bigint): PaymentBody {
  return body('payment', [leg(from, 'debit', amountMinor), leg(to, 'credit', amountMinor)]);
}

/** A payment with its identity; the instructions about it are made from it. */
export interface Payment {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  readonly subject: Subject;
}

/** Home is the slot of the first leg that takes money. */
export function payment(n: number, ofBody: PaymentBody, more: Partial<Payment> = {}): Payment {
  const payer = ofBody.legs.find((each) => each.effect !== 'credit') ?? ofBody.legs[0];
  const homeSlot = more.homeSlot ?? slotOf(payer?.account ?? acc('a0'));
  return { txn: txn(n), key: key(`${homeSlot}.p${n}`), homeSlot, body: ofBody, subject: OPERATOR, ...more };
}

export function prepare(p: Payment, account: string, more: Partial<Prepare> = {}): Prepare {
  return { kind: 'prepare', ...p, account: acc(account), lockToken: null, undecided: [], ...more };
}

export function decideCommit(p: Payment, remotePrepared: readonly string[] = [], more: Partial<DecideCommit> = {}): DecideCommit {
  return { kind: 'decide-commit', ...p, remotePrepared: remotePrepared.map(acc), notBeforeUs: null, lockTokens: [], undecided: [], ...more };
}

export function decideAbort(p: Payment, reason: AbortReason = CANCELLED): DecideAbort {
  return { kind: 'decide-abort', ...p, reason };
}

export function resolve(p: Payment): Instruction {
  return { kind: 'resolve', ...p, subject: SYSTEM, askedAtMs: null };
}

/** By an operator. */
export function force(p: Payment, askedAtMs: number, operator = 'mas|eve'): Instruction {
  return { kind: 'resolve', ...p, subject: { kind: 'operator', name: operator }, askedAtMs };
}

export function commit(p: Payment, account: string, commitUs: number | null = null): Instruction {
  return { kind: 'commit', txn: p.txn, account: acc(account), commitUs };
}

export function rollback(p: Payment, account: string, reason: AbortReason = CANCELLED): RollbackLeg {
  const spec = p.body.legs.find((each) => each.account === account) ?? leg(account, 'debit', 1n);
  return { kind: 'rollback', txn: p.txn, key: p.key, homeSlot: p.homeSlot, account: acc(account), spec, reason };
}

export function acknowledge(p: Payment, ...accounts: readonly string[]): Instruction {
  return { kind: 'acknowledge', key: p.key, txn: p.txn, accounts: accounts.map(acc) };
}

export function commitMany(legs: readonly CommittedLeg[]): CommitMany {
  return { kind: 'commit-many', legs };
}

export function acknowledgeMany(told: readonly ToldLegs[]): AcknowledgeMany {
  return { kind: 'acknowledge-many', told };
}

export function create(number: string, openingBalanceMinor: bigint, more: Partial<Extract<Instruction, { kind: 'create-account' }>> = {}): Instruction {
  return {
    kind: 'create-account',
    key: key(`create-${number}`),
    txn: txnId(
      [...number]
        .map((each) => each.charCodeAt(0).toString(16))
        .join('')
        .padStart(64, 'c'),
    ),
    number: acc(number),
    currency: USD,
    openingBalanceMinor,
    minimumMinor: null,
    owner: `owner of ${number}`,
    subject: OPERATOR,
    checkOnly: false,
    ...more,
  };
}

type Change = Extract<Instruction, { kind: 'change-account' }>;

export function change(n: number, number: string, what: Change['change'], more: Partial<Change> = {}): Change {
  return {
    kind: 'change-account',
    key: key(`${slotOf(acc(number))}.change-${n}`),
    txn: txn(n),
    number: acc(number),
    change: what,
    subject: OPERATOR,
    lockToken: null,
    undecided: [],
    ...more,
  };
}

export function lock(lockId: string, owner: string, ttlMs = 1000, subject: Subject = OPERATOR): Instruction {
  return { kind: 'acquire-lock', slot: slotOf(acc(lockId)), lockId, owner, mode: 'exclusive', ttlMs, subject };
}

export function share(lockId: string, owner: string, ttlMs = 1000, subject: Subject = OPERATOR): Instruction {
  return { kind: 'acquire-lock', slot: slotOf(acc(lockId)), lockId, owner, mode: 'shared', ttlMs, subject };
}

export function breakLock(lockId: string, upToToken: number, subject: Subject = OPERATOR): Instruction {
  return { kind: 'break-lock', slot: slotOf(acc(lockId)), lockId, upToToken, subject };
}

export function unlock(lockId: string, owner: string): Instruction {
  return { kind: 'release-lock', slot: slotOf(acc(lockId)), lockId, owner };
}
