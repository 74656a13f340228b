/** What an audit compares of buckets and replicas, once all of them have said what they have found. */
import { differingParts, type MomentReport } from '@mas/ledger';
import type { BucketTotals, ReplicaFindings } from '@mas/two-phase-commit';
import { formatAmount, type AmountMinor, type Currency, type SlotSet } from '@mas/values';
import type { AuditReport } from '../coordinator-service';
import type { BucketFindings } from './bucket-audit';

type Check = AuditReport['checks'][number];
type Totals = AuditReport['totals'];
type Sums = ReadonlyMap<Currency, AmountMinor>;

export function sumsOf(all: readonly { readonly issued: Sums; readonly balances: Sums }[]): Totals {
  const currencies = new Set(all.flatMap(({ issued, balances }) => [...issued.keys(), ...balances.keys()]));
  const sum = (sums: readonly Sums[], currency: Currency): AmountMinor => sums.reduce((total, one) => total + (one.get(currency) ?? 0n), 0n);
  return [...currencies].sort().map((currency) => ({
    currency,
    issuedMinor: sum(
      all.map(({ issued }) => issued),
      currency,
    ),
    balancesMinor: sum(
      all.map(({ balances }) => balances),
      currency,
    ),
  }));
}

/** Twice: as leaders keep their sums, and as the rows of a replica of each bucket add up. @param left slots whose rows were not read */
export function conservation(totals: readonly BucketTotals[], sums: Totals, found: readonly BucketFindings[], left: SlotSet): Check {
  const rows = found.flatMap((bucket) => bucket.found[0]?.moment ?? []);
  return {
    name: 'balances of all accounts at one instant equal the money issued',
    count: totals.reduce((sum, bucket) => sum + bucket.accountCount, 0),
    differences: [
      ...notConserved(sums, 'balances add up'),
      ...(rows.length === found.length && left.size === 0 ? notConserved(sumsOf(rows), 'balances in the rows add up') : []),
    ],
  };
}

function notConserved(sums: Totals, what: string): readonly string[] {
  return sums.flatMap(({ currency, issuedMinor, balancesMinor }) =>
    issuedMinor === balancesMinor
      ? []
      : [`Issued ${formatAmount(issuedMinor, currency)} ${currency}, but ${what} to ${formatAmount(balancesMinor, currency)}.`],
  );
}

/** Wherever each replica stands. */
export function replicasAtMoment(found: readonly BucketFindings[]): Check {
  return comparedWithFirst('replicas say the same of the moment', found, 'at the moment', ({ moment }, first) =>
    moment === null || first.moment === null ? [] : differingFacts(moment, first.moment),
  );
}

/** Whole rows, with what has no moment: what is prepared, held and locked. Replicas that were read elsewhere are not compared so. */
export function replicasEqual(found: readonly BucketFindings[]): Check {
  const atOneIndex = found.flatMap((bucket) => {
    const indexes = new Set(bucket.found.map(({ checksum }) => checksum.appliedIndex));
    return [...indexes].map((index) => ({ ...bucket, found: bucket.found.filter(({ checksum }) => checksum.appliedIndex === index) }));
  });
  const name = 'replicas are equal at equal applied index';
  return comparedWithFirst(name, atOneIndex, 'at an index', ({ checksum }, first) =>
    checksum.sha256 === first.checksum.sha256 ? [] : [`all rows at index ${checksum.appliedIndex}`],
  );
}

function comparedWithFirst(
  name: string,
  found: readonly BucketFindings[],
  where: string,
  differing: (one: ReplicaFindings, first: ReplicaFindings) => readonly string[],
): Check {
  let count = 0;
  const differences: string[] = [];
  for (const { bucket, found: replicas } of found) {
    const [first, ...others] = replicas;
    if (first === undefined || others.length === 0) continue;
    count += replicas.length;
    for (const other of others) {
      const facts = differing(other, first);
      if (facts.length > 0) differences.push(`Bucket ${bucket}: RM ${first.checksum.rm} and RM ${other.checksum.rm} differ ${where}: ${facts.join(', ')}.`);
    }
  }
  return { name, count, differences };
}

function differingFacts(one: MomentReport, other: MomentReport): readonly string[] {
  return [
    one.accounts !== other.accounts || one.accountSum !== other.accountSum ? 'accounts' : null,
    textOf(one.issued) !== textOf(other.issued) ? 'issued money' : null,
    textOf(one.balances) !== textOf(other.balances) ? 'balances' : null,
    one.legs !== other.legs || differingParts(one.legSums, other.legSums).length > 0 ? 'legs' : null,
    one.decidedLegs !== other.decidedLegs || differingParts(one.decidedSums, other.decidedSums).length > 0 ? 'decisions' : null,
  ].filter((fact) => fact !== null);
}

function textOf(sums: Sums): string {
  return [...sums]
    .filter(([, amountMinor]) => amountMinor !== 0n)
    .map(([currency, amountMinor]) => `${currency} ${amountMinor}`)
    .sort()
    .join(' ');
}

export function booksAddUp(found: readonly BucketFindings[]): Check {
  const checksums = found.flatMap((bucket) => bucket.found.map(({ checksum }) => checksum));
  return {
    name: 'journals add up to balances and legs to holds, on every replica',
    count: checksums.reduce((sum, { accounts, legs }) => sum + accounts + legs, 0),
    differences: checksums.flatMap(({ bucket, rm, differences }) => differences.map((text) => `Bucket ${bucket} on RM ${rm}: ${text}`)),
  };
}
