/** A list that is read while it is looked at: the next page is asked for when the one before has been taken. */
import type { Outcome } from './outcome';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null: the last page. */
  readonly next: string | null;
}

/** The first error is the last that comes. */
export async function* items<Item>(ask: (pageToken: string) => Promise<Outcome<Page<Item>>>): AsyncGenerator<Outcome<Item>, void, undefined> {
  let pageToken: string | null = '';
  while (pageToken !== null) {
    const page: Outcome<Page<Item>> = await ask(pageToken);
    if (!page.ok) {
      yield page;
      return;
    }
    for (const value of page.value.items) yield { ok: true, value };
    pageToken = page.value.next;
  }
}
