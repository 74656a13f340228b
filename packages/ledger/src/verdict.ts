/** What a check answers: pass with the rows it read, or the outcome that stops the instruction. */
import type { AccountNumber } from '@mas/values';
import type { Outcome, UndecidedLeg } from './outcome';
import type { RefusalName } from './refusal';
import type { AccountRow, LegRow } from './rows';

export type Refused = Extract<Outcome, { readonly kind: 'refused' }>;
export type Locked = Extract<Outcome, { readonly kind: 'locked' }>;
export type Wait = Extract<Outcome, { readonly kind: 'wait' }>;

/** Past this line nothing can fail. */
export interface LegPass {
  readonly kind: 'pass';
  readonly account: AccountRow;
  readonly reference: LegRow | null;
}

export type LegVerdict = LegPass | Refused | Wait;
export type LockVerdict = Locked | Refused;

export function pass(account: AccountRow, reference: LegRow | null): LegPass {
  return { kind: 'pass', account, reference };
}

export function refused(name: RefusalName, account: AccountNumber | null, facts: Readonly<Record<string, string>>): Refused {
  return { kind: 'refused', refusal: { name, account, facts } };
}

/** Sorted, because the order of the legs in memory differs between replicas. */
export function waitFor(legs: readonly LegRow[]): Wait {
  const undecided: UndecidedLeg[] = legs.map(({ txn, key, homeSlot, account }) => ({ txn, key, homeSlot, account }));
  return { kind: 'wait', undecided: undecided.sort(byTxn) };
}

/** All of them in one answer, so that one round of questions settles it. */
export function joinWaits(waits: readonly Wait[]): Wait {
  return { kind: 'wait', undecided: waits.flatMap((wait) => wait.undecided) };
}

function byTxn(a: UndecidedLeg, b: UndecidedLeg): number {
  if (a.txn === b.txn) return 0;
  return a.txn < b.txn ? -1 : 1;
}
