/**
 * An account's statement: what it had, every payment that moved its money, what it has, as of one moment. Movements stand in the one order of all payments,
 * by commit time (docs/adr/0021). Opening and closing balance are read apart from the movements, and a statement that does not add up is none.
 */
import { NoStatement } from './no-statement';

/** Which movements a statement has. Moments are whole microseconds since the Unix epoch. */
export interface StatementPeriod {
  /** The first moment that belongs to it; absent or null: the account's beginning. */
  readonly fromUs?: number | null;
  /** The first moment behind it; absent or null: all up to now. */
  readonly toUs?: number | null;
}

/** One payment that moved the account's money; or, as the first of an account, what it was opened with. */
export interface StatementLine {
  /** The moment that it counts from, microseconds since the Unix epoch; null: of before the cluster had commit times, or an opening. */
  readonly commitUs: number | null;
  /** The bucket's time of it, for those without a commit time. */
  readonly atMs: number;
  /** `opened`: what the account was created with. */
  readonly kind: 'payment' | 'capture' | 'refund' | 'opened';
  /** The payment's id, as its caller chose it; '' of an opening. */
  readonly payment: string;
  readonly txn: string;
  /** What it gave the account, or, below zero, took from it. */
  readonly amountMinor: bigint;
  /** After it. */
  readonly balanceMinor: bigint;
  /** The other accounts of the payment. */
  readonly counterparties: readonly string[];
  readonly memo: string;
}

/** What an account had, what moved its money, what it has, as of one moment. */
export interface Statement {
  readonly account: string;
  readonly owner: string;
  readonly currency: string;
  /** The moment that the opening balance is of; movements lie behind it. Null: from the account's beginning. */
  readonly openingUs: number | null;
  readonly openingMinor: bigint;
  /** By commit time; opening balance and movements add up to the closing balance. */
  readonly movements: readonly StatementLine[];
  /** The moment that the closing balance is of; movements lie up to it. */
  readonly closingUs: number;
  readonly closingMinor: bigint;
}

export interface UnorderedLine extends Omit<StatementLine, 'balanceMinor'> {
  /** Place in the account's journal, which orders what has no commit time. */
  readonly journalSeq: number;
}

/** @param movements in any order. @throws NoStatement where they do not add up: something is missing or wrong, and nothing is shown */
export function statementOf<Frame extends Omit<Statement, 'movements'>>(
  frame: Frame,
  movements: readonly UnorderedLine[],
): Frame & { readonly movements: readonly StatementLine[] } {
  let balanceMinor = frame.openingMinor;
  const lines = [...movements].sort(inOrder).map(({ journalSeq: _, ...movement }): StatementLine => {
    balanceMinor += movement.amountMinor;
    return { ...movement, balanceMinor };
  });
  if (balanceMinor !== frame.closingMinor) throw doesNotAddUp(frame, balanceMinor);
  return { ...frame, movements: lines };
}

function doesNotAddUp({ account, closingMinor }: Omit<Statement, 'movements'>, computedMinor: bigint): NoStatement {
  const message = `the statement of ${account} does not add up: opening balance and movements make ${computedMinor} minor units, the closing balance is ${closingMinor}`;
  const facts = { account, computedMinor: String(computedMinor), closingMinor: String(closingMinor) };
  return new NoStatement('internal', 'STATEMENT_DOES_NOT_ADD_UP', message, { facts });
}

/** By commit time, and by transaction where two have the same; those without one came before all that have one, in the journal's order. */
function inOrder(a: UnorderedLine, b: UnorderedLine): number {
  if (a.kind === 'opened' || b.kind === 'opened') return a.kind === b.kind ? 0 : a.kind === 'opened' ? -1 : 1;
  if (a.commitUs === null || b.commitUs === null) return a.commitUs === b.commitUs ? a.journalSeq - b.journalSeq : a.commitUs === null ? -1 : 1;
  return a.commitUs - b.commitUs || (a.txn < b.txn ? -1 : 1);
}
