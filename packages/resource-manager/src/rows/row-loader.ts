/**
 * Fills pinned cells from SQL. While one SELECT round is under way, what arrives gathers for the next. Nobody waits
 * longer than the time-out: a round that comes back later still fills the cells that are empty then, which is right
 * because an empty cell's row cannot have changed in memory.
 */
import { lent, type AccountRow, type LegAddress, type LegRow, type OutcomeRow } from '@mas/ledger';
import { type AccountNumber, type Clock, type PaymentKey } from '@mas/values';
import { StoreUnavailable, type BucketStore, type LegLookup } from '../applied-store';
import type { StoreHealth } from '../bucket/store-health';
import type { Cell } from './paged-rows';
import { allLoaded, legKey, type LegKey, type Pins, type RowTable } from './row-table';

/** Cells of one SELECT round; what is beyond it goes into the next. */
const MAX_ROUND_CELLS = 4_000;

interface Waiter {
  readonly pins: Pins;
  readonly done: (error: StoreUnavailable | null) => void;
}

export class RowLoader {
  private readonly waiting: Waiter[] = [];
  private loading = false;

  constructor(
    private readonly store: BucketStore,
    private readonly table: RowTable,
    private readonly health: StoreHealth,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** Resolves once every pinned cell is loaded. @throws StoreUnavailable */
  load(pins: Pins): Promise<void> {
    if (allLoaded(pins)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (error: StoreUnavailable | null): void => {
        if (settled) return;
        settled = true;
        timer.cancel();
        if (error === null) resolve();
        else reject(error);
      };
      const timer = this.clock.schedule(this.timeoutMs, () => {
        this.health.failed();
        settle(new StoreUnavailable(`bucket ${this.store.bucket}: rows did not come within ${this.timeoutMs} ms`, false));
      });
      this.waiting.push({ pins, done: settle });
      this.next();
    });
  }

  private next(): void {
    if (this.loading || this.waiting.length === 0) return;
    const round: Waiter[] = [];
    let cells = 0;
    while (this.waiting.length > 0 && cells < MAX_ROUND_CELLS) {
      const waiter = this.waiting.shift();
      if (waiter === undefined) break;
      cells += waiter.pins.accounts.length + waiter.pins.legs.length + waiter.pins.outcomes.length;
      round.push(waiter);
    }
    this.loading = true;
    this.select(round).then(
      () => this.finish(round, null),
      (error: unknown) => this.finish(round, asUnavailable(error)),
    );
  }

  private finish(round: readonly Waiter[], error: StoreUnavailable | null): void {
    this.loading = false;
    if (error === null) this.health.answered();
    else this.health.failed();
    for (const waiter of round) waiter.done(error);
    this.next();
  }

  private async select(round: readonly Waiter[]): Promise<void> {
    const accounts = new Map<AccountNumber, Cell<AccountNumber, AccountRow>>();
    const legs = new Map<LegKey, Cell<LegAddress, LegRow>>();
    const outcomes = new Map<PaymentKey, Cell<PaymentKey, OutcomeRow>>();
    for (const { pins } of round) {
      for (const cell of pins.accounts) if (cell.row === undefined) accounts.set(cell.key, cell);
      for (const cell of pins.legs) if (cell.row === undefined) legs.set(legKey(cell.key.account, cell.key.txn), cell);
      for (const cell of pins.outcomes) if (cell.row === undefined) outcomes.set(cell.key, cell);
    }
    if (accounts.size + legs.size + outcomes.size === 0) return;
    const loaded = await this.store.load({
      accounts: [...accounts.keys()],
      legs: [...legs.values()].map(({ key }) => this.lookup(key)),
      outcomes: [...outcomes.keys()],
    });
    // By cell, not by key: a cell that was dropped meanwhile must not hand its row to a younger one of the same key.
    for (const row of loaded.accounts) fill(accounts.get(row.number), row);
    for (const row of loaded.legs) fill(legs.get(legKey(row.account, row.txn)), row);
    for (const row of loaded.outcomes) fill(outcomes.get(row.key), row);
    for (const cell of accounts.values()) fill(cell, null);
    for (const cell of legs.values()) fill(cell, null);
    for (const cell of outcomes.values()) fill(cell, null);
  }

  private lookup({ account, txn }: LegAddress): LegLookup {
    return { account, txn, seqRanges: this.table.legIds.lookup(account, txn) };
  }
}

/** What a store gives is lent: one in memory has perhaps kept what a checkpoint gave it. */
function fill<Key, Row extends object>(cell: Cell<Key, Row> | undefined, row: Row | null): void {
  if (cell !== undefined && cell.row === undefined) cell.row = row === null ? null : lent(row);
}

function asUnavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  return new StoreUnavailable('the database refused a read', false, { cause: error });
}
