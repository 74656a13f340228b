/**
 * Legs that are prepared in the cut. A payment whose home has recorded a decision by then is in the backup: its legs are told when the restored cluster runs, as after a power cut.
 * One without a decision is not in it: its legs, and what they hold, are left out (docs/adr/0028).
 */
import type { LegEffect, LegRow, OutcomeRow } from '@mas/ledger';
import type { AccountNumber, AmountMinor, PaymentKey, TxnId } from '@mas/values';

/** So many may be under way at a time; each is kept in memory. */
export const MAX_PREPARED = 500_000;

/** As far as leaving it out needs it. */
export interface UndecidedLeg {
  readonly txn: TxnId;
  readonly effect: LegEffect;
  readonly amountMinor: AmountMinor;
  /** Of the authorization or original on the same account that it builds on. */
  readonly reference: TxnId | null;
}

export type UndecidedLegs = ReadonlyMap<AccountNumber, readonly UndecidedLeg[]>;

interface Prepared {
  /** Without its body. */
  readonly leg: LegRow;
  readonly reference: TxnId | null;
  decision: OutcomeRow['decision'] | null;
}

export class PreparedLegs {
  private readonly byKey = new Map<PaymentKey, Prepared[]>();
  private count = 0;

  /** @returns false: there are too many */
  add(leg: LegRow): boolean {
    this.count += 1;
    const prepared: Prepared = { leg: { ...leg, body: null }, reference: leg.body?.reference?.txn ?? null, decision: null };
    const ofPayment = this.byKey.get(leg.key);
    if (ofPayment === undefined) this.byKey.set(leg.key, [prepared]);
    else ofPayment.push(prepared);
    return this.count <= MAX_PREPARED;
  }

  decided({ key, txn, decision }: OutcomeRow): void {
    for (const prepared of this.byKey.get(key) ?? []) if (prepared.leg.txn === txn) prepared.decision = decision;
  }

  /** With the commit time of each. */
  *committed(): Iterable<{ readonly leg: LegRow; readonly commitUs: number }> {
    for (const { leg, decision } of this.all()) if (decision?.kind === 'committed') yield { leg, commitUs: decision.commitUs ?? 0 };
  }

  get decidedCount(): number {
    return [...this.all()].filter(({ decision }) => decision !== null).length;
  }

  undecided(): UndecidedLegs {
    const byAccount = new Map<AccountNumber, UndecidedLeg[]>();
    for (const { leg, reference, decision } of this.all()) {
      if (decision !== null) continue;
      const undecided = { txn: leg.txn, effect: leg.spec.effect, amountMinor: leg.spec.amountMinor, reference };
      const ofAccount = byAccount.get(leg.account);
      if (ofAccount === undefined) byAccount.set(leg.account, [undecided]);
      else ofAccount.push(undecided);
    }
    return byAccount;
  }

  private *all(): Iterable<Prepared> {
    for (const ofPayment of this.byKey.values()) yield* ofPayment;
  }
}
