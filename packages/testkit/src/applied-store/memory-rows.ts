/** The rows of one bucket in memory, with the lookups that the port asks for. Rows are immutable values and are shared; whoever changes one hears of it. */
import { lockKey, type AccountRow, type LegRow, type LockRow, type OutcomeRow, type PinnedRows } from '@mas/ledger';
import type { CheckpointBatch, IdentityChunk, LoadedRows, RowRequest, SnapshotChunk, StoredLegQuery } from '@mas/resource-manager';
import { outcomeRowKey } from '@mas/sql-store/internals/rows/outcome-text';
import { checkAccount, checkLeg, checkOutcome } from '@mas/sql-store/internals/rows/row-checks';
import { compareKeys, nameOfKey, type RowKey } from '@mas/sql-store/internals/rows/row-key';
import { unreachable, type AccountNumber, type PaymentKey, type Slot, type SlotRange, isIn } from '@mas/values';

export class MemoryRows {
  private readonly accounts = new Map<AccountNumber, AccountRow>();
  /** By account, then by seq. */
  private readonly legs = new Map<AccountNumber, Map<number, LegRow>>();
  private readonly outcomes = new Map<PaymentKey, OutcomeRow>();
  private readonly locks = new Map<string, LockRow>();

  put(chunk: SnapshotChunk): void {
    switch (chunk.kind) {
      case 'accounts':
        chunk.rows.forEach((row) => this.putAccount(row));
        return;
      case 'legs':
        chunk.rows.forEach((row) => this.putLeg(row));
        return;
      case 'outcomes':
        chunk.rows.forEach((row) => this.putOutcome(row));
        return;
      case 'locks':
        chunk.rows.forEach((row) => this.locks.set(nameOfKey([row.slot, lockKey(row)]), row));
        return;
      default:
        unreachable(chunk, 'snapshot chunk');
    }
  }

  apply(batch: CheckpointBatch): void {
    // Refuses the whole batch before it takes the first row, as a SQL transaction would.
    batch.accounts.forEach(checkAccount);
    batch.legs.forEach(checkLeg);
    batch.outcomes.forEach(checkOutcome);
    for (const slots of batch.droppedSlots) this.drop(slots);
    this.put({ kind: 'accounts', rows: batch.accounts });
    this.put({ kind: 'legs', rows: batch.legs });
    this.put({ kind: 'outcomes', rows: batch.outcomes });
    for (const lock of batch.removedLocks) this.locks.delete(nameOfKey([lock.slot, lock.key]));
    this.put({ kind: 'locks', rows: batch.locks });
  }

  private drop(slots: SlotRange): void {
    for (const row of this.sortedAccounts()) if (isIn(slots, row.slot)) this.accounts.delete(row.number);
    for (const row of this.sortedLegs()) if (isIn(slots, row.slot)) this.legs.delete(row.account);
    for (const row of this.sortedOutcomes()) if (isIn(slots, row.slot)) this.outcomes.delete(row.key);
    for (const row of this.sortedLocks()) if (isIn(slots, row.slot)) this.locks.delete(nameOfKey([row.slot, lockKey(row)]));
  }

  copy(): MemoryRows {
    const copied = new MemoryRows();
    copied.put({ kind: 'accounts', rows: this.sortedAccounts() });
    copied.put({ kind: 'legs', rows: this.sortedLegs() });
    copied.put({ kind: 'outcomes', rows: this.sortedOutcomes() });
    copied.put({ kind: 'locks', rows: this.sortedLocks() });
    return copied;
  }

  load(request: RowRequest): LoadedRows {
    const legs = request.legs.flatMap(({ account, txn, seqRanges }) =>
      [...(this.legs.get(account)?.values() ?? [])].filter((leg) => leg.txn === txn && seqRanges.some(({ from, to }) => leg.seq >= from && leg.seq <= to)),
    );
    return {
      accounts: request.accounts.flatMap((number) => this.accounts.get(number) ?? []),
      legs: [...new Set(legs)],
      outcomes: request.outcomes.flatMap((key) => this.outcomes.get(key) ?? []),
    };
  }

  identities(): IdentityChunk {
    const legs = this.sortedLegs().map(({ account, seq, txn }) => ({ account, seq, txn }));
    return { legs, outcomes: this.sortedOutcomes().map((row) => row.key) };
  }

  pinned(): PinnedRows {
    const legs = this.sortedLegs();
    return {
      prepared: legs.filter((leg) => leg.state === 'prepared'),
      openAuthorizations: legs.filter((leg) => leg.state === 'committed' && (leg.reservation?.status === 'open' || leg.reservation?.status === 'capturing')),
      undelivered: this.sortedOutcomes().filter((row) => row.untold.length > 0),
      locks: this.sortedLocks(),
    };
  }

  listLegs(query: StoredLegQuery): readonly LegRow[] {
    const newestFirst = query.direction === 'newest-first';
    const behindCursor = (seq: number): boolean => query.cursorSeq === null || (newestFirst ? seq < query.cursorSeq : seq > query.cursorSeq);
    return [...(this.legs.get(query.account)?.values() ?? [])]
      .filter((leg) => behindCursor(leg.seq))
      .filter((leg) => query.state === null || leg.state === query.state)
      .filter((leg) => query.fromMs === null || leg.preparedAtMs >= query.fromMs)
      .filter((leg) => query.untilMs === null || leg.preparedAtMs < query.untilMs)
      .sort((left, right) => (newestFirst ? right.seq - left.seq : left.seq - right.seq))
      .slice(0, query.limit);
  }

  listAccounts(after: { readonly slot: Slot; readonly number: AccountNumber } | null, limit: number): readonly AccountRow[] {
    const rows = this.sortedAccounts();
    const first = after === null ? 0 : rows.findIndex((row) => compareKeys([row.slot, row.number], [after.slot, after.number]) > 0);
    return first === -1 ? [] : rows.slice(first, first + limit);
  }

  /** As of now: later writes replace rows in the maps and leave these lists alone. */
  chunks(perChunk: number): readonly SnapshotChunk[] {
    return [
      ...pieces(this.sortedAccounts(), perChunk).map((rows): SnapshotChunk => ({ kind: 'accounts', rows })),
      ...pieces(this.sortedLegs(), perChunk).map((rows): SnapshotChunk => ({ kind: 'legs', rows })),
      ...pieces(this.sortedOutcomes(), perChunk).map((rows): SnapshotChunk => ({ kind: 'outcomes', rows })),
      ...pieces(this.sortedLocks(), perChunk).map((rows): SnapshotChunk => ({ kind: 'locks', rows })),
    ];
  }

  private putAccount(row: AccountRow): void {
    checkAccount(row);
    this.accounts.set(row.number, Object.freeze(row));
  }

  private putLeg(row: LegRow): void {
    checkLeg(row);
    const ofAccount = this.legs.get(row.account) ?? new Map<number, LegRow>();
    this.legs.set(row.account, ofAccount.set(row.seq, Object.freeze(row)));
  }

  private putOutcome(row: OutcomeRow): void {
    checkOutcome(row);
    this.outcomes.set(row.key, Object.freeze(row));
  }

  private sortedAccounts(): readonly AccountRow[] {
    return sortedBy(this.accounts.values(), (row) => [row.slot, row.number]);
  }

  private sortedLegs(): readonly LegRow[] {
    const all = [...this.legs.values()].flatMap((ofAccount) => [...ofAccount.values()]);
    return sortedBy(all, (row) => [row.slot, row.account, row.seq]);
  }

  private sortedOutcomes(): readonly OutcomeRow[] {
    return sortedBy(this.outcomes.values(), (row) => outcomeRowKey(row.slot, row.key));
  }

  private sortedLocks(): readonly LockRow[] {
    return sortedBy(this.locks.values(), (row) => [row.slot, lockKey(row)]);
  }
}

function sortedBy<Row>(rows: Iterable<Row>, keyOf: (row: Row) => RowKey): readonly Row[] {
  return [...rows].sort((left, right) => compareKeys(keyOf(left), keyOf(right)));
}

function pieces<Row>(rows: readonly Row[], perChunk: number): readonly (readonly Row[])[] {
  const count = Math.ceil(rows.length / perChunk);
  return Array.from({ length: count }, (_, at) => rows.slice(at * perChunk, (at + 1) * perChunk));
}
