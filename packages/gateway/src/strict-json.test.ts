/** JSON that a lenient parser would settle by itself is refused by name. */
import { readJsonObject } from './strict-json';

const read = (text: string | Buffer) => readJsonObject(Buffer.isBuffer(text) ? text : Buffer.from(text));
const reason = (text: string | Buffer): string | null => {
  const result = read(text);
  return result.ok ? null : result.error.error.reason;
};

test('what is read is what stands there', () => {
  expect(read('{"a":{"b":[1,2.5,"x",null,true]},"c":{"b":1},"a2":[{"b":1},{"b":2}]}')).toEqual({
    ok: true,
    value: { a: { b: [1, 2.5, 'x', null, true] }, c: { b: 1 }, a2: [{ b: 1 }, { b: 2 }] },
  });
});

test.each<[string, string | Buffer, string]>([
  ['nothing', '', 'JSON_MALFORMED'],
  ['half an object', '{"a":', 'JSON_MALFORMED'],
  ['a comment', '{/* */}', 'JSON_MALFORMED'],
  ['a comma too many', '{"a":1,}', 'JSON_MALFORMED'],
  ['a byte order mark', '\ufeff{}', 'JSON_MALFORMED'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'JSON_MALFORMED'],
  ['an array', '[]', 'JSON_NOT_AN_OBJECT'],
  ['null', 'null', 'JSON_NOT_AN_OBJECT'],
  ['a key twice', '{"amount":1,"amount":2}', 'JSON_KEY_TWICE'],
  ['a key twice with the same value', '{"amount":1,"amount":1}', 'JSON_KEY_TWICE'],
  ['a key twice, once escaped', '{"a":1,"\\u0061":1}', 'JSON_KEY_TWICE'],
  ['a key twice further in', '{"x":[{"a":1,"b":{},"a":1}]}', 'JSON_KEY_TWICE'],
  ['a number that loses digits', '{"minor":9007199254740993}', 'JSON_NUMBER_TOO_LARGE'],
  ['33 levels', `{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 'JSON_TOO_DEEP'],
  ['half a million levels', `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`, 'JSON_TOO_DEEP'],
])('%s is refused', (_, text, expected) => {
  expect(reason(text)).toBe(expected);
});

test.each(['{"a":9007199254740991}', '{"a":1e400}', `{"a":${'['.repeat(31)}${']'.repeat(31)}}`, '{"__proto__":{"a":1}}'])('%s is JSON', (text) => {
  expect(reason(text)).toBeNull();
});
