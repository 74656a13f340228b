/**
 * The audit of the live cluster: the money of all buckets at one instant, each replica against its leader at an equal
 * applied index, every bucket's own books, and both sides of every payment. Each check says how many things it
 * compared, so that "no differences" cannot mean "nothing compared"; and what could not be compared is listed apart, for it is
 * neither a difference nor a proof that there is none.
 */
import type { LeaderDirectory } from '@mas/placement';
import type { BucketTotals, ReplicaChecksum } from '@mas/two-phase-commit';
import { formatAmount, type AmountMinor, type BucketId, type Clock, type Currency, type RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { AuditReport, Caller, Reply } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { instantDelayMs } from '../reads/instant-delay';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import { PaymentAudit } from './payment-audit';

type Check = AuditReport['checks'][number];

/** Of the caller's time, and at most, for answering. */
const REPORT_SHARE = 0.15;
const MAX_REPORT_MS = 10_000;
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
    const untilMs = this.untilMs(caller);
    const totals = await this.totalsAtOneInstant(buckets, untilMs);
    if (!totals.ok) return totals;
    const sums = sumTotals(totals.value);
    const compared = (await Promise.all(buckets.map((bucket) => this.replicas(bucket, untilMs)))).flat();
    const payments = await new PaymentAudit(this.link, this.config).run(buckets, caller.token, untilMs);
    const checksums = compared.flatMap(({ checksum }) => checksum ?? []);
    const checks: readonly Check[] = [conservation(totals.value, sums), replicasEqual(buckets, checksums), booksAddUp(checksums), ...payments.checks];
    const incomplete = [...compared.flatMap(({ missed }) => missed ?? []), ...payments.incomplete];
    return success({ checks, totals: sums, checksums, incomplete, consistent: incomplete.length === 0 && checks.every((check) => check.differences.length === 0) });
  }

  /** An audit loads the machine itself: its report needs time to get out, or the caller hears nothing of what was compared. */
  private untilMs({ deadlineMs }: Caller): number {
    const share = (deadlineMs - this.clock.monotonicMs()) * REPORT_SHARE;
    return deadlineMs - Math.max(this.config.deadlineReserveMs, Math.min(share, MAX_REPORT_MS));
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
      const silent = replies.find((reply) => reply.kind !== 'totals');
      if (silent !== undefined) return unanswered(silent, 'A bucket did not answer; the ledger cannot be audited without it.');
      if (before?.every((earlier, i) => earlier.rev === totals[i]?.rev && totals[i]?.undecidedLegs === 0) === true) return success(totals);
      if (delayMs === 0) collectionMs = this.clock.monotonicMs() - startedMs;
      before = totals;
    }
    return failure('unavailable', 'NO_COMMON_INSTANT', 'Payments kept changing the buckets, or some are undecided, until the deadline; give the audit more time.');
  }

  /** Every replica's digest at one index: the leader's, tried again while replicas are at different ones. */
  private async replicas(bucket: BucketId, untilMs: number): Promise<readonly Compared[]> {
    const rms = this.directory.placement().replicasOf(bucket);
    let latest: readonly Compared[] = rms.map((rm) => missed(bucket, rm, `the leader of bucket ${bucket} gave no checksum`));
    for (let attempt = 0; attempt < CHECKSUM_ATTEMPTS && this.clock.monotonicMs() < untilMs; attempt += 1) {
      // Holds new instructions back for a moment, so that replicas that lag catch up to the leader's index.
      await this.link.read(bucket, { kind: 'totals', bucket, delayMs: attempt === 0 ? 0 : instantDelayMs(attempt + 1, 0, this.config) }, untilMs);
      const lead = await this.link.read(bucket, { kind: 'checksum', bucket, atIndex: null }, untilMs, CHECKSUM_TIMEOUT_MS);
      if (lead.kind !== 'checksum') break;
      const { checksum } = lead;
      latest = await Promise.all(rms.map(async (rm) => (rm === checksum.rm ? { checksum, missed: null } : this.checksumOf(rm, bucket, checksum.appliedIndex, untilMs))));
      // One that is away is waited for once; one that is at another index may meet the leader the next time.
      if (latest.every((one) => one.missed === null) || (attempt > 0 && latest.every((one) => one.missed === null || one.checksum === null))) break;
    }
    return latest;
  }

  private async checksumOf(rm: RmId, bucket: BucketId, atIndex: number, untilMs: number): Promise<Compared> {
    const remainingMs = untilMs - this.clock.monotonicMs();
    if (remainingMs <= 0) return missed(bucket, rm, 'the time for the audit was over');
    const reply = await this.link.follower.send(rm, { kind: 'checksum', bucket, atIndex }, Math.min(CHECKSUM_TIMEOUT_MS, remainingMs));
    if (reply.kind !== 'checksum') return missed(bucket, rm, 'reason' in reply ? reply.reason : reply.kind);
    const { checksum } = reply;
    return checksum.appliedIndex === atIndex ? { checksum, missed: null } : { ...missed(bucket, rm, `it stands at index ${checksum.appliedIndex}, the leader at ${atIndex}`), checksum };
  }
}

/** A replica's digest, and why it was not compared with its leader's. */
interface Compared {
  readonly checksum: ReplicaChecksum | null;
  readonly missed: string | null;
}

function missed(bucket: BucketId, rm: RmId, why: string): Compared {
  return { checksum: null, missed: `The replica of bucket ${bucket} on RM ${rm} was not compared: ${why}.` };
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

/** Only what stands at the leader's index can be compared; what does not is incomplete. */
function replicasEqual(buckets: readonly BucketId[], checksums: readonly ReplicaChecksum[]): Check {
  const differences: string[] = [];
  let count = 0;
  for (const bucket of buckets) {
    const ofBucket = checksums.filter((checksum) => checksum.bucket === bucket);
    const seen = new Map<number, ReplicaChecksum>();
    for (const checksum of ofBucket) {
      const first = seen.get(checksum.appliedIndex);
      if (first === undefined) seen.set(checksum.appliedIndex, checksum);
      else if (checksum.sha256 !== first.sha256) differences.push(`Bucket ${bucket}: RM ${checksum.rm} and RM ${first.rm} differ at index ${first.appliedIndex}.`);
    }
    count += ofBucket.length;
  }
  return { name: 'replicas are equal at equal applied index', count, differences };
}

function booksAddUp(known: readonly ReplicaChecksum[]): Check {
  return {
    name: 'journals add up to balances and legs to holds, on every replica',
    count: known.reduce((sum, checksum) => sum + checksum.accounts + checksum.legs, 0),
    differences: known.flatMap((checksum) => checksum.differences.map((text) => `Bucket ${checksum.bucket} on RM ${checksum.rm}: ${text}`)),
  };
}
