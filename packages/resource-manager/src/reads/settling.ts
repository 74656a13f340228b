/**
 * A hold for a read at one instant: new instructions are held back, what is under way ends first (for at most half of
 * the hold), and then there is stillness for the other half, in which the reader's collections can agree.
 */
import { delay, type AccountNumber, type Clock } from '@mas/values';
import type { DelayGate } from './delay-gate';

const POLL_MS = 10;

/** Resolves when nothing is under way any more, or half of the hold is over. */
export async function holdAndSettle(gate: DelayGate, clock: Clock, accounts: readonly AccountNumber[] | null, holdMs: number, underWay: () => boolean): Promise<void> {
  const release = gate.hold(accounts, holdMs);
  const untilMs = clock.monotonicMs() + holdMs / 2;
  while (clock.monotonicMs() + POLL_MS <= untilMs && underWay()) await delay(clock, POLL_MS);
  gate.hold(accounts, holdMs / 2);
  release();
}
