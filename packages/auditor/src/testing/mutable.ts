/** The same type, open to change in all its depth: rows are immutable everywhere but under a test's hand. */
type Plain = string | number | bigint | boolean | null | undefined;

export type Mutable<T> = T extends Plain
  ? T
  : T extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : T extends readonly (infer Item)[]
      ? Mutable<Item>[]
      : { -readonly [Field in keyof T]: Mutable<T[Field]> };
