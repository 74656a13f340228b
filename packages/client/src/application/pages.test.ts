/** Lists: pages are asked for as they are needed, and an error ends them. */
import { success, type Outcome } from './outcome';
import { items, type Page } from './pages';

const PAGES: Readonly<Record<string, Page<number>>> = { '': { items: [1, 2], next: 'b' }, b: { items: [], next: 'c' }, c: { items: [3], next: null } };

function pager(failAt?: string): { readonly asked: string[]; readonly ask: (pageToken: string) => Promise<Outcome<Page<number>>> } {
  const asked: string[] = [];
  const error = { kind: 'unavailable', reason: 'X', message: 'No.', field: null, facts: {}, mayHaveHappened: false } as const;
  const ask = (pageToken: string): Promise<Outcome<Page<number>>> => {
    asked.push(pageToken);
    return Promise.resolve(pageToken === failAt ? { ok: false, error } : success(PAGES[pageToken]!));
  };
  return { asked, ask };
}

test('all pages, also past an empty one', async () => {
  const { asked, ask } = pager();
  const seen: unknown[] = [];
  for await (const each of items(ask)) seen.push(each.ok && each.value);
  expect([seen, asked]).toEqual([
    [1, 2, 3],
    ['', 'b', 'c'],
  ]);
});

test('whoever stops early asks for no further page', async () => {
  const { asked, ask } = pager();
  for await (const each of items(ask)) if (each.ok && each.value === 2) break;
  expect(asked).toEqual(['']);
});

test('an error is the last that comes', async () => {
  const seen: unknown[] = [];
  for await (const each of items(pager('b').ask)) seen.push(each.ok ? each.value : each.error.reason);
  expect(seen).toEqual([1, 2, 'X']);
});
