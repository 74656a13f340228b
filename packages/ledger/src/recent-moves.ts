/**
 * What has moved the balances of a bucket lately, so that those of a moment that has just passed can be told from those of now. It is a memory
 * of this process, no state that is replicated: a bucket that has just been opened remembers nothing, and who asks too far back is told so.
 */
import type { AccountNumber, AmountMinor, Currency } from '@mas/values';

/** Per bucket; a few seconds of a busy one. A power of two. */
const CAPACITY = 16_384;

export interface Move {
  readonly account: AccountNumber;
  readonly currency: Currency;
  readonly amountMinor: AmountMinor;
  /** Commit time of the payment. */
  readonly commitUs: number;
}

export class RecentMoves {
  private readonly moves: Move[] = [];
  /** Moments at which they were applied, which rise. */
  private readonly appliedUs: number[] = [];
  private count = 0;

  /** @param sinceUs all that is applied behind this moment will be remembered, for as long as there is room */
  constructor(private sinceUs: number) {}

  add(move: Move, appliedUs: number): void {
    const at = this.count % CAPACITY;
    const forgottenUs = this.appliedUs[at];
    if (forgottenUs !== undefined) this.sinceUs = forgottenUs;
    this.moves[at] = move;
    this.appliedUs[at] = appliedUs;
    this.count += 1;
  }

  /** All that moved at commit times behind `us`, newest first; null where they are no longer known. A commit time never lies behind the moment at which it is applied. */
  behind(us: number): readonly Move[] | null {
    if (us < this.sinceUs) return null;
    const found: Move[] = [];
    for (let n = this.count - 1; n >= 0 && n >= this.count - CAPACITY; n -= 1) {
      const at = n % CAPACITY;
      if ((this.appliedUs[at] ?? 0) <= us) break;
      const move = this.moves[at];
      if (move !== undefined && move.commitUs > us) found.push(move);
    }
    return found;
  }
}
