/** A file of payments is right as a whole, or nothing of it is paid; its results are read back, and those of another file never taken for its own. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../usage-error';
import { readPaymentFile, type PaymentRow } from './payment-file';
import { ResultsFile, type PaymentOutcome } from './results-file';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mas-payments-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function read(content: string | Buffer): readonly PaymentRow[] {
  const path = join(folder, 'payments.csv');
  writeFileSync(path, content);
  return readPaymentFile(path, 'USD');
}

test('columns in any order, quotes, a byte order mark, empty lines; an id for each line, of this content alone', () => {
  const content = '\ufeffto,amount,from,memo,currency\r\nbob, 12.50 ,alice,"rent, ""May""",\r\n\r\nbob,7,alice,,JPY\r\n';
  const rows = read(content);
  expect(rows).toMatchObject([
    { line: 2, from: 'alice', to: 'bob', amount: '12.50', currency: 'USD', memo: 'rent, "May"' },
    { line: 4, from: 'alice', to: 'bob', amount: '7', currency: 'JPY', memo: '' },
  ]);
  expect(rows.map(({ id }) => id)).toEqual([expect.stringMatching(/^\{alice\}file-[0-9a-f]{32}-2$/), expect.stringMatching(/^\{alice\}file-[0-9a-f]{32}-4$/)]);
  expect(read(content)).toEqual(rows);
  expect(read(`${content}\n`)[0]?.id).not.toBe(rows[0]?.id);
});

test.each([
  ['', /first line|no payments/],
  ['from,to,amount\n', /no payments/],
  ['from,to\na,b\n', /expected from,to,amount/],
  ['from,to,amount,id\na,b,1,x\n', /expected from,to,amount/],
  ['from,to,amount,amount\na,b,1,2\n', /each once/],
  ['from;to;amount\na;b;1\n', /expected from,to,amount/],
  ['from,to,amount\na,b,1,2\n', /line 2/],
  ['from,to,amount\na,b,"1\n', /quote/i],
  ['from,to,amount\na,b,1\na,,1\nb,c,ten\n', /line 3: "" is no account number; line 4: "ten" is no amount of USD \(AMOUNT_NOT_A_DECIMAL\)/],
  ['from,to,amount\na,b,1.005\n', /AMOUNT_TOO_PRECISE/],
  ['from,to,amount\na,b,-1\n', /not more than nothing/],
  ['from,to,amount\na,b,0.00\n', /not more than nothing/],
  ['from,to,amount,currency\na,b,1,usd\n', /"usd" is no currency/],
  [`from,to,amount\n${'a,b,x\n'.repeat(25)}`, /; and 15 more$/],
  [Buffer.from([0x66, 0xff, 0x0a]), /not UTF-8/],
])('%p: nothing is paid', (content, text) => {
  expect(() => read(content)).toThrow(UsageError);
  expect(() => read(content)).toThrow(text);
});

test('a file that is not there, or a folder', () => {
  expect(() => readPaymentFile(join(folder, 'none.csv'), 'USD')).toThrow(/cannot read .*none\.csv/);
  expect(() => readPaymentFile(folder, 'USD')).toThrow(/cannot read/);
});

function outcome(row: PaymentRow | undefined, state: PaymentOutcome['state'], reason = ''): PaymentOutcome {
  return { row: row as PaymentRow, state, reason, at: '2026-01-01T00:00:00.000Z', txn: 'ab' };
}

test('results: final ones are not asked for again, others are; a line that was cut off counts as not written', () => {
  const rows = read('from,to,amount\na,b,1\na,b,2\na,b,3\na,b,4\n');
  const path = join(folder, 'results.csv');
  const first = ResultsFile.open(path, rows);
  first.add([outcome(rows[2], 'COMMITTED'), outcome(rows[1], 'UNKNOWN', 'no answer, "yet"')]);
  first.add([outcome(rows[0], 'ABORTED', '=A1')]);
  appendFileSync(path, '5,a,b,4,USD,COMMI');
  const second = ResultsFile.open(path, rows);
  expect(second.openRows()).toEqual([rows[1], rows[3]]);
  expect(readFileSync(path, 'utf8')).not.toContain('COMMI\n');
  second.add([outcome(rows[1], 'REFUSED'), outcome(rows[3], 'COMMITTED')]);
  second.finish();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => line.split(',')[0])).toEqual(['line', '2', '3', '4', '5']);
  expect(lines[1]).toContain(",ABORTED,'=A1,");
  expect(ResultsFile.open(path, rows).openRows()).toEqual([rows[1]]);
});

test('results of another content, and files that are no results, are refused and left as they are', () => {
  const path = join(folder, 'results.csv');
  const before = read('from,to,amount\na,b,1\n');
  ResultsFile.open(path, before).add([outcome(before[0], 'COMMITTED')]);
  const kept = readFileSync(path, 'utf8');
  expect(() => ResultsFile.open(path, read('from,to,amount\na,b,1\na,b,2\n'))).toThrow(/results of other payments/);
  expect(readFileSync(path, 'utf8')).toBe(kept);
  for (const other of ['from,to,amount\na,b,1\n', 'dear diary\n', 'no line', '']) {
    writeFileSync(path, other);
    expect(() => ResultsFile.open(path, before)).toThrow(/no file of results/);
    expect(readFileSync(path, 'utf8')).toBe(other);
  }
});
