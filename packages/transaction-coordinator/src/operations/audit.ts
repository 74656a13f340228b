/**
 * The audit of the live cluster: the money of all buckets at one instant, each replica against its leader at an equal
 * applied index, every bucket's own books, and both sides of every payment. Each check says how many things it
 * compared, so that "no differences" cannot mean "nothing compared".
 */
import type { LeaderDirectory } from '@mas/placement';
import type { BucketTotals, ReplicaChecksum } from '@mas/two-phase-commit';
import { formatAmount, type AmountMinor, type BucketId, type Clock, type Currency, type RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { AuditReport, Caller, Reply } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { instantDelayMs } from '../reads/instant-delay';
import { failure, success } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import { PaymentAudit } from './payment-audit';

type Check = AuditReport['checks'][number];

const CHECKSUM_ATTEMPTS = 6;
/** A replica reads all of its rows for it. */
const CHECKSUM_TIMEOUT_MS = 60_000;

export class Audit {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
    private readonly config: CoordinatorConfig,
  ) {}

  async run(caller: Caller): Promise<Reply<AuditReport>> {
    const forbidden = operatorsOnly(caller.subject, 'An audit');
    if (forbidden !== null) return forbidden;
    const buckets = this.directory.placement().map.buckets.map((entry) => entry.bucket);
    const totals = await this.totalsAtOneInstant(buckets, caller.deadlineMs);
    if (!totals.ok) return totals;
    const sums = sumTotals(totals.value);
    const checksums = (await Promise.all(buckets.map((bucket) => this.replicas(bucket, caller.deadlineMs)))).flat();
    const payments = await new PaymentAudit(this.link, this.config).run(buckets, caller.token, caller.deadlineMs);
    const checks: readonly Check[] = [conservation(totals.value, sums), replicasEqual(buckets, checksums.map((reply) => reply.checksum), checksums.flatMap((reply) => reply.problem ?? [])), booksAddUp(checksums.map((reply) => reply.checksum)), ...payments];
    return success({
      checks,
      totals: sums,
      checksums: checksums.flatMap((reply) => reply.checksum ?? []),
      consistent: checks.every((check) => check.differences.length === 0),
    });
  }

  /** As a read of several accounts at one instant, with buckets in their place: equal revs and nothing undecided. */
  private async totalsAtOneInstant(buckets: readonly BucketId[], deadlineMs: number): Promise<Reply<readonly BucketTotals[]>> {
    let before: readonly BucketTotals[] | null = null;
    let collectionMs = 0;
    for (let failures = 0; this.clock.monotonicMs() < deadlineMs; failures += 1) {
      const delayMs = instantDelayMs(failures, collectionMs, this.config);
      const startedMs = this.clock.monotonicMs();
      const replies = await Promise.all(buckets.map((bucket) => this.link.read(bucket, { kind: 'totals', bucket, delayMs }, deadlineMs)));
      const totals = replies.flatMap((reply) => (reply.kind === 'totals' ? [reply.totals] : []));
      if (totals.length < buckets.length) return failure('unavailable', 'BUCKET_UNAVAILABLE', 'A bucket did not answer; the ledger cannot be audited without it.');
      if (before?.every((earlier, i) => earlier.rev === totals[i]?.rev && totals[i]?.undecidedLegs === 0) === true) return success(totals);
      if (delayMs === 0) collectionMs = this.clock.monotonicMs() - startedMs;
      before = totals;
    }
    return failure('unavailable', 'NO_COMMON_INSTANT', 'Payments kept changing the buckets, or some are undecided, until the deadline; give the audit more time.');
  }

  /** Every replica's digest at one index: the leader's, tried again while replicas are at different ones. */
  private async replicas(bucket: BucketId, deadlineMs: number): Promise<readonly { readonly checksum: ReplicaChecksum | null; readonly problem: string | null }[]> {
    const rms = this.directory.placement().replicasOf(bucket);
    let latest: readonly { readonly rm: RmId; readonly checksum: ReplicaChecksum | null }[] = [];
    for (let attempt = 0; attempt < CHECKSUM_ATTEMPTS && this.clock.monotonicMs() < deadlineMs; attempt += 1) {
      // Holds new instructions back for a moment, so that replicas that lag catch up to the leader's index.
      await this.link.read(bucket, { kind: 'totals', bucket, delayMs: attempt === 0 ? 0 : instantDelayMs(attempt + 1, 0, this.config) }, deadlineMs);
      const lead = await this.link.read(bucket, { kind: 'checksum', bucket, atIndex: null }, deadlineMs, CHECKSUM_TIMEOUT_MS);
      if (lead.kind !== 'checksum') break;
      const { checksum } = lead;
      latest = await Promise.all(rms.map(async (rm) => ({ rm, checksum: rm === checksum.rm ? checksum : await this.checksumOf(rm, bucket, checksum.appliedIndex, deadlineMs) })));
      if (latest.every((reply) => reply.checksum?.appliedIndex === checksum.appliedIndex)) break;
    }
    if (latest.length === 0) return [{ checksum: null, problem: `The leader of bucket ${bucket} gave no checksum.` }];
    return latest.map(({ rm, checksum }) => ({ checksum, problem: checksum === null ? `The replica of bucket ${bucket} on RM ${rm} did not answer.` : null }));
  }

  private async checksumOf(rm: RmId, bucket: BucketId, atIndex: number, deadlineMs: number): Promise<ReplicaChecksum | null> {
    const remainingMs = deadlineMs - this.clock.monotonicMs();
    if (remainingMs <= 0) return null;
    const reply = await this.link.follower.send(rm, { kind: 'checksum', bucket, atIndex }, Math.min(CHECKSUM_TIMEOUT_MS, remainingMs));
    return reply.kind === 'checksum' ? reply.checksum : null;
  }
}

function sumTotals(totals: readonly BucketTotals[]): AuditReport['totals'] {
  const sums = new Map<Currency, { issuedMinor: AmountMinor; balancesMinor: AmountMinor }>();
  const sumOf = (currency: Currency): { issuedMinor: AmountMinor; balancesMinor: AmountMinor } => {
    const sum = sums.get(currency) ?? { issuedMinor: 0n, balancesMinor: 0n };
    sums.set(currency, sum);
    return sum;
  };
  for (const bucket of totals) {
    for (const [currency, amountMinor] of bucket.issued) sumOf(currency).issuedMinor += amountMinor;
    for (const [currency, amountMinor] of bucket.balances) sumOf(currency).balancesMinor += amountMinor;
  }
  return [...sums].map(([currency, sum]) => ({ currency, ...sum })).sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

function conservation(totals: readonly BucketTotals[], sums: AuditReport['totals']): Check {
  const differences = sums.flatMap(({ currency, issuedMinor, balancesMinor }) =>
    issuedMinor === balancesMinor ? [] : [`Issued ${formatAmount(issuedMinor, currency)} ${currency}, but balances add up to ${formatAmount(balancesMinor, currency)}.`],
  );
  return { name: 'balances of all accounts at one instant equal the money issued', count: totals.reduce((sum, bucket) => sum + bucket.accountCount, 0), differences };
}

function replicasEqual(buckets: readonly BucketId[], checksums: readonly (ReplicaChecksum | null)[], problems: readonly string[]): Check {
  const differences = [...problems];
  for (const bucket of buckets) {
    const ofBucket = checksums.filter((checksum) => checksum !== null).filter((checksum) => checksum.bucket === bucket);
    const [first] = ofBucket;
    for (const checksum of ofBucket) {
      if (first === undefined || checksum === first) continue;
      if (checksum.appliedIndex !== first.appliedIndex) differences.push(`Bucket ${bucket}: RM ${checksum.rm} stands at index ${checksum.appliedIndex}, RM ${first.rm} at ${first.appliedIndex}; they could not be compared.`);
      else if (checksum.sha256 !== first.sha256) differences.push(`Bucket ${bucket}: RM ${checksum.rm} and RM ${first.rm} differ at index ${first.appliedIndex}.`);
    }
  }
  return { name: 'replicas are equal at equal applied index', count: checksums.filter((checksum) => checksum !== null).length, differences };
}

function booksAddUp(checksums: readonly (ReplicaChecksum | null)[]): Check {
  const known = checksums.filter((checksum) => checksum !== null);
  return {
    name: 'journals add up to balances and legs to holds, on every replica',
    count: known.reduce((sum, checksum) => sum + checksum.accounts + checksum.legs, 0),
    differences: known.flatMap((checksum) => checksum.differences.map((text) => `Bucket ${checksum.bucket} on RM ${checksum.rm}: ${text}`)),
  };
}
