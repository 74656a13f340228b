/** What the operator sets and apply reads: it enters every bucket as an entry, so that all replicas agree on it at every index. */
import type { AmountMinor } from '@mas/values';

export interface Policy {
  /** Rises with every change; a bucket ignores one that is not newer. */
  readonly version: number;
  /**
   * `any`, or a template in which `d` stands for a digit and every other character for itself:
   * `dddd-dddd-dddd-dddd` is the card-number form.
   */
  readonly numberPattern: string;
  /** Minor units that must remain on an account that has no minimum of its own. */
  readonly minimumBalanceMinor: AmountMinor;
  /** The largest amount of one leg. */
  readonly maximumAmountMinor: AmountMinor;
}
