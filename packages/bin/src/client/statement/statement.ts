/**
 * An account's statement: what it had, every payment that moved its money, what it has, as of one moment. Movements stand in the one order of all payments,
 * by commit time (docs/adr/0021). Opening and closing balance are read apart from the movements, and a statement that does not add up is none.
 */
import type { AmountMinor, Currency } from '@mas/values';

/** `opened`: what the account was created with. */
export type MovementKind = 'payment' | 'capture' | 'refund' | 'opened';

export interface Movement {
  /** Microseconds since the Unix epoch; null: of before the cluster had commit times. */
  readonly commitUs: number | null;
  /** The bucket's time of it, for those without a commit time. */
  readonly atMs: number;
  readonly kind: MovementKind;
  /** The payment's id; '' of an opening. */
  readonly payment: string;
  readonly txn: string;
  /** What it gave the account, or took from it. */
  readonly amountMinor: AmountMinor;
  readonly counterparties: readonly string[];
  readonly memo: string;
  /** Place in the account's journal, which orders what has no commit time. */
  readonly journalSeq: number;
}

export interface StatementLine extends Omit<Movement, 'journalSeq'> {
  readonly balanceMinor: AmountMinor;
}

export interface Statement {
  readonly account: string;
  readonly owner: string;
  readonly currency: Currency;
  /** The moment that the opening balance is of; movements lie behind it. Null: from the account's beginning. */
  readonly openingUs: number | null;
  readonly openingMinor: AmountMinor;
  readonly movements: readonly StatementLine[];
  /** The moment that the closing balance is of; movements lie up to it. */
  readonly closingUs: number;
  readonly closingMinor: AmountMinor;
}

/** Opening balance and movements do not make up the closing balance: something is missing or wrong, and nothing is shown. */
export class StatementDoesNotAddUp extends Error {
  readonly kind = 'statement-does-not-add-up';

  constructor(
    readonly account: string,
    readonly computedMinor: AmountMinor,
    readonly closingMinor: AmountMinor,
  ) {
    super(
      `the statement of ${account} does not add up: opening balance and movements make ${computedMinor} minor units, the closing balance is ${closingMinor}`,
    );
    this.name = 'StatementDoesNotAddUp';
  }
}

/** @param movements in any order. @throws StatementDoesNotAddUp */
export function statementOf(frame: Omit<Statement, 'movements'>, movements: readonly Movement[]): Statement {
  let balanceMinor = frame.openingMinor;
  const lines = [...movements].sort(inOrder).map(({ journalSeq: _, ...movement }): StatementLine => {
    balanceMinor += movement.amountMinor;
    return { ...movement, balanceMinor };
  });
  if (balanceMinor !== frame.closingMinor) throw new StatementDoesNotAddUp(frame.account, balanceMinor, frame.closingMinor);
  return { ...frame, movements: lines };
}

/** By commit time, and by transaction where two have the same; those without one came before all that have one, in the journal's order. */
function inOrder(a: Movement, b: Movement): number {
  if (a.kind === 'opened' || b.kind === 'opened') return a.kind === b.kind ? 0 : a.kind === 'opened' ? -1 : 1;
  if (a.commitUs === null || b.commitUs === null) return a.commitUs === b.commitUs ? a.journalSeq - b.journalSeq : a.commitUs === null ? -1 : 1;
  return a.commitUs - b.commitUs || (a.txn < b.txn ? -1 : 1);
}
