/** Which of some prepared legs their homes have decided to commit. */
import type { LegRow } from '@mas/ledger';
import { present } from '@mas/values';
import type { AsOf, HomeQuerier, HomesSilent } from '../homes/home-querier';

export interface Decided {
  readonly leg: LegRow;
  /** Null: its home had no commit time to give. */
  readonly commitUs: number | null;
}

/** A leg that is not named has no commit time up to the moment, and never will; as of now it was not decided before the question either. */
export async function decidedOf(homes: HomeQuerier, prepared: readonly LegRow[], asOf: AsOf): Promise<readonly Decided[] | HomesSilent> {
  if (prepared.length === 0) return [];
  const verdicts = await homes.ask(prepared, asOf);
  const decided: Decided[] = [];
  let silent: HomesSilent | null = null;
  for (const [at, leg] of prepared.entries()) {
    const verdict = present(verdicts[at], 'verdict');
    if (verdict.kind === 'committed') decided.push({ leg, commitUs: verdict.commitUs });
    if (verdict.kind !== 'unreachable') continue;
    if (verdict.noQuorum !== null) return { kind: 'home-without-quorum', ...verdict.noQuorum };
    silent ??= { kind: 'unavailable', reason: verdict.reason };
  }
  return silent ?? decided;
}
