/** What a read of a circle is judged by, and that payments stay within their circles. */
import { describe, expect, it } from '@jest/globals';
import { genesisPlacement, PlacementIndex, slotOfAccount } from '@mas/placement';
import { accountNumber, rmId, SeededRandom } from '@mas/values';
import { OPENING_MINOR } from '../load/accounts';
import { PaymentLoad, UNIFORM } from '../load/payment-load';
import { circlesOf, hotCircleOf, SharedLoad, wrongIn, type View } from './circle';

const placement = new PlacementIndex(
  genesisPlacement(
    [1, 2, 3].map((rm) => ({ rm: rmId(rm), address: '' })),
    3,
    3,
  ),
);
const numbers = Array.from({ length: 300 }, (_, at) => `bench-${at}`);
const bucketOf = (number: string): number => Number(placement.bucketOf(slotOfAccount(accountNumber(number))));

describe('a read of a circle', () => {
  const read = ['a', 'b'];

  it('is right when its accounts hold what they were opened with, at one moment', () => {
    expect(wrongIn(read, [view('a', OPENING_MINOR - 7n), view('b', OPENING_MINOR + 7n)])).toBeNull();
  });

  it('is wrong when half a payment is seen', () => {
    expect(wrongIn(read, [view('a', OPENING_MINOR - 7n), view('b', OPENING_MINOR)])).toBe('at 5 they hold 1999999993, and 2000000000 was issued');
  });

  it('is wrong when it is of two moments, of none, or of other accounts', () => {
    expect(wrongIn(read, [view('a', OPENING_MINOR), view('b', OPENING_MINOR, 6)])).toContain('not of one moment: 5, 6');
    expect(wrongIn(read, [view('a', OPENING_MINOR, null), view('b', OPENING_MINOR, null)])).toContain('not of one moment');
    for (const views of [[view('a', OPENING_MINOR)], [view('b', OPENING_MINOR), view('a', OPENING_MINOR)]]) expect(wrongIn(read, views)).toContain('asked for');
  });
});

describe('circles', () => {
  it('have as many accounts in each bucket, and none in common', () => {
    const circles = circlesOf(numbers, placement, [36, 63]);
    expect(circles.map((circle) => circle.length)).toEqual([36, 63, 201]);
    expect(new Set(circles.flat()).size).toBe(300);
    for (const [at, size] of [12, 21].entries()) {
      for (const bucket of [1, 2, 3]) expect(circles[at]?.filter((number) => bucketOf(number) === bucket)).toHaveLength(size);
    }
  });

  it('pay only within themselves, the first ones their share', () => {
    const random = new SeededRandom(1);
    const circles = circlesOf(numbers, placement, [36, 63]);
    const load = new SharedLoad(
      circles.map((circle, at) => new PaymentLoad(circle, placement, random.fork(), `run${at}`)),
      0.1,
      random,
    );
    const counts = [0, 0, 0];
    for (let made = 0; made < 2_000; made += 1) {
      const { from = '', to = '' } = load.next(UNIFORM);
      const at = circles.findIndex((circle) => circle.includes(from));
      expect(circles[at]).toContain(to);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const at of [0, 1]) {
      expect(counts[at]).toBeGreaterThan(150);
      expect(counts[at]).toBeLessThan(250);
    }
  });

  it('a hot receiver is paid from all other buckets alike', () => {
    const { hot, senders } = hotCircleOf(numbers.slice(0, 60), placement);
    const others = [1, 2, 3].filter((bucket) => bucket !== bucketOf(hot));
    expect(senders.map(bucketOf)).not.toContain(bucketOf(hot));
    const [some, more] = others.map((bucket) => senders.filter((number) => bucketOf(number) === bucket).length);
    expect(some).toBeGreaterThan(5);
    expect(some).toBe(more);
  });
});

function view(number: string, balanceMinor: bigint, momentUs: number | null = 5): View {
  return { number: accountNumber(number), balanceMinor, momentUs } as View;
}
