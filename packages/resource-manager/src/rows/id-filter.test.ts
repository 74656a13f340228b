/** "No" is never wrong; "yes" is wrong rarely, and says where to look. */
import { SeededRandom } from '@mas/values';
import { IdFilter } from './id-filter';

/** 64 hexadecimal digits that look random, as a SHA-256 does. */
const txn = (n: number): string => {
  const random = new SeededRandom(n);
  return Array.from({ length: 4 }, () => random.below(0x1_0000_0000).toString(16).padStart(8, '0'))
    .join('')
    .repeat(2);
};
const account = (n: number): string => `acc-${n % 97}`;

test('whatever was added is found, in a range that holds its sequence', () => {
  const filter = new IdFilter(1_000_000, new SeededRandom(1));
  const count = 20_000;
  for (let i = 0; i < count; i += 1) filter.add(account(i), txn(i), i * 4096);
  for (let i = 0; i < count; i += 7) {
    const ranges = filter.lookup(account(i), txn(i));
    expect(ranges.some(({ from, to }) => from <= i * 4096 && i * 4096 <= to)).toBe(true);
  }
  expect(filter.identities).toBe(count);
});

test('a hit names a narrow part of a long history', () => {
  const filter = new IdFilter(1_000_000, new SeededRandom(2));
  for (let i = 0; i < 20_000; i += 1) filter.add('hot', txn(i), i);
  const [range] = filter.lookup('hot', txn(12_000));
  expect(range === undefined ? Infinity : range.to - range.from).toBeLessThan(64);
});

test('fewer than one new identity in a thousand is taken for an old one', () => {
  const filter = new IdFilter(1_000_000, new SeededRandom(3));
  for (let i = 0; i < 30_000; i += 1) filter.add(account(i), txn(i), i);
  let wrong = 0;
  for (let i = 0; i < 30_000; i += 1) if (filter.lookup(account(i), txn(1_000_000 + i)).length > 0) wrong += 1;
  expect(wrong).toBeLessThan(30);
  expect(filter.bytes / filter.identities).toBeLessThan(16);
});

test('ids that count upwards are told apart as well', () => {
  const filter = new IdFilter(1_000_000, new SeededRandom(4));
  for (let i = 0; i < 20_000; i += 1) filter.add('', `shop|till\0order-${i}`, 0);
  let wrong = 0;
  for (let i = 20_000; i < 40_000; i += 1) if (filter.lookup('', `shop|till\0order-${i}`).length > 0) wrong += 1;
  expect(wrong).toBeLessThan(20);
});

test('the same txn on another account of the payment is new there', () => {
  const filter = new IdFilter(1_000, new SeededRandom(5));
  filter.add('a', txn(1), 1);
  expect(filter.lookup('b', txn(1))).toEqual([]);
});

test('beyond its bound the oldest answers become "perhaps", never "no"', () => {
  const filter = new IdFilter(20_000, new SeededRandom(6));
  const count = 50_000;
  for (let i = 0; i < count; i += 1) filter.add('a', txn(i), i);
  for (let i = 0; i < count; i += 101) {
    expect(filter.lookup('a', txn(i)).some(({ from, to }) => from <= i && i <= to)).toBe(true);
  }
});
