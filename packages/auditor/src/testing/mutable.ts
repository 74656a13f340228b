/** The same type, open to change in all its depth but for sealed bodies: rows are immutable everywhere but under a test's hand. */
import type { PaymentBody } from '@mas/ledger';

type Plain = string | number | bigint | boolean | null | undefined | PaymentBody;

export type Mutable<T> = T extends Plain
  ? T
  : T extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : T extends readonly (infer Item)[]
      ? Mutable<Item>[]
      : { -readonly [Field in keyof T]: Mutable<T[Field]> };
