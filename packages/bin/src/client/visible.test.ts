/** Nothing that somebody stored can steer the terminal of who looks at it; nothing that may be a secret is repeated. */
import { table, toJson } from './output';
import { visible, visibleLines, withoutSecrets } from './visible';

const HOSTILE = 'a\u001b[2J\rb\u009b31m\nc\u202ed\u2066e\u200bf\u0007';

test.each([
  ['\u001b[2J', '\\x1b[2J'],
  ['over\rwritten', 'over\\x0dwritten'],
  ['\u009b31m', '\\x9b31m'],
  ['100\u202e00.1', '100\\u{202e}00.1'],
  ['a\nb\tc', 'a\\x0ab\\x09c'],
  ['\u{e0041}', '\\u{e0041}'],
  ['Zoë Ünal 東京 🙂 العربية', 'Zoë Ünal 東京 🙂 العربية'],
])('%j is shown as %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/;

test('a table keeps every cell in its row', () => {
  const made = table(
    ['owner', 'n'],
    [
      [HOSTILE, '1'],
      ['x', '2'],
    ],
  );
  expect(made).not.toMatch(RAW);
  expect(made.split('\n')).toHaveLength(7);
});

test('lines keep our ends and colours, and nothing else', () => {
  expect(visibleLines(`\u001b[32mCOMMITTED\u001b[39m p\n${HOSTILE.replace('\n', '')}`)).toBe(
    '\u001b[32mCOMMITTED\u001b[39m p\na\\x1b[2J\\x0db\\x9b31mc\\u{202e}d\\u{2066}e\\u{200b}f\\x07',
  );
});

test('as JSON it is the same value, and harmless to print', () => {
  expect(JSON.parse(toJson({ memo: HOSTILE, tag: '\u{e0041}' }))).toEqual({ memo: HOSTILE, tag: '\u{e0041}' });
  expect(toJson({ memo: HOSTILE })).not.toMatch(RAW);
});

test('what may be a secret is left out of what a message repeats', () => {
  expect(withoutSecrets("unknown command 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-nature_'")).toBe("unknown command '(a token)'");
  expect(withoutSecrets("unknown option '--tokne=c2VjcmV0'")).toBe("unknown option '--tokne'");
});
