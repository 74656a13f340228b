/**
 * Rows of one kind, by key: the part of a table that is in memory. One cell per key. A cell is pinned before its row
 * is asked for, filled only while it is empty, and dropped only when nothing pins it and SQL holds its row; so a
 * SELECT that comes back late finds either an empty cell, whose row cannot have changed since, or one that it leaves
 * alone. Idle cells form a list, oldest first, of bounded length. What happens to be in memory never changes an
 * outcome: whoever applies an instruction has pinned and loaded all that it may touch.
 */
import { lent } from '@mas/ledger';
import { invariant, InvariantViolation } from '@mas/values';

export interface Cell<Key, Row> {
  readonly key: Key;
  /** Undefined: not loaded. Null: there is no such row, anywhere. */
  row: Row | null | undefined;
  pins: number;
  /** Changed since the last checkpoint was gathered. */
  dirty: boolean;
  /** Part of the checkpoint that is being written. */
  writing: boolean;
  /** A checkpoint was given the row. It is lent when apply reaches for it next: to lend it at once would touch every row. */
  given: boolean;
  /** In the list of idle cells, or out of the table for good. */
  place: 'in-use' | 'idle' | 'dropped';
  older: Cell<Key, Row> | null;
  newer: Cell<Key, Row> | null;
  /** For an index that keeps cells in lists. */
  next: Cell<Key, Row> | null;
}

/** Where a cell is found by its key; a Map is one. */
export interface CellIndex<Key, Value> {
  readonly size: number;
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
  delete(key: Key): unknown;
  values(): Iterable<Value>;
}

export class PagedRows<Key, Row extends object> {
  private dirtyCells: Cell<Key, Row>[] = [];
  private writingCells: readonly Cell<Key, Row>[] = [];
  private oldest: Cell<Key, Row> | null = null;
  private newest: Cell<Key, Row> | null = null;
  private idleCount = 0;
  /** Applying reads a row and then changes it: the cell that was found last is asked for again. */
  private recent: Cell<Key, Row> | null = null;

  /** @param maxIdle cells kept beyond those pinned, dirty or being written. */
  constructor(
    private readonly maxIdle: number,
    private readonly cells: CellIndex<Key, Cell<Key, Row>> = new Map<Key, Cell<Key, Row>>(),
    private readonly same: (a: Key, b: Key) => boolean = identical,
  ) {}

  get size(): number {
    return this.cells.size;
  }

  get dirtyCount(): number {
    return this.dirtyCells.length;
  }

  /** Keeps the key's cell until as many unpins have followed. */
  pin(key: Key): Cell<Key, Row> {
    let cell = this.cells.get(key);
    if (cell === undefined) {
      cell = { key, row: undefined, pins: 1, dirty: false, writing: false, given: false, place: 'in-use', older: null, newer: null, next: null };
      this.cells.set(key, cell);
      return cell;
    }
    if (cell.place === 'idle') this.unlink(cell);
    cell.pins += 1;
    return cell;
  }

  unpin(cell: Cell<Key, Row>): void {
    if (cell.pins <= 0) invariant(false, 'a row is unpinned as often as it was pinned', { key: cell.key });
    cell.pins -= 1;
    this.rest(cell);
  }

  /** The row, lent, if its cell is loaded; undefined when there is none. @throws InvariantViolation for a row nobody loaded. */
  loaded(key: Key): Row | undefined {
    const row = this.inPlace(key);
    return row === undefined ? undefined : lent(row);
  }

  /** The same for apply, which may change it in place. */
  inPlace(key: Key): Row | undefined {
    const cell = this.find(key);
    const row = cell?.row;
    if (cell === undefined || row === undefined) throw new InvariantViolation('a row is pinned and loaded before it is read', { key });
    if (row === null) return undefined;
    if (cell.given) {
      lent(row);
      cell.given = false;
    }
    return row;
  }

  /** What is in memory, lent, without a claim about what is not. */
  peek(key: Key): Row | null | undefined {
    const row = this.cells.get(key)?.row;
    return row === null || row === undefined ? row : lent(row);
  }

  fill(cell: Cell<Key, Row>, row: Row | null): void {
    if (cell.row === undefined) cell.row = row === null ? null : lent(row);
  }

  /** A new version of a row, or the row after it was changed in place; returns the one before. */
  put(key: Key, row: Row): Row | null {
    const cell = this.find(key);
    if (cell?.row === undefined || cell.pins === 0) throw new InvariantViolation('a row is pinned and loaded before it is changed', { key });
    const before = cell.row;
    cell.row = row;
    if (!cell.dirty) {
      cell.dirty = true;
      this.dirtyCells.push(cell);
    }
    return before;
  }

  /** There are no such rows any more, here or in SQL: also those that are on their way from there, or that were not written yet. */
  forget(isGone: (key: Key) => boolean): void {
    for (const cell of this.cells.values()) {
      if (!isGone(cell.key)) continue;
      cell.row = null;
      cell.dirty = false;
    }
    this.dirtyCells = this.dirtyCells.filter(({ dirty }) => dirty);
  }

  /** Puts a row that was read at start into a cell that stays pinned. */
  adopt(key: Key, row: Row): void {
    const cell = this.pin(key);
    this.fill(cell, row);
  }

  /** Moves what is dirty into the checkpoint that starts now. What changes before it is written changes in a copy. */
  gather(): readonly Row[] {
    invariant(this.writingCells.length === 0, 'one checkpoint at a time');
    this.writingCells = this.dirtyCells;
    this.dirtyCells = [];
    return this.writingCells.map((cell) => {
      cell.dirty = false;
      cell.writing = true;
      invariant(cell.row !== null && cell.row !== undefined, 'a dirty row has a value', { key: cell.key });
      cell.given = true;
      return cell.row;
    });
  }

  /** SQL holds what was gathered. */
  written(): void {
    const cells = this.writingCells;
    this.writingCells = [];
    for (const cell of cells) {
      cell.writing = false;
      this.rest(cell);
    }
  }

  private find(key: Key): Cell<Key, Row> | undefined {
    if (this.recent !== null && this.same(this.recent.key, key)) return this.recent;
    const cell = this.cells.get(key);
    if (cell !== undefined) this.recent = cell;
    return cell;
  }

  /** A cell that nothing holds any more joins the idle ones, or is dropped when it was never loaded. */
  private rest(cell: Cell<Key, Row>): void {
    if (cell.pins > 0 || cell.dirty || cell.writing || cell.place !== 'in-use') return;
    if (cell.row === undefined) {
      this.drop(cell);
      return;
    }
    cell.place = 'idle';
    cell.older = this.newest;
    if (this.newest === null) this.oldest = cell;
    else this.newest.newer = cell;
    this.newest = cell;
    this.idleCount += 1;
    while (this.idleCount > this.maxIdle && this.oldest !== null) {
      const evicted = this.oldest;
      this.unlink(evicted);
      this.drop(evicted);
    }
  }

  private drop(cell: Cell<Key, Row>): void {
    cell.place = 'dropped';
    if (this.recent === cell) this.recent = null;
    this.cells.delete(cell.key);
  }

  private unlink(cell: Cell<Key, Row>): void {
    if (cell.older === null) this.oldest = cell.newer;
    else cell.older.newer = cell.newer;
    if (cell.newer === null) this.newest = cell.older;
    else cell.newer.older = cell.older;
    cell.older = null;
    cell.newer = null;
    cell.place = 'in-use';
    this.idleCount -= 1;
  }
}

function identical<Key>(a: Key, b: Key): boolean {
  return a === b;
}
