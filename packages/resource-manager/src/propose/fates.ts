/** What becomes of instructions that are answered together: never a claim that is not certain. */
import { joinedOutcome, type Outcome } from '@mas/ledger';
import type { ParticipantFailure } from '@mas/two-phase-commit';
import type { Fate } from './submission';

/**
 * The failure that answers for all of them; null: all are applied. Where it met some only, others have been applied, and only `unknown` says so
 * without a lie: the sender asks again.
 */
export function failureOf(fates: readonly Fate[]): ParticipantFailure | null {
  let failure: ParticipantFailure | null = null;
  let isAnyApplied = false;
  for (const fate of fates) {
    if (fate.kind === 'applied') isAnyApplied = true;
    else if (failure === null || fate.kind === 'unknown') failure = fate;
  }
  if (failure === null || !isAnyApplied || failure.kind === 'unknown') return failure;
  return { kind: 'unknown', reason: `some instructions of the request failed: ${failure.kind}` };
}

/** One fate each for instructions that went as so many parts: as if they had gone whole. */
export function joinedFates(fates: readonly Fate[], parts: readonly number[]): readonly Fate[] {
  let next = 0;
  return parts.map((count) => {
    const own = fates.slice(next, next + count);
    next += count;
    const [only] = own;
    if (count === 1 && only !== undefined) return only;
    return failureOf(own) ?? { kind: 'applied', outcome: joinedOutcome(own.flatMap(outcomeOf)) };
  });
}

function outcomeOf(fate: Fate): readonly Outcome[] {
  return fate.kind === 'applied' ? [fate.outcome] : [];
}
