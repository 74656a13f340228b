/**
 * The rows of one bucket as its ledger sees them: paged accounts, legs and outcomes, the identities ever seen, and
 * what the next checkpoint has to write. Replaced as a whole when a snapshot is installed.
 */
import { lent, lockKey, type AccountRow, type LegAddress, type LegRow, type LockRow, type OutcomeRow, type Rows, type RowsTouched } from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { type AccountNumber, type PaymentKey, type Random, type Slot, type TxnId, type SlotRange, isIn } from '@mas/values';
import type { IdentityChunk } from '../applied-store';
import type { ResourceManagerConfig } from '../config';
import { IdFilter } from './id-filter';
import { LegCells } from './leg-cells';
import { PagedRows, type Cell } from './paged-rows';
import type { SlotWatch } from './slot-watch';

/** Pins of one instruction or read; every one is given back exactly once. */
export interface Pins {
  readonly accounts: Cell<AccountNumber, AccountRow>[];
  readonly legs: Cell<LegAddress, LegRow>[];
  readonly outcomes: Cell<PaymentKey, OutcomeRow>[];
}

export type LegKey = string;

/** Of 64 hexadecimal digits: 80 bits, far more than a place and a fingerprint take. */
const HASHED_TXN_CHARS = 20;

/** Changed rows, gathered at one applied index. */
export interface ChangedRows {
  readonly accounts: readonly AccountRow[];
  readonly legs: readonly LegRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly locks: readonly LockRow[];
  readonly removedLocks: readonly { readonly slot: Slot; readonly key: string }[];
  readonly droppedSlots: readonly SlotRange[];
}

/** What is always in memory elsewhere (the ledger) and needs no SELECT; as the bucket holds it, not lent. */
export interface ResidentRows {
  pinnedLeg(account: AccountNumber, txn: TxnId): LegRow | undefined;
  undeliveredOf(key: PaymentKey): OutcomeRow | undefined;
}

function lentIfAny<Row extends object>(row: Row | undefined): Row | undefined {
  return row === undefined ? undefined : lent(row);
}

function sameLeg(a: LegAddress, b: LegAddress): boolean {
  return a.txn === b.txn && a.account === b.account;
}

/** A txn has a fixed length, so the joined text is unambiguous. */
export function legKey(account: AccountNumber, txn: TxnId): LegKey {
  return txn + account;
}

export class RowTable implements Rows {
  readonly accounts: PagedRows<AccountNumber, AccountRow>;
  readonly legs: PagedRows<LegAddress, LegRow>;
  readonly outcomes: PagedRows<PaymentKey, OutcomeRow>;
  readonly legIds: IdFilter;
  readonly outcomeIds: IdFilter;
  /** Of slots that are being copied to another bucket. */
  watch: SlotWatch | null = null;
  /** Since the last checkpoint was gathered, and in the one that is being written. What SQL still has of them is no more. */
  private droppedSlots: SlotRange[] = [];
  private slotsBeingDropped: readonly SlotRange[] = [];
  /** Null: removed. */
  private changedLocks = new Map<string, { readonly slot: Slot; readonly key: string; readonly row: LockRow | null }>();

  constructor(
    config: ResourceManagerConfig,
    random: Random,
    private readonly resident: ResidentRows,
  ) {
    this.accounts = new PagedRows(config.cachedAccounts);
    this.legs = new PagedRows(config.cachedLegs, new LegCells(), sameLeg);
    this.outcomes = new PagedRows(config.cachedOutcomes);
    this.legIds = new IdFilter(config.filteredIdentities, random, HASHED_TXN_CHARS);
    this.outcomeIds = new IdFilter(config.filteredIdentities, random);
  }

  /** Rows that a checkpoint would write now. */
  get changedCount(): number {
    return this.accounts.dirtyCount + this.legs.dirtyCount + this.outcomes.dirtyCount + this.changedLocks.size + this.droppedSlots.length;
  }

  remember(chunk: IdentityChunk): void {
    for (const leg of chunk.legs) this.legIds.add(leg.account, leg.txn, leg.seq);
    for (const key of chunk.outcomes) this.outcomeIds.add('', key, 0);
  }

  /**
   * Pins what an instruction touches. What is known without SQL is filled in at once: resident rows, and identities
   * that the filter has never seen. Whatever is still empty afterwards has to be loaded.
   */
  pin(touched: RowsTouched, into: Pins = noPins()): Pins {
    for (const number of touched.accounts) {
      const cell = this.accounts.pin(number);
      if (cell.row === undefined && this.isDropped(() => slotOfAccount(number))) cell.row = null;
      into.accounts.push(cell);
    }
    for (const address of touched.legs) {
      const { account, txn } = address;
      const cell = this.legs.pin(address);
      if (cell.row === undefined) {
        // First the filter: nearly all that is asked for is new, and what is resident is in the filter as well. The cell that had the row
        // before, and knew whether a checkpoint was given it, is gone: so it is lent.
        if (this.legIds.lookup(account, txn).length === 0 || this.isDropped(() => slotOfAccount(account))) cell.row = null;
        else cell.row = lentIfAny(this.resident.pinnedLeg(account, txn));
      }
      into.legs.push(cell);
    }
    for (const key of touched.outcomes) {
      const cell = this.outcomes.pin(key);
      if (cell.row === undefined) {
        if (this.outcomeIds.lookup('', key).length === 0 || this.isDropped(() => homeSlotOfKey(key))) cell.row = null;
        else cell.row = lentIfAny(this.resident.undeliveredOf(key));
      }
      into.outcomes.push(cell);
    }
    return into;
  }

  /** And not put again: what was put since is in memory until it is written, with the drop or behind it. */
  private isDropped(slotOf: () => Slot): boolean {
    if (this.droppedSlots.length === 0 && this.slotsBeingDropped.length === 0) return false;
    const slot = slotOf();
    return [...this.droppedSlots, ...this.slotsBeingDropped].some((range) => isIn(range, slot));
  }

  unpin(pins: Pins): void {
    for (const cell of pins.accounts) this.accounts.unpin(cell);
    for (const cell of pins.legs) this.legs.unpin(cell);
    for (const cell of pins.outcomes) this.outcomes.unpin(cell);
  }

  /** Lent, as everything that is read here but what is read for apply. */
  account(number: AccountNumber): AccountRow | undefined {
    return this.accounts.loaded(number);
  }

  leg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.legs.loaded({ account, txn });
  }

  outcome(key: PaymentKey): OutcomeRow | undefined {
    return this.outcomes.loaded(key);
  }

  accountInPlace(number: AccountNumber): AccountRow | undefined {
    return this.accounts.inPlace(number);
  }

  legInPlace(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.legs.inPlace({ account, txn });
  }

  outcomeInPlace(key: PaymentKey): OutcomeRow | undefined {
    return this.outcomes.inPlace(key);
  }

  putAccount(row: AccountRow): void {
    const isNew = this.accounts.put(row.number, row) === null;
    this.watch?.account(row, isNew);
  }

  putLeg(row: LegRow): void {
    const isNew = this.legs.put(row, row) === null;
    if (isNew) this.legIds.add(row.account, row.txn, row.seq);
    this.watch?.leg(row, isNew);
  }

  putOutcome(row: OutcomeRow): void {
    const isNew = this.outcomes.put(row.key, row) === null;
    if (isNew) this.outcomeIds.add('', row.key, 0);
    this.watch?.outcome(row, isNew);
  }

  putLock(row: LockRow): void {
    const key = lockKey(row);
    this.changedLocks.set(`${row.slot}/${key}`, { slot: row.slot, key, row });
  }

  removeLock(slot: Slot, key: string): void {
    this.changedLocks.set(`${slot}/${key}`, { slot, key, row: null });
  }

  /** Identities stay in the filters, which may say "perhaps" of what is gone. */
  dropSlots(slots: SlotRange): void {
    this.accounts.forget((number) => isIn(slots, slotOfAccount(number)));
    this.legs.forget(({ account }) => isIn(slots, slotOfAccount(account)));
    this.outcomes.forget((key) => isIn(slots, homeSlotOfKey(key)));
    for (const [name, { slot }] of this.changedLocks) if (isIn(slots, slot)) this.changedLocks.delete(name);
    this.droppedSlots.push(slots);
  }

  gather(): ChangedRows {
    const locks: LockRow[] = [];
    const removedLocks: { readonly slot: Slot; readonly key: string }[] = [];
    for (const { slot, key, row } of this.changedLocks.values()) {
      if (row === null) removedLocks.push({ slot, key });
      else locks.push(row);
    }
    this.changedLocks = new Map();
    const { droppedSlots } = this;
    this.droppedSlots = [];
    this.slotsBeingDropped = droppedSlots;
    return { accounts: this.accounts.gather(), legs: this.legs.gather(), outcomes: this.outcomes.gather(), locks, removedLocks, droppedSlots };
  }

  written(): void {
    this.slotsBeingDropped = [];
    this.accounts.written();
    this.legs.written();
    this.outcomes.written();
  }
}

export function noPins(): Pins {
  return { accounts: [], legs: [], outcomes: [] };
}

export function allLoaded(pins: Pins): boolean {
  for (const cell of pins.accounts) if (cell.row === undefined) return false;
  for (const cell of pins.legs) if (cell.row === undefined) return false;
  for (const cell of pins.outcomes) if (cell.row === undefined) return false;
  return true;
}
