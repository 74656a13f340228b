/** The accounts of a run: spread over the buckets on purpose, rich and poor ones, and a closed circle of one currency. */
import { slotOfAccount, type PlacementIndex } from '@mas/placement';
import { accountNumber, currency, MAX_AMOUNT_MINOR, type AccountNumber, type AmountMinor, type BucketId, type Currency, type Slot } from '@mas/values';

export const USD = currency('USD');
export const EUR = currency('EUR');

export interface PlannedAccount {
  readonly number: AccountNumber;
  readonly bucket: BucketId;
  readonly currency: Currency;
  readonly openingMinor: AmountMinor;
  readonly minimumMinor: AmountMinor;
}

const OPENINGS: readonly AmountMinor[] = [100_000n, 20_000n, 1_500n];
/** The poor ones have a minimum as well: they come down to it often. */
const MINIMUMS: readonly AmountMinor[] = [0n, 10n, 100n];

/** `perBucket` accounts in each bucket, all of one currency: money stays within the circle. */
export function plannedAccounts(placement: PlacementIndex, buckets: readonly BucketId[], perBucket: number): readonly PlannedAccount[] {
  const planned: PlannedAccount[] = [];
  for (const bucket of buckets) {
    for (let i = 0; i < perBucket; i += 1) {
      planned.push({
        number: numberIn(placement, bucket, `a${bucket}${'xyzuvw'[i] ?? i}`),
        bucket,
        currency: USD,
        openingMinor: OPENINGS[i % OPENINGS.length] ?? 100_000n,
        minimumMinor: MINIMUMS[i % MINIMUMS.length] ?? 0n,
      });
    }
  }
  return planned;
}

/** One in each of the first two buckets that may go as deep as there is: sums on them reach both ends of 64 bits. Kept apart, or all money would flow there. */
export function deepAccounts(placement: PlacementIndex, buckets: readonly BucketId[]): readonly PlannedAccount[] {
  return buckets
    .slice(0, 2)
    .map((bucket) => ({ number: numberIn(placement, bucket, `deep${bucket}`), bucket, currency: USD, openingMinor: 0n, minimumMinor: -MAX_AMOUNT_MINOR - 1n }));
}

/** @param bucket that has slots */
export function numberIn(placement: PlacementIndex, bucket: BucketId, label: string): AccountNumber {
  return numberWhere((slot) => placement.bucketOf(slot) === bucket, label);
}

/** @param isWanted some slot is */
export function numberWhere(isWanted: (slot: Slot) => boolean, label: string): AccountNumber {
  for (let i = 0; ; i += 1) {
    const number = accountNumber(`${label}-${i}`);
    if (isWanted(slotOfAccount(number))) return number;
  }
}
