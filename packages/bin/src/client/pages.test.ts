/** One page, or all of them in one answer. */
import { readPages, type Page } from './pages';

const PAGES: Readonly<Record<string, Page<number>>> = {
  first: { rows: [1, 2], nextCursor: 'b' },
  b: { rows: [3], nextCursor: 'c' },
  c: { rows: [], nextCursor: null },
};
const read = (token: string | undefined): Promise<Page<number>> => Promise.resolve(PAGES[token ?? 'first'] as Page<number>);

test('one page has a cursor; all have none; from a cursor on', async () => {
  expect(await readPages({ limit: '2' }, read)).toEqual({ rows: [1, 2], nextCursor: 'b' });
  expect(await readPages({ limit: '2', all: true }, read)).toEqual({ rows: [1, 2, 3], nextCursor: null });
  expect(await readPages({ limit: '2', all: true, cursor: 'b' }, read)).toEqual({ rows: [3], nextCursor: null });
});

test('a list without an end is given up', async () => {
  const rows = Array.from({ length: 50_000 }, (_, at) => at);
  await expect(readPages({ limit: '2', all: true }, () => Promise.resolve({ rows, nextCursor: 'again' }))).rejects.toThrow('--cursor again');
});
