/** An account's balance at any moment, computed from its listed legs: another way than the one that reads at a moment take. */
import { directionOf, type LegRow } from '@mas/ledger';
import type { MasClient } from '@mas/client';

const PAGE = 500;

export class History {
  private constructor(
    /** Ascending. */
    private readonly timesUs: readonly number[],
    /** After each of them. */
    private readonly balancesMinor: readonly bigint[],
    private readonly openingMinor: bigint,
  ) {}

  static of(openingMinor: bigint, legs: readonly Pick<LegRow, 'state' | 'commitUs' | 'spec'>[]): History {
    const committed = legs.filter(({ state }) => state === 'committed');
    const moves = committed.map(({ commitUs, spec }) => ({ us: commitUs ?? 0, changeMinor: BigInt(directionOf(spec.effect)) * spec.amountMinor }));
    moves.sort((a, b) => a.us - b.us);
    let balanceMinor = openingMinor;
    return new History(
      moves.map(({ us }) => us),
      moves.map(({ changeMinor }) => (balanceMinor += changeMinor)),
      openingMinor,
    );
  }

  get legs(): number {
    return this.timesUs.length;
  }

  balanceAt(us: number): bigint {
    let [from, until] = [0, this.timesUs.length];
    while (from < until) {
      const middle = (from + until) >> 1;
      if ((this.timesUs[middle] ?? 0) <= us) from = middle + 1;
      else until = middle;
    }
    return this.balancesMinor[from - 1] ?? this.openingMinor;
  }
}

/** All of an account, in the order of their promises. */
export async function listedLegs(client: Pick<MasClient, 'listPayments'>, account: string, onLegs: (legs: number) => void): Promise<readonly LegRow[]> {
  const legs: LegRow[] = [];
  for (let pageToken = ''; ; ) {
    const page = await client.listPayments({ account, direction: 'oldest-first', pageSize: PAGE, pageToken });
    for (const leg of page.legs) legs.push(leg);
    onLegs(legs.length);
    if (page.nextCursor === null) return legs;
    pageToken = page.nextCursor;
  }
}
