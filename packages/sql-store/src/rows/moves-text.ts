/** What a bucket keeps of slots that move (docs/adr/0029), in the JSON of its meta row. */
import type { Arrival, Departure, Handover, MovedSums, SlotMoves } from '@mas/ledger';
import { bucketId, type SlotRange } from '@mas/values';
import { asArray, asInt, asSlot } from './raw-values';
import { coldTotals, warmTotals } from './totals-text';

export function isWithoutMoves({ seqBase, moved, departing, arriving }: SlotMoves): boolean {
  return seqBase === 0 && moved.length === 0 && departing.length === 0 && arriving.length === 0;
}

export function coldMoves({ seqBase, moved, departing, arriving }: SlotMoves): readonly unknown[] {
  return [
    seqBase,
    moved.map(({ from, to, move }) => [from, to, move]),
    departing.map(({ move, slots, to, handover }) => [move, slots.from, slots.to, to, coldHandover(handover)]),
    arriving.map(({ move, slots, from, attempt, parts, sums }) => [move, slots.from, slots.to, from, attempt, parts, coldSums(sums)]),
  ];
}

export function warmMoves(value: unknown): SlotMoves {
  const [seqBase, moved, departing, arriving] = asArray(value, 'moves of slots');
  return {
    seqBase: asInt(seqBase, 'base of seqs'),
    moved: asArray(moved, 'moved slots').map((each) => {
      const [from, to, move] = asArray(each, 'moved slots');
      return { ...range(from, to), move: asInt(move, 'move') };
    }),
    departing: asArray(departing, 'departures').map(departure),
    arriving: asArray(arriving, 'arrivals').map(arrival),
  };
}

function departure(value: unknown): Departure {
  const [move, from, to, bucket, handover] = asArray(value, 'departure');
  return { move: asInt(move, 'move'), slots: range(from, to), to: bucketId(asInt(bucket, 'bucket')), handover: warmHandover(handover) };
}

function arrival(value: unknown): Arrival {
  const [move, from, to, bucket, attempt, parts, sums] = asArray(value, 'arrival');
  return {
    move: asInt(move, 'move'),
    slots: range(from, to),
    from: bucketId(asInt(bucket, 'bucket')),
    attempt: asInt(attempt, 'attempt'),
    parts: asInt(parts, 'parts'),
    sums: warmSums(sums),
  };
}

function range(from: unknown, to: unknown): SlotRange {
  return { from: asSlot(from), to: asSlot(to) };
}

function coldHandover({ lockSeq, momentUs, momentsSinceUs, lastSeq, semanticsVersion, policyVersion }: Handover): readonly number[] {
  return [lockSeq, momentUs, momentsSinceUs, lastSeq, semanticsVersion, policyVersion];
}

function warmHandover(value: unknown): Handover {
  const [lockSeq, momentUs, momentsSinceUs, lastSeq, semanticsVersion, policyVersion] = asArray(value, 'handover').map((each) => asInt(each, 'handover'));
  return {
    lockSeq: asInt(lockSeq, 'lock seq'),
    momentUs: asInt(momentUs, 'moment'),
    momentsSinceUs: asInt(momentsSinceUs, 'first moment'),
    lastSeq: asInt(lastSeq, 'last seq'),
    semanticsVersion: asInt(semanticsVersion, 'semantics version'),
    policyVersion: asInt(policyVersion, 'policy version'),
  };
}

function coldSums({ accounts, legs, outcomes, locks, balances, openings }: MovedSums): readonly unknown[] {
  return [accounts, legs, outcomes, locks, coldTotals(balances), coldTotals(openings)];
}

function warmSums(value: unknown): MovedSums {
  const [accounts, legs, outcomes, locks, balances, openings] = asArray(value, 'sums of a move');
  return {
    accounts: asInt(accounts, 'accounts'),
    legs: asInt(legs, 'legs'),
    outcomes: asInt(outcomes, 'outcomes'),
    locks: asInt(locks, 'locks'),
    balances: warmTotals(balances),
    openings: warmTotals(openings),
  };
}
