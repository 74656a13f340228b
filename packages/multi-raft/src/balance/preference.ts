/**
 * Who should lead which group, so that leaders are spread evenly while everybody is up, and the groups of a process
 * that is down are spread evenly over the others as well. Every process computes the same order.
 */
import type { BucketId, RmId } from '@mas/values';

/**
 * The group's number picks one of the permutations of the voters: its remainder by n the first choice, what is left
 * of it by n−1 the second, and so on. Consecutive groups so have all first choices equally often, and among those
 * with one first choice all second choices equally often.
 */
export function spreadEvenly(group: BucketId, voters: readonly RmId[]): readonly RmId[] {
  const left = [...voters].sort((a, b) => a - b);
  const order: RmId[] = [];
  let digits: number = group;
  while (left.length > 0) {
    order.push(...left.splice(digits % left.length, 1));
    digits = Math.floor(digits / (left.length + 1));
  }
  return order;
}
