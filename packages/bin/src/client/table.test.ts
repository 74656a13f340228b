/** A table is as wide as the terminal at most; what had to go is named, what is long is broken, figures are whole. */
import { table } from './table';

const HEAD = ['number', 'balance', 'owner', 'bucket', 'leader'];
const ROWS = [
  ['alice', '1000.00 USD', 'Alice in Chains', '2', 'rm-3'],
  ['{alice}de4d9a2a-2985-4c44-a1da-fd8d81363350', '12345678901.00 USD', '', '3', 'rm-1'],
];
const LESS = ['leader', 'bucket', 'owner'];
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
const at = (width: number): string => table(HEAD, ROWS, [1], LESS, width);

test('with room for all, all is there', () => {
  expect(at(Number.POSITIVE_INFINITY)).toContain('leader');
  expect(at(Number.POSITIVE_INFINITY)).not.toContain('--wide');
  expect(at(widest(at(Number.POSITIVE_INFINITY)))).toBe(at(Number.POSITIVE_INFINITY));
});

test.each([
  [100, 'leader'],
  [90, 'bucket, leader'],
  [80, 'owner, bucket, leader'],
])('%i columns: not shown are %s', (width, names) => {
  const made = at(width);
  expect(made.split('\n').at(-1)).toBe(`not shown: ${names} (--wide shows all)`);
  expect(widest(made)).toBeLessThanOrEqual(width);
  expect(made).toContain('12345678901.00 USD');
});

test('narrower still: the id is broken, and all of it is there', () => {
  const made = at(50);
  expect(widest(made.split('\n').slice(0, -1).join('\n'))).toBeLessThanOrEqual(50);
  const first = made
    .split('\n')
    .map((line) => /^│ (\S+)/.exec(line)?.[1] ?? '')
    .join('');
  expect(first).toContain('{alice}de4d9a2a-2985-4c44-a1da-fd8d81363350');
  expect(made).toContain('12345678901.00 USD');
});

test('a state keeps its colour, in one piece, however narrow it gets; words stay whole', () => {
  const state = '\u001b[32mcommitted\u001b[39m';
  const made = table(['payment', 'state', 'reason'], [['{abc}b56e6c1d-de9f-453b-a622-4c0fcb515dc5', state, 'more than there is on the account']], [], [], 60);
  expect(made).toContain(state);
  expect(made).not.toContain('\\x1b');
  for (const word of ['more', 'than', 'there', 'account']) expect(made).toContain(word);
});
