/** One reading for every text, wherever it is read; what is printed can be given back. */
import { moment, time } from './output';
import { readMoment, readTime } from './time-argument';

test.each<[string, number]>([
  ['2026-01-31', Date.UTC(2026, 0, 31)],
  ['2028-02-29', Date.UTC(2028, 1, 29)],
  ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
  ['2026-01-31t12:00:00z', Date.UTC(2026, 0, 31, 12)],
  ['2026-01-31T12:00:00', Date.UTC(2026, 0, 31, 12)],
  ['2026-01-31 12:00:00.769', Date.UTC(2026, 0, 31, 12, 0, 0, 769)],
  ['2026-01-31T12:00:00.1239999Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
  ['2026-01-31T12:00:00+01:00', Date.UTC(2026, 0, 31, 11)],
  ['2026-01-31T12:00:00-05:30', Date.UTC(2026, 0, 31, 17, 30)],
  ['1970-01-01T00:00:00Z', 0],
  ['1700000000000', 1_700_000_000_000],
])('%s', (text, atMs) => {
  expect(readTime('--from', text)).toBe(atMs);
});

test.each([
  '',
  '5',
  '1700000000',
  'Jan 5',
  'yesterday',
  '2026',
  '2026-1-31',
  '31.01.2026',
  '2026-01-31T12:00Z',
  '2026-01-31T12Z',
  '2026-01-31Z',
  '20260131T120000Z',
  ' 2026-01-31',
  '2026-01-31T12:00:00 UTC',
  '2026-01-31T12:00:00+0100',
])('"%s" is no time: what is one is said', (text) => {
  expect(() => readTime('--from', text)).toThrow(`--from is "${text}"; expected RFC 3339 or a date`);
});

test.each([
  '2026-02-30',
  '2026-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-01-00',
  '2026-01-31T24:00:00Z',
  '2026-01-31T12:60:00Z',
  '2026-01-31T12:00:60Z',
  '2026-01-31T12:00:00+24:00',
  '2026-01-31T12:00:00+00:60',
  '1969-12-31',
  '0000-01-01',
])('%s is not on any clock that counts here', (text) => {
  expect(() => readTime('--until', text)).toThrow(/^--until is ".*": (there is no such (moment|zone)|it must not be before 1970)/);
});

test('what is printed is in UTC, says so, and can be given back', () => {
  expect(time(1_795_305_132_769)).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.769Z$/);
  expect(readTime('--from', time(1_795_305_132_769))).toBe(1_795_305_132_769);
});

test.each<[string, number]>([
  ['2026-01-31T12:00:00.123456Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123) * 1_000 + 456],
  ['2026-01-31T12:00:00.1234567Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123) * 1_000 + 456],
  ['2026-01-31T12:00:00.1Z', Date.UTC(2026, 0, 31, 12, 0, 0, 100) * 1_000],
  ['2026-01-31T12:00:00.000009+01:00', Date.UTC(2026, 0, 31, 11) * 1_000 + 9],
  ['2026-01-31', Date.UTC(2026, 0, 31) * 1_000],
  ['1700000000123', 1_700_000_000_123_000],
  ['1700000000123456', 1_700_000_000_123_456],
  [moment(1_795_305_132_769_045), 1_795_305_132_769_045],
])('%s as a moment', (text, atUs) => {
  expect(readMoment('--at', text)).toBe(atUs);
});

test('what is no time is no moment', () => {
  expect(() => readMoment('--at', 'yesterday')).toThrow('--at is "yesterday"; expected RFC 3339 or a date');
});
