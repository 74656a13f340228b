/** Accounts that pay only each other: read at one moment, whichever it is, they hold together what they were opened with. */
import { slotOfAccount, type PlacementIndex } from '@mas/placement';
import type { MasClient, PaymentInput } from '@mas/client';
import { accountNumber, present, type BucketId, type SeededRandom } from '@mas/values';
import { OPENING_MINOR } from '../load/accounts';
import type { Mix, PaymentSource } from '../load/payment-load';

export type View = Awaited<ReturnType<MasClient['getAccounts']>>[number];

export interface HotCircle {
  readonly hot: string;
  readonly senders: readonly string[];
}

/** One circle of each size, with as many accounts in each bucket; the last one has all that are left. */
export function circlesOf(numbers: readonly string[], placement: PlacementIndex, sizes: readonly number[]): readonly (readonly string[])[] {
  const buckets = bucketsOf(numbers, placement).map((group) => [...group]);
  const circles = sizes.map((size) => buckets.flatMap((group) => group.splice(0, Math.floor(size / buckets.length))));
  return [...circles, buckets.flat()];
}

/** A hot receiver, and as many who pay it in each of the other buckets. */
export function hotCircleOf(numbers: readonly string[], placement: PlacementIndex): HotCircle {
  const [own = [], ...others] = bucketsOf(numbers, placement);
  const size = Math.min(...others.map((group) => group.length));
  if (!(size > 0)) throw new RangeError('a hot receiver is paid from other buckets');
  return { hot: present(own[0], 'hot account'), senders: others.flatMap((group) => group.slice(0, size)) };
}

/** @returns what is wrong with a read of all accounts of a circle; null: nothing */
export function wrongIn(numbers: readonly string[], views: readonly View[]): string | null {
  const stray = numbers.findIndex((number, at) => views[at]?.number !== number);
  if (stray >= 0 || views.length !== numbers.length) return `${numbers.length} accounts were asked for, and ${views.length} answered, not all of them the same`;
  const moments = new Set(views.map(({ momentUs }) => momentUs));
  if (moments.size !== 1 || moments.has(null)) return `the balances are not of one moment: ${[...moments].map(String).join(', ')}`;
  const sumMinor = views.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n);
  const issuedMinor = BigInt(numbers.length) * OPENING_MINOR;
  return sumMinor === issuedMinor ? null : `at ${[...moments].join('')} they hold ${sumMinor}, and ${issuedMinor} was issued`;
}

/** Each payment is one of a circle's; the last one has those that are no other one's. */
export class SharedLoad implements PaymentSource {
  /** @param share of each circle but the last */
  constructor(
    private readonly circles: readonly PaymentSource[],
    private readonly share: number,
    private readonly random: Pick<SeededRandom, 'unit'>,
  ) {}

  next(mix: Mix): PaymentInput {
    const at = Math.min(this.circles.length - 1, Math.floor(this.random.unit() / this.share));
    return present(this.circles[at], 'circle').next(mix);
  }
}

function bucketsOf(numbers: readonly string[], placement: PlacementIndex): readonly (readonly string[])[] {
  const groups = new Map<BucketId, string[]>();
  for (const number of numbers) {
    const bucket = placement.bucketOf(slotOfAccount(accountNumber(number)));
    groups.set(bucket, [...(groups.get(bucket) ?? []), number]);
  }
  return [...groups.values()];
}
