/** The model's payments (docs/model/payments.qnt) as production knows them: bodies, ids, slots. That both say the same is checked by the tests. */
import { PaymentBody, type LegSpec, type Policy, type Subject } from '@mas/ledger';
import {
  accountNumber,
  currency,
  invariant,
  paymentKey,
  present,
  slot,
  splitPaymentKey,
  txnId,
  type AccountNumber,
  type PaymentKey,
  type Slot,
  type TxnId,
} from '@mas/values';
import { mapOf, type ModelValue } from './model-value';

export const BUCKETS = ['A', 'B', 'C'] as const;
export const ACCOUNTS = ['a1', 'a2', 'b1', 'c1'] as const;
export const OPENING_MINOR = 100n;
export const OPERATOR: Subject = { kind: 'operator', name: 'mas|ops' };
export const POLICY: Policy = { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1_000_000n };
export const USD = currency('USD');
const SLOTS_PER_BUCKET = 100;
const SCOPE = 'mas|ops';

/** One of the model's payments. */
export interface ModelPayment {
  readonly name: string;
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
}

const AMOUNTS: Readonly<Record<string, readonly [string, Readonly<Record<string, number>>]>> = {
  t1: ['A.1', { a1: -60, b1: 60 }],
  t2: ['B.2', { b1: -130, c1: 130 }],
  t3: ['A.1', { a1: -70, c1: 70 }],
  t4: ['C.4', { a1: -50, b1: 30, c1: 20 }],
  t5: ['C.5', { b1: -120, a2: 120 }],
  t6: ['A.6', { a2: -80, a1: 80 }],
};

export const PAYMENTS: ReadonlyMap<string, ModelPayment> = new Map(
  Object.entries(AMOUNTS).map(([name, [id, amounts]], at) => {
    const legs = Object.entries(amounts).map(
      ([account, amount]): LegSpec => ({
        account: accountNumber(account),
        effect: amount < 0 ? 'debit' : 'credit',
        amountMinor: BigInt(Math.abs(amount)),
        currency: USD,
      }),
    );
    const body = PaymentBody.of({ kind: 'payment', legs: legs.sort((a, b) => (a.account < b.account ? -1 : 1)), reference: null, expiresAtMs: null, memo: '' });
    const key = paymentKey(SCOPE, id);
    return [name, { name, txn: txnId((at + 1).toString(16).padStart(64, '0')), key, homeSlot: homeSlotOf(key), body }];
  }),
);

export const paymentOf = (name: string): ModelPayment => present(PAYMENTS.get(name), 'payment of the model');
export const nameOf = (txn: TxnId): string => present([...PAYMENTS.values()].find((each) => each.txn === txn)?.name, 'payment of the model');

export function idOf(key: PaymentKey): string {
  return splitPaymentKey(key).id;
}

export function firstSlotOf(bucket: string): number {
  return (bucket.charCodeAt(0) - 'A'.charCodeAt(0)) * SLOTS_PER_BUCKET;
}

export function lastSlotOf(bucket: string): number {
  return firstSlotOf(bucket) + SLOTS_PER_BUCKET - 1;
}

/** Account `b1` lives in bucket B. */
export function slotOf(account: AccountNumber): Slot {
  return slot(firstSlotOf(account.charAt(0).toUpperCase()) + Number(account.slice(1)));
}

/** The id `C.4` has its home in bucket C. */
export function homeSlotOf(key: PaymentKey): Slot {
  return slot(firstSlotOf(idOf(key).charAt(0)));
}

export function bucketOfSlot(of: Slot): string {
  const bucket = BUCKETS.find((each) => of >= firstSlotOf(each) && of <= lastSlotOf(each));
  invariant(bucket !== undefined, 'a slot of the model', { slot: of });
  return bucket;
}

export const bucketOfAccount = (account: AccountNumber): string => bucketOfSlot(slotOf(account));

/** As the model's PAYMENTS has them. */
export function paymentsValue(): ModelValue {
  return mapOf(
    [...PAYMENTS.values()].map(({ name, key, homeSlot, body }) => [
      name,
      {
        key: idOf(key),
        home: bucketOfSlot(homeSlot),
        amounts: mapOf(body.legs.map(({ account, effect, amountMinor }) => [account, Number(effect === 'debit' ? -amountMinor : amountMinor)])),
      },
    ]),
  );
}
