/**
 * What a bucket's rows say of one moment T (docs/adr/0021): the money in it, every leg with a commit time up to T, and every decision that a home has recorded
 * up to T. From rows of any later state the same comes out, so replicas and buckets are compared as of T, however far each has come since.
 */
import type { AmountMinor, Currency, TxnId } from '@mas/values';
import { directionOf } from './leg-effect';
import { LegSums, partOfTxn, TextSums, type MomentLeg } from './moment-sums';
import type { AccountRow, LegRow, OutcomeRow } from './rows';

/** A listing goes into one message. */
export const MAX_LISTED_LEGS = 4_000;

export interface LegListing {
  readonly legs: readonly MomentLeg[];
  readonly decided: readonly MomentLeg[];
  /** There are more than a listing takes. */
  readonly isCut: boolean;
}

export interface MomentReport {
  readonly momentUs: number;
  readonly accounts: number;
  readonly legs: number;
  readonly decidedLegs: number;
  readonly issued: ReadonlyMap<Currency, AmountMinor>;
  readonly balances: ReadonlyMap<Currency, AmountMinor>;
  /** Over accounts, with what each was opened with. */
  readonly accountSum: string;
  /** Per part of the payments: legs in this bucket, and legs anywhere of what this bucket has decided as a home. */
  readonly legSums: Uint8Array;
  readonly decidedSums: Uint8Array;
  readonly listing: LegListing | null;
}

export class MomentAudit {
  private readonly issued = new Map<Currency, AmountMinor>();
  private readonly balances = new Map<Currency, AmountMinor>();
  private readonly accountSum = new TextSums();
  private readonly legSums = new LegSums();
  private readonly decidedSums = new LegSums();
  private readonly legs: MomentLeg[] = [];
  private readonly decided: MomentLeg[] = [];
  private isCut = false;
  private accountCount = 0;
  private legCount = 0;
  private decidedCount = 0;
  /** Of the account whose legs come now: what legs behind the moment have changed. */
  private laterMinor: AmountMinor = 0n;
  private readonly unanswered: LegRow[] = [];

  /**
   * @param timesSinceUs commit times up to here count as none: while buckets took up moments a payment's home may have had none to give, or its leg none to keep
   * @param parts of the payments whose legs are listed; null: none
   */
  constructor(
    private readonly momentUs: number,
    private readonly timesSinceUs: number,
    private readonly parts: ReadonlySet<number> | null,
  ) {}

  /** Of the account that endAccount names next. */
  addLeg(leg: LegRow): void {
    if (leg.state === 'aborted') return;
    if (leg.state === 'prepared') {
      if ((leg.preparedUs ?? 0) <= this.momentUs) this.unanswered.push({ ...leg, body: null });
    } else if ((leg.commitUs ?? 0) <= this.momentUs) this.count(leg, leg.commitUs);
    else this.laterMinor += changeBy(leg);
  }

  /** Behind its last leg. @param openingMinor what its journal begins with */
  endAccount(row: AccountRow, openingMinor: AmountMinor): void {
    if ((row.createdUs ?? row.createdAtMs * 1000) <= this.momentUs) {
      this.accountCount += 1;
      add(this.issued, row.currency, openingMinor);
      add(this.balances, row.currency, row.balanceMinor - this.laterMinor);
      this.accountSum.add(`${row.number} ${row.currency} ${openingMinor.toString()} ${row.createdUs ?? row.createdAtMs * 1000}`);
    }
    this.laterMinor = 0n;
  }

  /** Prepared by the moment, as the rows have it: each is asked for at its home, closed at the moment. */
  takeUnanswered(): readonly LegRow[] {
    return this.unanswered.splice(0);
  }

  /** The home of an unanswered leg says that it is committed. */
  addDecidedLeg(leg: LegRow, commitUs: number): void {
    if (commitUs > this.momentUs) return;
    this.count(leg, commitUs);
    add(this.balances, leg.spec.currency, changeBy(leg));
  }

  addOutcome({ txn, body, decision }: OutcomeRow): void {
    if (decision.kind !== 'committed' || (decision.commitUs ?? 0) > this.momentUs) return;
    for (const { account, effect, amountMinor } of body.legs) {
      const leg = { txn, account, effect, amountMinor, commitUs: this.timeOf(decision.commitUs) };
      this.decidedCount += 1;
      this.decidedSums.add(leg);
      if (this.isListed(txn)) this.list(this.decided, leg);
    }
  }

  finish(): MomentReport {
    const { momentUs, issued, balances, legs, decided, isCut } = this;
    return {
      momentUs,
      accounts: this.accountCount,
      legs: this.legCount,
      decidedLegs: this.decidedCount,
      issued,
      balances,
      accountSum: this.accountSum.hex(),
      legSums: this.legSums.bytes(),
      decidedSums: this.decidedSums.bytes(),
      listing: this.parts === null ? null : { legs, decided, isCut },
    };
  }

  private count({ txn, account, spec: { effect, amountMinor } }: LegRow, commitUs: number | null): void {
    const leg = { txn, account, effect, amountMinor, commitUs: this.timeOf(commitUs) };
    this.legCount += 1;
    this.legSums.add(leg);
    if (this.isListed(txn)) this.list(this.legs, leg);
  }

  private timeOf(commitUs: number | null): number | null {
    return commitUs === null || commitUs <= this.timesSinceUs ? null : commitUs;
  }

  private isListed(txn: TxnId): boolean {
    return this.parts?.has(partOfTxn(txn)) === true;
  }

  private list(to: MomentLeg[], leg: MomentLeg): void {
    if (this.legs.length + this.decided.length < MAX_LISTED_LEGS) to.push(leg);
    else this.isCut = true;
  }
}

function changeBy({ spec }: LegRow): AmountMinor {
  return BigInt(directionOf(spec.effect)) * spec.amountMinor;
}

function add(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}
