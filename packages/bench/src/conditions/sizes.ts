/** What a payment costs where more and more accounts are: caches of rows, filters of ids and the tables grow with them. */
import type { ScenarioResult } from '../load/payment-scenario';
import type { WarmUp } from '../load/warm-up';
import type { Ground } from './ground';

export interface SizeFigures {
  readonly accounts: number;
  /** Of those that were added for this size. */
  readonly createdPerSecond: number;
  readonly warmUp: WarmUp;
  readonly result: ScenarioResult;
}

export interface SizesFigures {
  readonly sizes: readonly SizeFigures[];
  /** Not measured: more than was asked for. */
  readonly leftOut: readonly number[];
}

export const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const SETTLE_MS = 1_000;

export async function sizesOfLedgers(ground: Ground, accountsUpTo: number): Promise<SizesFigures> {
  const client = ground.client();
  const sizes: SizeFigures[] = [];
  for (const accounts of SIZES.filter((size) => size <= accountsUpTo)) {
    const createdPerSecond = await ground.growTo(accounts, client);
    const load = await ground.load(client);
    const warmUp = await ground.warmUp(client, load);
    const result = await ground.batches(client, load, `${accounts} accounts`, SETTLE_MS);
    sizes.push({ accounts, createdPerSecond, warmUp, result });
  }
  return { sizes, leftOut: SIZES.filter((size) => size > accountsUpTo) };
}
