/**
 * What the last audit has found that was good, bucket by bucket: whoever goes on from it reads accounts, and of legs and outcomes only what may have come since. What
 * was damaged in the rows of before is not seen so; a full audit sees it.
 */
import { withEarlier, type MomentReport } from '@mas/ledger';
import type { ReplicaFindings } from '@mas/two-phase-commit';
import { formatAmount, type BucketId, type SlotSet } from '@mas/values';
import type { AuditReport } from '../coordinator-service';
import type { BucketFindings } from './bucket-audit';

type Check = AuditReport['checks'][number];

interface Kept {
  readonly report: MomentReport;
  /** Of all its replicas the earliest: each may have legs undecided in its rows that others have not. */
  readonly laterMs: number;
  readonly slots: SlotSet;
  readonly lastMove: number;
}

/** What an audit goes on from in one bucket. */
export interface BucketBase {
  readonly from: { readonly us: number; readonly laterMs: number };
  completed(findings: ReplicaFindings): ReplicaFindings;
}

export class AuditBase {
  private constructor(
    private readonly momentUs: number,
    private readonly timesSinceUs: number,
    private readonly kept: ReadonlyMap<BucketId, Kept>,
  ) {}

  /** @param found consistent, and complete. Null: not to be gone on from. */
  static of(momentUs: number, timesSinceUs: number, found: readonly BucketFindings[]): AuditBase | null {
    const kept = new Map<BucketId, Kept>();
    for (const { bucket, found: replicas, slots, lastMove } of found) {
      const reports = replicas.flatMap(({ moment }) => moment ?? []);
      const [report] = reports;
      if (report === undefined || reports.length < replicas.length) return null;
      kept.set(bucket, { report: { ...report, listing: null }, laterMs: Math.min(...reports.map(({ laterMs }) => laterMs)), slots, lastMove });
    }
    return new AuditBase(momentUs, timesSinceUs, kept);
  }

  /** With moments that mean the same. */
  isFor(momentUs: number, timesSinceUs: number): boolean {
    return this.timesSinceUs === timesSinceUs && this.momentUs <= momentUs;
  }

  /** Null: slots have come or gone since. Rows that came may be older by another bucket's time, so nothing of before is relied on. */
  of(bucket: BucketId, slots: SlotSet, lastMove: number): BucketBase | null {
    const kept = this.kept.get(bucket);
    if (kept === undefined || kept.lastMove !== lastMove || !kept.slots.equals(slots)) return null;
    const { report, laterMs } = kept;
    return {
      from: { us: this.momentUs, laterMs },
      completed: (findings) => (findings.moment === null ? findings : { ...findings, moment: withEarlier(report, findings.moment) }),
    };
  }
}

/** What has been counted explains the balances, of every replica. */
export function balancesExplained(found: readonly BucketFindings[]): Check {
  const reports = found.flatMap(({ bucket, found: replicas }) =>
    replicas.flatMap(({ checksum: { rm }, moment }) => (moment === null ? [] : { bucket, rm, moment })),
  );
  const differences = reports.flatMap(({ bucket, rm, moment: { balances, moved } }) =>
    [...new Set([...balances.keys(), ...moved.keys()])].sort().flatMap((currency) => {
      const [balance, sum] = [balances.get(currency) ?? 0n, moved.get(currency) ?? 0n];
      if (balance === sum) return [];
      const amounts = `${formatAmount(balance, currency)} ${currency}, what accounts were opened with and legs make ${formatAmount(sum, currency)}`;
      return [`Bucket ${bucket} on RM ${rm}: balances add up to ${amounts}.`];
    }),
  );
  return {
    name: 'opening balances and legs make the balances of every replica',
    count: reports.reduce((sum, { moment }) => sum + moment.accounts, 0),
    differences,
  };
}
