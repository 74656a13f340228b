/** Which accounts a payment of the load goes from and to: uniform or one hot receiver, across buckets or within one. */
import { slotOfAccount, type PlacementIndex } from '@mas/placement';
import type { PaymentInput } from '@mas/client';
import { accountNumber, present, type BucketId, type SeededRandom } from '@mas/values';

export interface Mix {
  readonly name: string;
  readonly receiver: 'uniform' | 'hot';
  /** Share of payments whose accounts are in different buckets, 0 … 1. */
  readonly crossShare: number;
}

export const UNIFORM: Mix = { name: 'uniform, across buckets', receiver: 'uniform', crossShare: 1 };
export const MIXED: Mix = { name: 'two thirds across buckets', receiver: 'uniform', crossShare: 2 / 3 };

/** Where a load's next payment comes from. */
export interface PaymentSource {
  next(mix: Mix): PaymentInput;
}

export class PaymentLoad implements PaymentSource {
  private readonly byBucket: readonly (readonly string[])[];
  private made = 0;

  constructor(
    accounts: readonly string[],
    placement: PlacementIndex,
    private readonly random: SeededRandom,
    private readonly run: string,
  ) {
    const groups = new Map<BucketId, string[]>();
    for (const account of accounts) {
      const bucket = placement.bucketOf(slotOfAccount(accountNumber(account)));
      const group = groups.get(bucket);
      if (group === undefined) groups.set(bucket, [account]);
      else group.push(account);
    }
    this.byBucket = [...groups.values()];
  }

  next(mix: Mix): PaymentInput {
    const cross = this.random.unit() < mix.crossShare && this.byBucket.length > 1;
    const toBucket = mix.receiver === 'hot' ? 0 : this.random.below(this.byBucket.length);
    const to = mix.receiver === 'hot' ? present(this.byBucket[0]?.[0], 'hot account') : this.pick(toBucket);
    const fromBucket = cross ? (toBucket + 1 + this.random.below(this.byBucket.length - 1)) % this.byBucket.length : toBucket;
    let from = this.pick(fromBucket);
    while (from === to) from = this.pick(fromBucket);
    this.made += 1;
    return { id: `{${from}}${this.run}-${this.made.toString(36)}`, from, to, amount: { minor: 1n } };
  }

  private pick(bucket: number): string {
    const accounts = present(this.byBucket[bucket], 'bucket');
    return present(accounts[this.random.below(accounts.length)], 'account');
  }
}
