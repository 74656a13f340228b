/** `npm start` is started many times on the same data, and people do things with its accounts in between: each show has its own. */
import { genesisPlacement, PlacementIndex, slotOfAccount } from '@mas/placement';
import { accountNumber, rmId } from '@mas/values';
import { namesInDifferentBuckets } from './show';

test('the first show has the bare names', () => {
  expect(namesInDifferentBuckets(1)).toEqual(['alice', 'carol', 'erin']);
});

test('three hundred shows: each has an account in every bucket, and none has an account of another', () => {
  const map = new PlacementIndex(
    genesisPlacement(
      [1, 2, 3].map((id) => ({ rm: rmId(id), address: '' })),
      3,
      3,
    ),
  );
  const seen = new Set<string>();
  for (let show = 1; show <= 300; show += 1) {
    const numbers = namesInDifferentBuckets(show);
    expect(new Set(numbers.map((number) => map.bucketOf(slotOfAccount(accountNumber(number))))).size).toBe(3);
    for (const number of numbers) seen.add(number);
  }
  expect(seen.size).toBe(900);
});
