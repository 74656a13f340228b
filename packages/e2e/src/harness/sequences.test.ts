/** What takes several steps is in the books as it was asked for, and an authorization that ends before its time is a finding. */
import type { LockHistory } from '@mas/auditor';
import { Books, type Entry } from './books';
import { doSequence, type SequenceContext } from './sequences';

/** Says what is drawn, in turn. */
function drawn(...units: readonly number[]): SequenceContext['random'] {
  const left = [...units];
  return { unit: () => left.shift() ?? 0.99 } as SequenceContext['random'];
}

const [TWO_STEPS, PAY_BACK, LOCKED] = [0.1, 0.6, 0.9];
const [ONE_CAPTURE, TWO_CAPTURES, VOID] = [0.2, 0.6, 0.7];
const HALF = 0.5;

async function booksAfter(random: SequenceContext['random'], answer: (entry: Entry) => readonly ['committed' | 'aborted', string | null]): Promise<Books> {
  const books = new Books();
  books.opened('alice', 1_000n);
  books.opened('bob', 1_000n);
  books.answered(books.asked({ id: 'paid', from: 'alice', to: 'bob', amount: { minor: 10n } }), 'committed', null);
  let minted = 0;
  await doSequence({
    client: { acquireLock: () => Promise.resolve({ handle: 'h' } as LockHistory), releaseLock: () => Promise.resolve() },
    books,
    random,
    accounts: ['alice', 'bob'],
    used: ['paid'],
    mint: (account) => `{${account}}${(minted += 1)}`,
    send: (entry) => {
      const [kind, reason] = answer(entry);
      books.answered(entry, kind, reason);
      return Promise.resolve(kind === 'committed');
    },
    isOver: () => false,
  });
  return books;
}

const asked = (books: Books): readonly string[] =>
  [...books.entries()].map(
    ({ input, moves, listedBy }) =>
      `${input.kind ?? 'payment'} ${moves.map(({ account, deltaMinor }) => `${account} ${deltaMinor}`).join(', ')}; ${listedBy.join(', ')}`,
  );

test.each([
  ['a capture', [TWO_STEPS, HALF, HALF, ONE_CAPTURE, HALF], ['authorization ; alice', 'capture alice -26, bob 26; alice, bob']],
  [
    'two captures',
    [TWO_STEPS, HALF, HALF, TWO_CAPTURES, HALF, 0],
    ['authorization ; alice', 'capture alice -26, bob 26; alice, bob', 'capture alice -1, bob 1; alice, bob'],
  ],
  ['a void', [TWO_STEPS, HALF, HALF, VOID], ['authorization ; alice', 'void ; alice']],
  ['an authorization that is left alone', [TWO_STEPS, HALF, HALF, 0.9], ['authorization ; alice']],
  ['a refund', [PAY_BACK, 0, 0], ['refund bob -5, alice 5; bob, alice']],
  ['the holder of a lock', [LOCKED, HALF, 0], ['payment alice -51, bob 51; alice, bob']],
])('%s', async (_what, units, expected) => {
  const books = await booksAfter(drawn(...units), () => ['committed', null]);
  expect(asked(books).slice(1)).toEqual(expected);
  expect(books.findings).toEqual([]);
});

test('nothing follows an authorization that was refused', async () => {
  const books = await booksAfter(drawn(TWO_STEPS, HALF, HALF, ONE_CAPTURE), () => ['aborted', 'INSUFFICIENT_FUNDS']);
  expect(asked(books)).toHaveLength(2);
});

test.each([
  [
    'the only capture',
    [TWO_STEPS, HALF, HALF, ONE_CAPTURE],
    [expect.stringMatching(/^authorization \{alice\}1 was to last 3 s; after \d+ ms a capture was told AUTHORIZATION_EXPIRED$/)],
  ],
  ['one of two captures', [TWO_STEPS, HALF, HALF, TWO_CAPTURES], []],
])('%s is told at once that the authorization has expired', async (_what, units, findings) => {
  const books = await booksAfter(drawn(...units), ({ input }) => (input.kind === 'capture' ? ['aborted', 'AUTHORIZATION_EXPIRED'] : ['committed', null]));
  expect(books.findings).toEqual(findings);
});
