/** When each payment's decision was first known to exist. */
import type { PaymentKey, TxnId } from '@mas/values';

export interface DecisionSeen {
  readonly txn: TxnId;
  readonly kind: 'committed' | 'aborted';
  /** Where nobody saw it happen: a time before which it cannot have been. */
  readonly firstMs: number;
}

export type Decisions = ReadonlyMap<PaymentKey, DecisionSeen>;

/** A payment's key as people read it. */
export function show(key: PaymentKey): string {
  return key.replace('\0', '/');
}
