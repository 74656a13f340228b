/** An entry comes back as it was, also one that the version before wrote; what cannot be read is as good as absent. */
import { ended, sampleEntry } from '../testing/entry-samples';
import { decodeEntry, encodeEntry, headOf } from './entry-codec';

const entry = ended(sampleEntry(7), 'ABORTED');
/** By the code that wrote version 3, for the sample at hand. */
const version3 = (): string => {
  const { createdAtMs, endedAtMs } = entry;
  const body =
    '["refund",[["alice","refund-debit","9007199254741000","USD"],["bob","credit","9223372036854775807","JPY"]],["alice\\u0000original","' +
    'f'.repeat(64) +
    '"],null,"a \\"memo\\"\\nwith lines, ünïcode and \\u0000"]';
  return `[3,"mas|ops\\u0000payment-7","${'7'.padStart(64, '0')}","tm-1","ABORTED",{"name":"INSUFFICIENT_FUNDS","account":"alice","facts":{"available":"3.00"}},${createdAtMs},${String(endedAtMs)},${body},[[0,1,1]],[[${5 - createdAtMs},0,null,null],[${6 - createdAtMs},4,1,"x"]]]`;
};

test('what is written comes back, and its head by itself', () => {
  const text = encodeEntry(entry);
  expect(decodeEntry(text)).toEqual(entry);
  const { key, coordinator, state, createdAtMs, endedAtMs } = entry;
  expect(headOf(text)).toEqual({ key, coordinator, state, createdAtMs, endedAtMs });
});

test.each([0, 7, 3_600_000_123, -1])('a commit time that is %d µs behind the end is kept as that', (behindUs) => {
  const { endedAtMs } = entry;
  const committed = { ...entry, state: 'COMMITTED' as const, reason: null, commitUs: (endedAtMs ?? 0) * 1_000 + behindUs };
  expect(encodeEntry(committed)).toMatch(new RegExp(`,${behindUs}\\]$`));
  expect(decodeEntry(encodeEntry(committed))).toEqual(committed);
  expect(decodeEntry(encodeEntry({ ...committed, commitUs: null }))).toEqual({ ...committed, commitUs: null });
});

test('the body is the bytes in which it was sealed', () => {
  expect((JSON.parse(encodeEntry(entry)) as unknown[])[8]).toBe(Buffer.from(entry.body.bytes).toString('base64'));
});

test('entries of version 3 are read', () => {
  expect(decodeEntry(version3())).toEqual(entry);
  expect(headOf(version3())).toEqual(headOf(encodeEntry(entry)));
});

test.each([
  ['a version to come', () => encodeEntry(entry).replace('[4,', '[6,')],
  ['a list of steps where few numbers should be', () => encodeEntry(entry).replace('[4,', '[5,')],
  ['version 4 with a body of version 3', () => version3().replace('[3,', '[4,')],
  ['version 3 with a body of version 4', () => encodeEntry(entry).replace('[4,', '[3,')],
  ['half an entry', () => encodeEntry(entry).slice(0, 200)],
  ['a body that ends too early', () => encodeEntry(entry).replace(/"CAUS/, '"CAUSQQ==')],
  ['a body that is none', () => encodeEntry(entry).replace(Buffer.from(entry.body.bytes).toString('base64'), 'AAAA')],
])('%s is as good as absent', (_what, text) => {
  expect(text()).not.toBe(encodeEntry(entry));
  expect(decodeEntry(text())).toBeNull();
});
