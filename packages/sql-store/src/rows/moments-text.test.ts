/** Moments in the text of rows: as offsets of a few digits; a row without any is, byte for byte, what it was before there were moments. */
import type { BucketMeta, LegRow, OutcomeRow } from '@mas/ledger';
import { accountNumber, bucketId } from '@mas/values';
import { account, key, leg, meta, outcome, txn } from '@mas/testkit/applied-store';
import { loadRows } from '../sql-dialect';
import { ACCOUNT_TEXT } from './account-text';
import { LocalRows } from './load-lines';
import { bucketMeta, metaColumns } from './meta-values';
import { OUTCOME_TEXT } from './outcome-text';
import { PAYMENT_TEXT } from './payment-text';
import type { TableText } from './table-text';

/** The last column but `body`, or the last. */
function columnOf<Row>(text: TableText<Row>, row: Row, column: string): string | undefined {
  const writer = loadRows({ table: text.table, leading: {}, keyColumns: ['slot', ...text.keyColumns], columns: text.columns });
  writer.startRow();
  text.write(row, writer);
  writer.endRow();
  const [rows] = writer.take().parameters;
  if (!(rows instanceof LocalRows)) throw new Error('rows go as lines');
  const at = ['slot', ...text.keyColumns, ...text.columns].indexOf(column);
  return Buffer.from(rows.bytes)
    .toString('latin1')
    .trimEnd()
    .split(/(?<!\\)\t/)[at];
}

const without = { preparedUs: null, commitUs: null };
const decided = (commitUs: number | null): Partial<OutcomeRow> => ({ decision: { kind: 'committed', atMs: 1_700_000_000_002, commitUs } });
const forced = [{ operator: 'issuer|eve', askedAtMs: 9, txn: txn(8) }];

test.each<[string, LegRow, string]>([
  ['none', leg('abc', 5, without), '[2,"abc",3516,"USD",["account"],1700000000006,1,null,null,"0","0"]'],
  [
    'none, aborted',
    leg('abc', 5, { ...without, state: 'aborted', reason: { name: 'CANCELLED', account: null, facts: {} }, journal: null }),
    '[2,"abc",3516,"USD",["account"],1700000000006,null,["CANCELLED",null,[]],null,"0","0"]',
  ],
  ['both', leg('abc', 5), '[2,"abc",3516,"USD",["account"],1700000000006,1,null,null,"0","0",7,493]'],
  ['of a promise', leg('abc', 5, { state: 'prepared', endedAtMs: null, journal: null }), '[2,"abc",3516,"USD",["account"],null,null,null,null,"0","0",7,null]'],
  ['of the decision alone', leg('abc', 5, { preparedUs: null }), '[2,"abc",3516,"USD",["account"],1700000000006,1,null,null,"0","0",null,500]'],
])('a leg, %s', (_, row, text) => {
  expect(columnOf(PAYMENT_TEXT, row, 'detail')).toBe(text);
});

test.each<[string, OutcomeRow, string]>([
  ['none', outcome(key('abc', 'x'), decided(null)), '[2,["operator","issuer|operator"],null,[["abc","900",2]],[]]'],
  [
    'none, forced',
    outcome(key('abc', 'x'), { ...decided(null), forced }),
    `[2,["operator","issuer|operator"],null,[["abc","900",2]],[],[["issuer|eve",9,"${txn(8)}"]]]`,
  ],
  [
    'aborted',
    outcome(key('abc', 'x'), { decision: { kind: 'aborted', atMs: 4, reason: { name: 'CANCELLED', account: null, facts: {} } } }),
    '[2,["operator","issuer|operator"],["CANCELLED",null,[]],[["abc","900",2]],[]]',
  ],
  ['a commit time', outcome(key('abc', 'x')), '[2,["operator","issuer|operator"],null,[["abc","900",2]],[],[],999]'],
  [
    'a commit time, forced',
    outcome(key('abc', 'x'), { forced }),
    `[2,["operator","issuer|operator"],null,[["abc","900",2]],[],[["issuer|eve",9,"${txn(8)}"]],999]`,
  ],
])('an outcome, %s', (_, row, text) => {
  expect(columnOf(OUTCOME_TEXT, row, 'detail')).toBe(text);
});

test('an account', () => {
  expect([account('abc'), account('abc', { createdUs: null })].map((row) => columnOf(ACCOUNT_TEXT, row, 'created_us'))).toEqual(['1700000000000123', '\\N']);
});

test('a bucket', () => {
  const bucket = bucketId(1);
  const of = (changes: Partial<BucketMeta>): BucketMeta =>
    meta(bucket, { policy: null, slots: [], issued: new Map(), totals: new Map(), semanticsVersion: 7, ...changes });
  const told = of({ momentUs: 9, momentsSinceUs: 0 });
  expect(metaColumns(of({ momentUs: 0, momentsSinceUs: 0 })).detail).toBe('[1,null,[],[],[],7]');
  expect(metaColumns(told).detail).toBe('[1,null,[],[],[],7,9,0]');
  expect(bucketMeta({ bucket: 1, ...metaColumns(told) })).toEqual(told);
});

test('a leg’s line differs nowhere else', () => {
  const at = (row: LegRow): readonly (string | undefined)[] =>
    PAYMENT_TEXT.columns.filter((column) => column !== 'detail').map((column) => columnOf(PAYMENT_TEXT, row, column));
  expect(at(leg('abc', 5))).toEqual(at(leg('abc', 5, without)));
  expect(leg('abc', 5).account).toBe(accountNumber('abc'));
});
