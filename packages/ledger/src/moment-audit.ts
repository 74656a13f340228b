/**
 * What a bucket's rows say of one moment T (docs/adr/0021): the money in it, every leg with a commit time up to T, and every decision that a home has recorded
 * up to T. From rows of any later state the same comes out, so replicas and buckets are compared as of T, however far each has come since.
 *
 * What was found for an earlier moment need not be read again: fed with all accounts, but only with the legs and outcomes that may have changed since (`laterMs` of that
 * report), it reports what came after it, and `withEarlier` adds the two.
 */
import type { AmountMinor, Currency, TxnId } from '@mas/values';
import { directionOf } from './leg-effect';
import { addedSums, addedTextSums, LegSums, partOfTxn, TextSums, type MomentLeg } from './moment-sums';
import type { AccountRow, LegRow, OutcomeRow } from './rows';

/** A listing goes into one message. */
export const MAX_LISTED_LEGS = 4_000;

export interface LegListing {
  readonly legs: readonly MomentLeg[];
  readonly decided: readonly MomentLeg[];
  /** There are more than a listing takes. */
  readonly isCut: boolean;
}

export interface MomentTerms {
  readonly us: number;
  /** Commit times up to here count as none: while buckets took up moments a payment's home may have had none to give, or its leg none to keep. */
  readonly timesSinceUs: number;
  /** What has come up to here is in an earlier report; 0: there is none. */
  readonly fromUs: number;
  /** Of the payments whose legs are listed; null: none. */
  readonly parts: ReadonlySet<number> | null;
}

export interface MomentReport {
  readonly momentUs: number;
  readonly fromUs: number;
  /** Of legs and outcomes whose stamps (when promised, when decided) are earlier, only legs that are pinned can change, or count, behind this moment. */
  readonly laterMs: number;
  readonly accounts: number;
  readonly legs: number;
  readonly decidedLegs: number;
  readonly issued: ReadonlyMap<Currency, AmountMinor>;
  readonly balances: ReadonlyMap<Currency, AmountMinor>;
  /** By how much balances have risen by what is counted here. */
  readonly moved: ReadonlyMap<Currency, AmountMinor>;
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
  private readonly moved = new Map<Currency, AmountMinor>();
  private laterMs = Number.MAX_SAFE_INTEGER;
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

  constructor(private readonly terms: MomentTerms) {}

  /** Of the account that endAccount names next. */
  addLeg(leg: LegRow): void {
    if (leg.state === 'aborted') return;
    const { us } = this.terms;
    if (leg.state === 'committed' && (leg.commitUs ?? 0) <= us) return this.count(leg, leg.commitUs);
    this.laterMs = Math.min(this.laterMs, leg.preparedAtMs);
    if (leg.state === 'committed') this.laterMinor += changeBy(leg);
    else if ((leg.preparedUs ?? 0) <= us) this.unanswered.push({ ...leg, body: null });
  }

  /** Behind its last leg. @param openingMinor what its journal begins with; not looked at where an earlier report has it */
  endAccount(row: AccountRow, openingMinor: AmountMinor): void {
    const createdUs = row.createdUs ?? row.createdAtMs * 1000;
    const { us, fromUs } = this.terms;
    if (createdUs <= us) add(this.balances, row.currency, row.balanceMinor - this.laterMinor);
    if (createdUs <= us && createdUs > fromUs) {
      this.accountCount += 1;
      add(this.issued, row.currency, openingMinor);
      add(this.moved, row.currency, openingMinor);
      this.accountSum.add(`${row.number} ${row.currency} ${openingMinor.toString()} ${createdUs}`);
    }
    this.laterMinor = 0n;
  }

  /** Prepared by the moment, as the rows have it: each is asked for at its home, closed at the moment. */
  takeUnanswered(): readonly LegRow[] {
    return this.unanswered.splice(0);
  }

  /** The home of an unanswered leg says that it is committed. */
  addDecidedLeg(leg: LegRow, commitUs: number): void {
    if (commitUs > this.terms.us) return;
    this.count(leg, commitUs);
    add(this.balances, leg.spec.currency, changeBy(leg));
  }

  addOutcome({ txn, body, decision }: OutcomeRow): void {
    if (decision.kind !== 'committed') return;
    const commitUs = decision.commitUs ?? 0;
    if (commitUs > this.terms.us) this.laterMs = Math.min(this.laterMs, decision.atMs);
    if (!this.isCounted(commitUs)) return;
    for (const { account, effect, amountMinor } of body.legs) {
      const leg = { txn, account, effect, amountMinor, commitUs: this.timeOf(decision.commitUs) };
      this.decidedCount += 1;
      this.decidedSums.add(leg);
      if (this.isListed(txn)) this.list(this.decided, leg);
    }
  }

  /** @param stampMs of the bucket where its rows were read */
  finish(stampMs: number): MomentReport {
    const { terms, issued, balances, moved, legs, decided, isCut } = this;
    return {
      momentUs: terms.us,
      fromUs: terms.fromUs,
      laterMs: Math.min(this.laterMs, stampMs),
      accounts: this.accountCount,
      legs: this.legCount,
      decidedLegs: this.decidedCount,
      issued,
      balances,
      moved,
      accountSum: this.accountSum.hex(),
      legSums: this.legSums.bytes(),
      decidedSums: this.decidedSums.bytes(),
      listing: terms.parts === null ? null : { legs, decided, isCut },
    };
  }

  private count(row: LegRow, commitUs: number | null): void {
    if (!this.isCounted(commitUs ?? 0)) return;
    const { txn, account, spec } = row;
    const leg = { txn, account, effect: spec.effect, amountMinor: spec.amountMinor, commitUs: this.timeOf(commitUs) };
    this.legCount += 1;
    add(this.moved, spec.currency, changeBy(row));
    this.legSums.add(leg);
    if (this.isListed(txn)) this.list(this.legs, leg);
  }

  private isCounted(commitUs: number): boolean {
    const { us, fromUs } = this.terms;
    return commitUs <= us && (commitUs > fromUs || fromUs === 0);
  }

  private timeOf(commitUs: number | null): number | null {
    return commitUs === null || commitUs <= this.terms.timesSinceUs ? null : commitUs;
  }

  private isListed(txn: TxnId): boolean {
    return this.terms.parts?.has(partOfTxn(txn)) === true;
  }

  private list(to: MomentLeg[], leg: MomentLeg): void {
    if (this.legs.length + this.decided.length < MAX_LISTED_LEGS) to.push(leg);
    else this.isCut = true;
  }
}

/** All up to the later moment. */
export function withEarlier(earlier: MomentReport, later: MomentReport): MomentReport {
  return {
    ...later,
    fromUs: earlier.fromUs,
    accounts: earlier.accounts + later.accounts,
    legs: earlier.legs + later.legs,
    decidedLegs: earlier.decidedLegs + later.decidedLegs,
    issued: addedMoney(earlier.issued, later.issued),
    moved: addedMoney(earlier.moved, later.moved),
    accountSum: addedTextSums(earlier.accountSum, later.accountSum),
    legSums: addedSums([earlier.legSums, later.legSums]),
    decidedSums: addedSums([earlier.decidedSums, later.decidedSums]),
  };
}

function addedMoney(one: ReadonlyMap<Currency, AmountMinor>, other: ReadonlyMap<Currency, AmountMinor>): ReadonlyMap<Currency, AmountMinor> {
  const sums = new Map(one);
  for (const [currency, amountMinor] of other) add(sums, currency, amountMinor);
  return sums;
}

/** Of the balance, by a committed leg. */
export function changeBy({ spec }: Pick<LegRow, 'spec'>): AmountMinor {
  return BigInt(directionOf(spec.effect)) * spec.amountMinor;
}

function add(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}
