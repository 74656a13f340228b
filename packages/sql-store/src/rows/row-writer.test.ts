/** Both forms of bulk rows, byte by byte: what a server would misread, it would misread in somebody's account. */
import { InvariantViolation } from '@mas/values';
import { loadRows, MYSQL, SQLITE } from '../sql-dialect';
import { LocalRows } from './load-lines';
import type { RowWriter } from './row-writer';

const INTO = { table: 't', leading: { bucket: 7 }, keyColumns: ['k'], columns: ['v'] };

function row(writer: RowWriter, write: (to: RowWriter) => void): string {
  writer.startRow();
  write(writer);
  writer.endRow();
  const { sql, parameters } = writer.take();
  const [rows] = parameters;
  return rows instanceof LocalRows ? Buffer.from(rows.bytes).toString('latin1') : sql.replace(/^.* values \(7,/, '').replace(/\) on .*$/, '');
}

const load = (write: (to: RowWriter) => void): string => row(loadRows(INTO), write).replace(/^7\t/, '').replace(/\n$/, '');
const mysql = (write: (to: RowWriter) => void): string => row(MYSQL.upserts(INTO), write);
const sqlite = (write: (to: RowWriter) => void): string => row(SQLITE.upserts(INTO), write);
const hex = (text: string): string => Buffer.from(text, 'utf8').toString('hex');
const latin = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

test.each([0, 1, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 1_000_000_001, 2 ** 31, 2 ** 32 + 5, 10 ** 15, 2 ** 53 - 1])(
  'integer %d, and its negative',
  (value) => {
    expect(load((to) => to.integer(value))).toBe(String(value));
    expect(mysql((to) => to.integer(-value))).toBe(String(value === 0 ? 0 : -value));
  },
);

test.each([0n, -1n, 1_000_000_000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n])(
  'money %s',
  (value) => {
    expect(load((to) => to.money(value))).toBe(value.toString());
    expect(mysql((to) => to.money(value))).toBe(value.toString());
  },
);

test('many integers of every width, against the language', () => {
  const writer = loadRows(INTO);
  const values = Array.from({ length: 600 }, (_, n) => Math.floor(1.0625 ** n) % 2 ** 53);
  expect(row(writer, (to) => values.forEach((value) => to.integer(value)))).toBe(`7\t${values.join('\t')}\n`);
});

test.each([
  ['plain', 'plain', `'plain'`, `'plain'`],
  ['', '', `''`, `''`],
  ['say "x"', 'say "x"', `'say "x"'`, `'say "x"'`],
  [`it's`, `it's`, `x'${hex(`it's`)}'`, `cast(x'${hex(`it's`)}' as text)`],
  ['a\tb\nc\\d\\', 'a\\\tb\\\nc\\\\d\\\\', `x'${hex('a\tb\nc\\d\\')}'`, `cast(x'${hex('a\tb\nc\\d\\')}' as text)`],
  ['\\N', '\\\\N', `x'${hex('\\N')}'`, `cast(x'${hex('\\N')}' as text)`],
  ['é€😀', latin('é€😀'), `x'${hex('é€😀')}'`, `cast(x'${hex('é€😀')}' as text)`],
  ['a\0b', 'a\0b', `x'610062'`, `x'610062'`],
  ['😀\t', `${latin('😀')}\\\t`, `x'${hex('😀\t')}'`, `cast(x'${hex('😀\t')}' as text)`],
])('text %j', (text, asLine, asMysql, asSqlite) => {
  const write = (to: RowWriter): void => to.text(text, 100, 'text');
  expect(load(write)).toBe(asLine);
  expect(mysql(write)).toBe(asMysql);
  expect(sqlite(write)).toBe(asSqlite);
});

test.each(['plain', `it's`, 'a"b', 'back\\slash', '\t\n\0', 'é😀', ''])('JSON string %j within a text', (text) => {
  const write = (to: RowWriter): void => {
    to.beginText();
    to.part('[1,');
    to.jsonText(text);
    to.part(']');
    to.endText();
  };
  const json = JSON.stringify([1, text]);
  expect(load(write)).toBe(latin(json).replace(/[\t\n\\]/g, '\\$&'));
  const plain = mysql((to) => to.text(json, 100, 'json'));
  expect(mysql(write)).toBe(plain);
});

test('nothing, and byte strings; bytes that are separators are escaped', () => {
  expect(load((to) => (to.none(), to.byteString('00090a5cff')))).toBe('\\N\t\0\\\t\\\n\\\\\xff');
  const all = Buffer.from(Array.from({ length: 256 }, (_, n) => n)).toString('hex');
  expect(load((to) => to.byteString(all))).toBe(
    Buffer.from(all, 'hex')
      .toString('latin1')
      .replace(/[\t\n\\]/g, '\\$&'),
  );
  expect(mysql((to) => (to.none(), to.byteString('00090a5cff')))).toBe(`null,x'00090a5cff'`);
});

test('byte arrays, also views; bytes that are separators are escaped', () => {
  const view = Buffer.from('ee00090a5cffee', 'hex').subarray(1, 6);
  expect(load((to) => (to.byteArray(view), to.none()))).toBe('\0\\\t\\\n\\\\\xff\t\\N');
  expect(mysql((to) => (to.byteArray(view), to.none()))).toBe(`x'00090a5cff',null`);
  expect(load((to) => to.byteArray(new Uint8Array(10_000).fill(9)))).toBe('\\\t'.repeat(10_000));
});

test.each(['0g', '00zz00', 'é0', '0', '000', `0'`])('%j is no byte string', (text) => {
  for (const form of [load, mysql]) expect(() => form((to) => to.byteString(text))).toThrow(InvariantViolation);
});

test('a text that is too long is refused, counted in bytes', () => {
  expect(load((to) => to.text('é'.repeat(5), 10, 'owner'))).toBe(latin('ééééé'));
  for (const form of [load, mysql]) expect(() => form((to) => to.text('é'.repeat(6), 10, 'owner'))).toThrow(/owner has at most 10 bytes/);
});

test('what is no safe integer is refused', () => {
  for (const value of [1.5, NaN, Infinity, 2 ** 53]) expect(() => load((to) => to.integer(value))).toThrow(InvariantViolation);
});

test.each([
  ['many short rows', 'x', 4_000, 0],
  ['few long rows', 'x'.repeat(10_000), 0, 1024 * 1024],
])('a file of %s ends with the row that reaches its bound', (_what, text, rows, bytes) => {
  const writer = loadRows(INTO);
  let before = 0;
  while (!writer.isFull) {
    before = writer.byteCount;
    writer.startRow();
    writer.text(text, 10_000, 'text');
    writer.endRow();
  }
  expect(writer.rowCount >= rows && writer.byteCount >= bytes).toBe(true);
  expect(writer.rowCount <= 4_000 && before < 1024 * 1024).toBe(true);
});

test('rows far larger than the first buffer, over several statements, with nothing lost between them', () => {
  const writer = loadRows(INTO);
  const texts = Array.from({ length: 1_500 }, (_, n) => `${n}:${'x'.repeat((n * 37) % 5_000)}\n`);
  let seen = '';
  let statements = 0;
  const take = (): void => {
    const [rows] = writer.take().parameters;
    if (rows instanceof LocalRows) seen += Buffer.from(rows.bytes).toString('latin1');
    statements += 1;
  };
  for (const text of texts) {
    writer.startRow();
    writer.text(text, 10_000, 'text');
    writer.endRow();
    if (writer.isFull) take();
  }
  take();
  expect(statements).toBeGreaterThan(2);
  expect(seen).toBe(texts.map((text) => `7\t${text.replace('\n', '\\\n')}\n`).join(''));
});
