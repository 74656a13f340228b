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
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import { PaymentAudit } from './payment-audit';

type Check = AuditReport['checks'][number];

/** Of the caller's time, and at most, for answering. */
const REPORT_SHARE = 0.15;
const MAX_REPORT_MS = 10_000;
const CHECKSUM_ATTEMPTS = 3;
/** A bucket remembers what moved for seconds; when one was asked too late, a moment is chosen anew. */
const MOMENT_ATTEMPTS = 3;
/** In which all replicas are asked. Doubled when one was asked too late. */
const CHECKSUM_LEAD_MS = 300;
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
    const totals = await this.totalsAtOneMoment(buckets, untilMs);
    if (!totals.ok) return totals;
    const sums = sumTotals(totals.value);
    const momentUs = totals.value[0]?.momentUs ?? 0;
    const compared = (await Promise.all(buckets.map((bucket) => this.replicas(bucket, momentUs, untilMs)))).flat();
    const payments = await new PaymentAudit(this.link, this.config).run(buckets, caller.token, untilMs);
    const checksums = compared.flatMap(({ checksum }) => checksum ?? []);
    const checks: readonly Check[] = [conservation(totals.value, sums), replicasEqual(buckets, checksums), booksAddUp(checksums), ...payments.checks];
    const incomplete = [...compared.flatMap(({ missed }) => missed ?? []), ...payments.incomplete];
    return success({
      checks,
      totals: sums,
      checksums,
      incomplete,
      consistent: incomplete.length === 0 && checks.every((check) => check.differences.length === 0),
    });
  }

  /** An audit loads the machine itself: its report needs time to get out, or the caller hears nothing of what was compared. */
  private untilMs({ deadlineMs }: Caller): number {
    const share = (deadlineMs - this.clock.monotonicMs()) * REPORT_SHARE;
    return deadlineMs - Math.max(this.config.deadlineReserveMs, Math.min(share, MAX_REPORT_MS));
  }

  /** All buckets at the latest of their last moments. */
  private async totalsAtOneMoment(buckets: readonly BucketId[], deadlineMs: number): Promise<Reply<readonly BucketTotals[]>> {
    const collect = async (atUs: number | null): Promise<Reply<readonly BucketTotals[]>> => {
      const replies = await Promise.all(buckets.map((bucket) => this.link.read(bucket, { kind: 'totals', bucket, atUs }, deadlineMs)));
      const silent = replies.find((reply) => reply.kind !== 'totals');
      if (silent?.kind === 'no-moment')
        return failure('unavailable', 'MOMENT_GONE', 'The buckets could not be summed at one moment, because payments overtook the audit; try again.');
      if (silent !== undefined) return unanswered(silent, 'A bucket did not answer; the ledger cannot be audited without it.');
      return success(replies.flatMap((reply) => (reply.kind === 'totals' ? [reply.totals] : [])));
    };
    for (let attempt = 1; ; attempt += 1) {
      const totals = await this.totalsAtLatest(collect);
      if (totals.ok || attempt === MOMENT_ATTEMPTS || totals.error.reason !== 'MOMENT_GONE') return totals;
    }
  }

  private async totalsAtLatest(collect: (atUs: number | null) => Promise<Reply<readonly BucketTotals[]>>): Promise<Reply<readonly BucketTotals[]>> {
    const latest = await collect(null);
    if (!latest.ok) return latest;
    if (latest.value.some(({ momentUs }) => momentUs === null))
      return failure('unavailable', 'NO_COMMON_MOMENT', 'The buckets have no moments in common yet, which they do a few seconds after an upgrade; try again.');
    return collect(Math.max(...latest.value.map(({ momentUs }) => momentUs ?? 0)));
  }

  /** Every replica's digest behind the same entry: the one that closes the bucket at a moment that lies a little ahead, so that all have been asked before. */
  private async replicas(bucket: BucketId, momentUs: number, untilMs: number): Promise<readonly Compared[]> {
    const rms = this.directory.placement().replicasOf(bucket);
    let latest: readonly Compared[] = [];
    for (
      let attempt = 0, leadMs = CHECKSUM_LEAD_MS;
      attempt < CHECKSUM_ATTEMPTS && (attempt === 0 || this.clock.monotonicMs() < untilMs);
      attempt += 1, leadMs *= 2
    ) {
      const now = attempt === 0 ? null : await this.link.read(bucket, { kind: 'totals', bucket, atUs: null }, untilMs);
      const atUs = Math.max(momentUs, now?.kind === 'totals' ? (now.totals.momentUs ?? 0) : 0) + leadMs * 1000;
      latest = comparedWithFirst(await Promise.all(rms.map((rm) => this.checksumOf(rm, bucket, atUs, untilMs))));
      // One that is away is waited for once.
      if (latest.every((one) => one.missed === null) || (attempt > 0 && latest.every((one) => one.missed === null || one.checksum === null))) break;
    }
    return latest;
  }

  private async checksumOf(rm: RmId, bucket: BucketId, atUs: number, untilMs: number): Promise<Compared> {
    const remainingMs = untilMs - this.clock.monotonicMs();
    if (remainingMs <= 0) return missed(bucket, rm, 'the time for the audit was over');
    const reply = await this.link.follower.send(rm, { kind: 'checksum', bucket, atUs }, Math.min(CHECKSUM_TIMEOUT_MS, remainingMs));
    return reply.kind === 'checksum' ? { checksum: reply.checksum, missed: null } : missed(bucket, rm, 'reason' in reply ? reply.reason : reply.kind);
  }
}

/** A replica's digest, and why it was not compared with its leader's. */
interface Compared {
  readonly checksum: ReplicaChecksum | null;
  readonly missed: string | null;
}

/** What stands elsewhere than the others was too late, or never came to that entry. */
function comparedWithFirst(all: readonly Compared[]): readonly Compared[] {
  const indexes = all.flatMap(({ checksum }) => (checksum === null ? [] : [checksum.appliedIndex]));
  const common = indexes.find((index) => indexes.filter((other) => other === index).length > 1) ?? indexes[0];
  return all.map((one) => {
    if (one.checksum === null || one.checksum.appliedIndex === common) return one;
    const { bucket, rm, appliedIndex } = one.checksum;
    return { ...missed(bucket, rm, `it stands at index ${appliedIndex}, others at ${common ?? 0}`), checksum: one.checksum };
  });
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
    issuedMinor === balancesMinor
      ? []
      : [`Issued ${formatAmount(issuedMinor, currency)} ${currency}, but balances add up to ${formatAmount(balancesMinor, currency)}.`],
  );
  return {
    name: 'balances of all accounts at one instant equal the money issued',
    count: totals.reduce((sum, bucket) => sum + bucket.accountCount, 0),
    differences,
  };
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
      else if (checksum.sha256 !== first.sha256)
        differences.push(`Bucket ${bucket}: RM ${checksum.rm} and RM ${first.rm} differ at index ${first.appliedIndex}.`);
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
