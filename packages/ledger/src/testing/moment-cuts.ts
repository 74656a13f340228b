/**
 * What an audit and a backup rely on while slots move (docs/adr/0033), asked of a history that is over: the buckets as they were at a moment are made again from their logs,
 * each by its own clock. Where every slot has somebody to speak for it, what these say of the moment is the whole ledger, once; and whoever has the slots at a later moment
 * says the same of the earlier one.
 */
import { invariant, SlotSet, type AccountNumber, type AmountMinor } from '@mas/values';
import {
  addedSums,
  changeBy,
  countedSlots,
  differingParts,
  emptyBucket,
  entryMoments,
  Ledger,
  MemoryRows,
  MomentAudit,
  SlotCover,
  type AccountRow,
  type Holder,
  type LegRow,
  type MomentReport,
} from '../index';
import { homeOf, SLOTS_PER_LETTER, slotOf } from './builders';
import { ACCOUNTS_PER_BUCKET, LETTERS } from './model-payments';
import type { TestBucket } from './test-bucket';

/** Of the moments at which slots changed hands; each costs two replays of all logs. */
const MAX_CUTS = 3;
const ACCOUNTS = LETTERS.length * ACCOUNTS_PER_BUCKET;

/** A bucket as it was. */
interface Past {
  readonly ledger: Ledger;
  readonly rows: MemoryRows;
}

interface Share {
  readonly past: Past;
  readonly slots: SlotSet;
}

/** @param seen is told what there was to be checked */
export function checkCuts(buckets: readonly TestBucket[], seen: Set<string>): void {
  const all = buckets.flatMap(changesOfHands).sort((a, b) => a - b);
  const chosen = all.filter((_, at) => at % Math.max(1, Math.ceil(all.length / MAX_CUTS)) === 0).flatMap((us) => [us - 1, us]);
  for (const [at, us] of chosen.entries()) checkCut(buckets, us, chosen[at + 3] ?? Number.MAX_SAFE_INTEGER, seen);
}

function checkCut(buckets: readonly TestBucket[], us: number, laterUs: number, seen: Set<string>): void {
  const pasts = buckets.map((bucket) => pastOf(bucket, us));
  const cover = coverOf(pasts, buckets);
  invariant(cover.ownedTwice().size === 0, 'at one moment a slot has at most one owner', { us });
  if (cover.missing().common(slotsOf(buckets)).size > 0) return void seen.add('nobody speaks');
  const shares = pasts.map((past) => ({ past, slots: cover.of(past.ledger.meta().bucket) }));
  const whole = reportOf(shares, shares, us);
  seen.add('whole');
  if (cover.countedTwice().size > 0) return void seen.add('counted twice');
  checkLater(buckets, shares, whole, us, laterUs, seen);
}

/** As an audit reads: what a bucket has given away meanwhile is read where it is now. */
function checkLater(buckets: readonly TestBucket[], shares: readonly Share[], whole: string, us: number, laterUs: number, seen: Set<string>): void {
  const later = buckets.map((bucket) => pastOf(bucket, laterUs));
  const cover = coverOf(later, buckets);
  const asked = later.map((past, at) => ({ past, wanted: shares[at]?.slots ?? SlotSet.NONE, counted: countedSlots(past.ledger.meta()) }));
  const gone = asked.reduce((sum, { wanted, counted }) => sum.with(wanted.without(counted)), SlotSet.NONE);
  if (cover.missing().common(slotsOf(buckets)).size > 0) return void seen.add('nobody speaks later');
  if (gone.common(slotsOf(buckets)).size > 0) seen.add('followed');
  const stayed = asked.map(({ past, wanted, counted }) => ({ past, slots: wanted.common(counted) }));
  const followed = later.map((past) => ({ past, slots: gone.common(cover.of(past.ledger.meta().bucket)) }));
  const homes = later.map((past) => ({ past, slots: cover.of(past.ledger.meta().bucket) }));
  const found = reportOf([...stayed, ...followed], homes, us);
  invariant(found === whole, 'a later state says the same of the moment', { us, laterUs, found, whole });
}

/** @returns all that is said of the moment, of all shares together */
function reportOf(shares: readonly Share[], homes: readonly Share[], us: number): string {
  const reports: MomentReport[] = [];
  const accounts: AccountNumber[] = [];
  for (const { past, slots } of shares) {
    const asOf = new MomentAudit({ us, timesSinceUs: 0, fromUs: 0, parts: null });
    for (const row of past.rows.sortedAccounts()) {
      if (!slots.has(row.slot)) continue;
      const legs = [...(past.rows.legs.get(row.number)?.values() ?? [])];
      for (const leg of legs) asOf.addLeg(leg);
      asOf.endAccount(row, openingOf(row, legs));
      accounts.push(row.number);
    }
    for (const leg of asOf.takeUnanswered()) {
      const home = homes.find((one) => one.slots.has(leg.homeSlot));
      const recorded = home?.past.rows.outcome(leg.key);
      if (recorded?.txn === leg.txn && recorded.decision.kind === 'committed') asOf.addDecidedLeg(leg, recorded.decision.commitUs ?? 0);
    }
    for (const row of past.rows.sortedOutcomes()) if (slots.has(row.slot)) asOf.addOutcome(row);
    reports.push(asOf.finish(0));
  }
  invariant(accounts.length === ACCOUNTS && new Set(accounts).size === ACCOUNTS, 'every account is there once', { us, accounts: accounts.sort().join(' ') });
  const sum = (of: (report: MomentReport) => ReadonlyMap<string, AmountMinor>): AmountMinor =>
    reports.flatMap((report) => [...of(report).values()]).reduce((total, one) => total + one, 0n);
  const [issued, balances] = [sum((report) => report.issued), sum((report) => report.balances)];
  invariant(issued === balances, 'balances at a moment are the money issued', { us, issued, balances });
  const [legs, decided] = [addedSums(reports.map(({ legSums }) => legSums)), addedSums(reports.map(({ decidedSums }) => decidedSums))];
  invariant(differingParts(legs, decided).length === 0, 'legs at a moment are what homes have decided by then', { us });
  return JSON.stringify([`${issued}`, reports.reduce((total, report) => total + report.legs, 0), Buffer.from(legs).toString('base64')]);
}

function openingOf({ balanceMinor }: AccountRow, legs: readonly LegRow[]): AmountMinor {
  return legs.reduce((opening, leg) => (leg.state === 'committed' ? opening - changeBy(leg) : opening), balanceMinor);
}

/** As its rows were once everything up to the moment was applied, and nothing behind. */
function pastOf(bucket: TestBucket, us: number): Past {
  const past = beginning(bucket);
  for (const [at, entry] of bucket.entries.entries()) {
    if (past.ledger.momentUs > 0 && entryMoments(entry, past.ledger).lastUs > us) break;
    past.ledger.apply(entry, past.rows, at + 1);
  }
  return past;
}

function changesOfHands(bucket: TestBucket): readonly number[] {
  const { ledger, rows } = beginning(bucket);
  const moments: number[] = [];
  for (const [at, entry] of bucket.entries.entries()) {
    const before = [ledger.slots, ledger.moves.departing.length];
    ledger.apply(entry, rows, at + 1);
    if (at > 0 && (ledger.slots !== before[0] || ledger.moves.departing.length !== before[1])) moments.push(ledger.momentUs);
  }
  return moments;
}

function beginning(bucket: TestBucket): Past {
  const nothing = { prepared: [], openAuthorizations: [], undelivered: [], locks: [] };
  return { ledger: new Ledger(emptyBucket(bucket.ledger.meta().bucket), nothing, slotOf, homeOf), rows: new MemoryRows() };
}

function coverOf(pasts: readonly Past[], buckets: readonly TestBucket[]): SlotCover {
  invariant(pasts.length === buckets.length, 'all buckets are asked');
  return new SlotCover(pasts.map(({ ledger }): Holder => ({ bucket: ledger.meta().bucket, holdings: ledger.meta() })));
}

/** That the model has; the others are nobody's. */
function slotsOf(buckets: readonly TestBucket[]): SlotSet {
  return SlotSet.where((at) => at < buckets.length * SLOTS_PER_LETTER);
}
