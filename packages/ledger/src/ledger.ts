/**
 * One bucket as a state machine: entries in, outcomes and changed rows out. (Signatures; the rules follow.)
 */
import type { AccountNumber, BucketId, PaymentKey, Slot, TxnId } from '@mas/values';
import type { LedgerEntry } from './instruction';
import type { BucketMeta, PinnedRows, Rows } from './ledger-state';
import type { Outcome } from './outcome';
import type { LedgerKnowledge } from './rows-touched';
import type { LegRow, LockRow, OutcomeRow } from './rows';

export declare class Ledger implements LedgerKnowledge {
  constructor(meta: BucketMeta, pinned: PinnedRows, slotOf: (number: AccountNumber) => Slot);
  /** Applies one committed entry. `rows` holds everything that rowsTouched names for its instructions. */
  apply(entry: LedgerEntry, rows: Rows, raftIndex: number): Outcome[];
  meta(): BucketMeta;
  pinned(): PinnedRows;
  ownsSlot(slot: Slot): boolean;
  isLocal(account: AccountNumber): boolean;
  pinnedLeg(account: AccountNumber, txn: TxnId): LegRow | undefined;
  preparedOn(account: AccountNumber): readonly LegRow[];
  preparedLegs(): IterableIterator<LegRow>;
  openAuthorizations(): IterableIterator<LegRow>;
  undelivered(): IterableIterator<OutcomeRow>;
  undeliveredOf(key: PaymentKey): OutcomeRow | undefined;
  locks(): IterableIterator<LockRow>;
  readonly preparedCount: number;
}

export declare function emptyBucket(bucket: BucketId): BucketMeta;
