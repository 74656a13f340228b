/** Account numbers that live in a bucket of the test's choice. */
import { slotOfAccount, type PlacementIndex } from '@mas/placement';
import { accountNumber } from '@mas/values';

const MAX_TRIES = 100_000;

/** `count` numbers that begin with `prefix` and live in `bucket`. */
export function numbersIn(placement: PlacementIndex, bucket: number, prefix: string, count: number): readonly string[] {
  const found: string[] = [];
  for (let at = 1; found.length < count && at < MAX_TRIES; at += 1) {
    const candidate = `${prefix}${at}`;
    if (placement.bucketOf(slotOfAccount(accountNumber(candidate))) === bucket) found.push(candidate);
  }
  if (found.length < count) throw new Error(`no ${count} numbers with prefix ${prefix} in bucket ${bucket}`);
  return found;
}

export function numberIn(placement: PlacementIndex, bucket: number, prefix: string): string {
  const [number] = numbersIn(placement, bucket, prefix, 1);
  if (number === undefined) throw new Error('unreachable');
  return number;
}
