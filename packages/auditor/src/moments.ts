/**
 * The order of payments by commit time, from rows alone: each payment has one commit time, everywhere the same and behind its promises; it is
 * an order in which no account was ever below its minimum, and in which what was answered comes before what was begun later at the same bucket.
 */
import type { BucketMeta, LegRow, OutcomeRow } from '@mas/ledger';
import type { PaymentKey, Slot, TxnId } from '@mas/values';
import { show, type Decisions } from './decisions';
import type { FinalState } from './final-rows';
import type { Findings } from './findings';
import type { History, PaymentHistory } from './history';
import { SIGN } from './money';
import { meet, type SlotPlaces } from './slot-places';

/** Buckets of earlier versions give no moments. */
const FIRST_VERSION = 8;

interface Payment {
  readonly key: PaymentKey;
  readonly commitUs: number;
  /** Where it was decided. */
  readonly home: readonly string[];
  /** Where its legs were promised. */
  readonly legs: readonly string[];
  readonly startMs: number;
  /** First answer COMMITTED; infinite without one. */
  readonly ackMs: number;
}

export interface MomentsEvidence {
  readonly state: FinalState;
  readonly history: History;
  readonly decisions: Decisions;
  readonly places: SlotPlaces;
}

export function auditMoments({ state, history, decisions, places }: MomentsEvidence, findings: Findings): void {
  const legs = legsWithMeta(state);
  const payments: Payment[] = [];
  for (const { meta, outcomes } of state.buckets) {
    for (const outcome of outcomes) {
      if (outcome.decision.kind !== 'committed' || outcome.body.legs.length === 0) continue;
      const { commitUs, atMs } = outcome.decision;
      if (commitUs === null)
        findings.expect(!hasMoments(meta, atMs), 'every payment has a moment', () => `${show(outcome.key)} was decided at ${atMs} without a commit time`);
      else {
        const times = timesOf(history.payments.get(outcome.key));
        const decidedMs = decisions.get(outcome.key)?.firstMs ?? Infinity;
        const home = places.of(outcome.slot, decidedMs, decidedMs);
        const own = legs.get(outcome.txn) ?? [];
        auditLegs(outcome, commitUs, (slot) => meet(home, places.of(slot, decidedMs, decidedMs)), own, findings);
        const ofLegs = own.flatMap(({ leg }) => places.of(leg.slot, Math.min(times.startMs, decidedMs), decidedMs));
        payments.push({ key: outcome.key, commitUs, home, legs: ofLegs, ...times });
      }
    }
  }
  auditAccounts(state, history, findings);
  auditRealTime(payments, findings);
}

interface PlacedLeg {
  readonly leg: LegRow;
  readonly meta: BucketMeta | null;
}

function legsWithMeta(state: FinalState): ReadonlyMap<TxnId, readonly PlacedLeg[]> {
  const placed = new Map<TxnId, PlacedLeg[]>();
  for (const { meta, legs } of state.buckets) {
    for (const leg of legs) {
      const known = placed.get(leg.txn);
      if (known === undefined) placed.set(leg.txn, [{ leg, meta }]);
      else known.push({ leg, meta });
    }
  }
  return placed;
}

/** From the millisecond behind the one in which the bucket's moments began. */
function hasMoments(meta: BucketMeta | null, atMs: number): boolean {
  return meta !== null && meta.semanticsVersion >= FIRST_VERSION && atMs * 1_000 > meta.momentsSinceUs;
}

/** @param isHome whether a slot was with the home when it decided */
function auditLegs(outcome: OutcomeRow, commitUs: number, isHome: (slot: Slot) => boolean, legs: readonly PlacedLeg[], findings: Findings): void {
  for (const { leg, meta } of legs) {
    const name = `${show(outcome.key)} on ${leg.account}`;
    const isEarlier = leg.commitUs === null && !hasMoments(meta, leg.endedAtMs ?? 0);
    findings.expect(
      leg.commitUs === commitUs || isEarlier,
      'one commit time everywhere',
      () => `${name} was committed at ${leg.commitUs}, its home says ${commitUs}`,
    );
    const { preparedUs } = leg;
    const isBehind = preparedUs === null ? !hasMoments(meta, leg.preparedAtMs) : preparedUs < commitUs || (preparedUs === commitUs && isHome(leg.slot));
    findings.expect(isBehind, 'committed behind its promises', () => `${name} was promised at ${preparedUs} and committed at ${commitUs}`);
  }
}

/** Money comes before it is spent. Of legs of before there were moments nothing is known but that they come first. */
function auditAccounts(state: FinalState, history: History, findings: Findings): void {
  for (const { number, openingMinor, minimumMinor } of history.accounts.values()) {
    const moved = (state.legsOf.get(number) ?? []).filter((leg) => leg.journal !== null).sort((a, b) => (a.commitUs ?? 0) - (b.commitUs ?? 0));
    let balance = openingMinor;
    for (const { txn, spec, commitUs } of moved) {
      balance += SIGN[spec.effect] * spec.amountMinor;
      if (commitUs !== null)
        findings.expect(
          balance >= minimumMinor,
          'money comes before it is spent',
          () => `${number}: ${balance} after ${txn.slice(0, 8)} at ${commitUs}, minimum ${minimumMinor}`,
        );
    }
  }
}

/**
 * A payment that had been answered when another one began is earlier, if the other one touches its home: there its decision was applied, and whatever is
 * promised or decided afterwards lies behind. Of buckets that have nothing to do with each other no order in real time is promised.
 */
function auditRealTime(payments: readonly Payment[], findings: Findings): void {
  const answered = new Map<string, readonly Payment[]>();
  for (const place of new Set(payments.flatMap(({ home }) => home))) answered.set(place, highestSoFar(payments.filter(({ home }) => home.includes(place))));
  for (const later of payments) {
    for (const place of new Set([...later.home, ...later.legs])) {
      const earlier = lastAnswered(answered.get(place) ?? [], later.startMs);
      if (earlier === null || earlier.key === later.key) continue;
      findings.expect(
        earlier.commitUs < later.commitUs,
        'moments follow real time',
        () =>
          `${show(earlier.key)} was answered at ${earlier.ackMs.toFixed(1)} and committed at ${earlier.commitUs}, ${show(later.key)} began at ${later.startMs.toFixed(1)} and was committed at ${later.commitUs}`,
      );
    }
  }
}

/** In the order of their answers; of each that has a later commit time before it, that one in its place. */
function highestSoFar(payments: readonly Payment[]): Payment[] {
  const highest: Payment[] = [];
  for (const payment of [...payments].filter(({ ackMs }) => ackMs < Infinity).sort((a, b) => a.ackMs - b.ackMs)) {
    const before = highest.at(-1);
    highest.push(before !== undefined && before.commitUs > payment.commitUs ? { ...before, ackMs: payment.ackMs } : payment);
  }
  return highest;
}

/** A client that heard of the one begins the other at that very moment. */
function lastAnswered(answered: readonly Payment[], startMs: number): Payment | null {
  let [low, high] = [0, answered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((answered[middle]?.ackMs ?? Infinity) <= startMs) low = middle + 1;
    else high = middle;
  }
  return answered[low - 1] ?? null;
}

function timesOf(payment: PaymentHistory | undefined): { readonly startMs: number; readonly ackMs: number } {
  const attempts = payment?.attempts ?? [];
  const acks = attempts.map(({ answer, endMs }) => (answer?.ok === true && answer.value.kind === 'committed' ? (endMs ?? Infinity) : Infinity));
  return { startMs: Math.min(Infinity, ...attempts.map(({ startMs }) => startMs)), ackMs: Math.min(Infinity, ...acks) };
}
