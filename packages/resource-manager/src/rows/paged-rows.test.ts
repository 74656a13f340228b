/** One cell per key; pinned and dirty cells stay; what SQL answers late changes nothing that memory knows better. */
import fc from 'fast-check';
import { PagedRows, type Cell } from './paged-rows';

type Row = { readonly value: number };

test('a cell that was pinned again is the same cell', () => {
  const rows = new PagedRows<string, Row>(10);
  const first = rows.pin('a');
  expect(rows.pin('a')).toBe(first);
  expect(rows.size).toBe(1);
});

test('a cell that nobody loaded is gone with its last pin', () => {
  const rows = new PagedRows<string, Row>(10);
  rows.unpin(rows.pin('a'));
  expect(rows.size).toBe(0);
});

test('a late SELECT does not overwrite what was filled first', () => {
  const rows = new PagedRows<string, Row>(10);
  const cell = rows.pin('a');
  rows.fill(cell, { value: 1 });
  rows.put('a', { value: 2 });
  rows.fill(cell, { value: 1 });
  expect(rows.loaded('a')).toEqual({ value: 2 });
});

test('the oldest idle cell makes room; pinned, dirty and written ones never do', () => {
  const rows = new PagedRows<string, Row>(1);
  const dirty = rows.pin('dirty');
  rows.fill(dirty, null);
  rows.put('dirty', { value: 1 });
  rows.unpin(dirty);
  const pinned = rows.pin('pinned');
  rows.fill(pinned, null);
  for (const key of ['x', 'y', 'z']) {
    const cell = rows.pin(key);
    rows.fill(cell, null);
    rows.unpin(cell);
  }
  expect(['dirty', 'pinned', 'x', 'y', 'z'].map((key) => rows.peek(key) !== undefined)).toEqual([true, true, false, false, true]);
  expect(rows.gather()).toEqual([{ value: 1 }]);
  expect(rows.peek('dirty')).toEqual({ value: 1 });
  rows.written();
  expect(rows.peek('z')).toBeUndefined();
  expect(rows.peek('dirty')).toEqual({ value: 1 });
});

test('a row that changes while it is written stays for the next checkpoint', () => {
  const rows = new PagedRows<string, Row>(1);
  const cell = rows.pin('a');
  rows.fill(cell, null);
  rows.put('a', { value: 1 });
  rows.gather();
  rows.put('a', { value: 2 });
  rows.written();
  expect(rows.dirtyCount).toBe(1);
  expect(rows.gather()).toEqual([{ value: 2 }]);
});

/**
 * Against a model with a database: whatever is pinned, changed, checkpointed and evicted in whatever order, a row that
 * is pinned and loaded is the last one that was put.
 */
test('any order of work shows the last version', () => {
  const step = fc.record({ kind: fc.constantFrom('put', 'read', 'gather', 'written', 'hold'), key: fc.constantFrom('a', 'b', 'c', 'd') });
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 200, size: 'max' }), fc.integer({ min: 0, max: 2 }), (steps, maxIdle) => {
      const rows = new PagedRows<string, Row>(maxIdle);
      const database = new Map<string, Row>();
      const truth = new Map<string, Row>();
      const held: Cell<string, Row>[] = [];
      let writing: readonly (Row & { readonly key?: string })[] | null = null;
      for (const [n, { kind, key }] of steps.entries()) {
        if (kind === 'gather' && writing === null) writing = rows.gather();
        if (kind === 'written' && writing !== null) {
          for (const row of writing) if (row.key !== undefined) database.set(row.key, row);
          rows.written();
          writing = null;
        }
        if (kind !== 'put' && kind !== 'read' && kind !== 'hold') continue;
        const cell = rows.pin(key);
        rows.fill(cell, database.get(key) ?? null);
        expect(rows.loaded(key)).toEqual(truth.get(key));
        if (kind === 'put') {
          const row = { value: n, key };
          rows.put(key, row);
          truth.set(key, row);
        }
        if (kind === 'hold') held.push(cell);
        else rows.unpin(cell);
      }
      for (const cell of held) rows.unpin(cell);
    }),
    { numRuns: 100 },
  );
});
