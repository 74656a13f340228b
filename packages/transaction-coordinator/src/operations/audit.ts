/**
 * The audit of the live cluster at one moment, while it pays: the money of all buckets, every replica's rows in themselves and against the other replicas', and every leg
 * against the decision of its home. Each check says how many things it compared, so that "no differences" cannot mean "nothing compared"; and what could
 * not be compared is listed apart, for it is neither a difference nor a proof that there is none.
 */
import { bucketsWithRows, type LeaderDirectory } from '@mas/placement';
import type { BucketTotals } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type Random, type RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { AuditReport, AuditWatch, Caller, Reply } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import { booksAddUp, conservation, replicasAtMoment, replicasEqual, sumsOf } from './audit-checks';
import { AuditBase, balancesExplained } from './audit-base';
import { BucketAudits, type AuditCourse, type BucketFindings } from './bucket-audit';
import { LegsAudit } from './legs-audit';
import type { ReplicaAudit } from './replica-audit';
import { Turns } from './turns';

/** Of a caller's deadline, and at most, for answering. */
const REPORT_SHARE = 0.15;
const MAX_REPORT_MS = 10_000;
/** A bucket remembers what moved for seconds; when one was asked too late, a moment is chosen anew. */
const MOMENT_ATTEMPTS = 3;
/** For all buckets to say their sums, where the caller has set no deadline. */
const TOTALS_TIMEOUT_MS = 30_000;
/** So often it is said how far it has come, whether or not it has come on: silence means that nobody works on it any more. */
const PROGRESS_MS = 1_000;

/** By one Resource Manager: more are no faster, and hold more connections of its database. */
const BUCKETS_AT_ONCE = 2;

interface Moment {
  readonly us: number;
  readonly timesSinceUs: number;
  readonly totals: readonly BucketTotals[];
}

export class Audit {
  private readonly buckets: BucketAudits;
  private lastGood: AuditBase | null = null;

  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
    random: Random,
    private readonly config: CoordinatorConfig,
  ) {
    this.buckets = new BucketAudits(link, directory, clock, random);
  }

  async run(caller: Caller, watch: AuditWatch): Promise<Reply<AuditReport>> {
    const forbidden = operatorsOnly(caller.subject, 'An audit');
    if (forbidden !== null) return forbidden;
    const ids = bucketsWithRows(this.directory.placement().map);
    const untilMs = this.untilMs(caller);
    const moment = await this.momentOf(ids, Math.min(untilMs, this.clock.monotonicMs() + TOTALS_TIMEOUT_MS));
    if (!moment.ok) return moment;
    // Those whose turn has not come have read nothing yet.
    const all = ids.flatMap((bucket) => this.replicasOf(bucket).map((rm) => ({ bucket, rm, rows: 0, permille: 0 })));
    const replicas: ReplicaAudit[] = [];
    const { us, timesSinceUs } = moment.value;
    const base = !watch.isFull && this.lastGood?.isFor(ids, us, timesSinceUs) === true ? this.lastGood : null;
    const course = { momentUs: us, timesSinceUs, base, untilMs, signal: watch.signal, begins: (audit: ReplicaAudit) => void replicas.push(audit) };
    const working = this.compared(ids, moment.value, course);
    for (;;) {
      const report = await Promise.race([working, delay(this.clock, PROGRESS_MS).then(() => null)]);
      if (report !== null) return success(report);
      watch.onProgress({ momentUs: us, replicas: latestOf([...all, ...replicas]) });
    }
  }

  private async compared(ids: readonly BucketId[], moment: Moment, course: AuditCourse): Promise<AuditReport> {
    const report = await this.once(ids, moment, course);
    // What differs is found by name, or not at all, where everything is read.
    return course.base !== null && report.checks.some((check) => check.differences.length > 0) ? this.once(ids, moment, { ...course, base: null }) : report;
  }

  private async once(ids: readonly BucketId[], moment: Moment, course: AuditCourse): Promise<AuditReport> {
    const turns = new Turns(BUCKETS_AT_ONCE);
    const found = await Promise.all(ids.map((bucket) => turns.of(this.replicasOf(bucket), () => this.buckets.run(bucket, course))));
    const legs = await new LegsAudit(this.buckets, course).run(found);
    const totals = sumsOf(moment.totals);
    const books = course.base === null ? [booksAddUp(found)] : [];
    const checks = [conservation(moment.totals, totals, found), replicasAtMoment(found), replicasEqual(found), ...books, balancesExplained(found), legs.check];
    const incomplete = [...found.flatMap(({ missed }) => missed), ...legs.incomplete];
    const consistent = incomplete.length === 0 && checks.every((check) => check.differences.length === 0);
    if (consistent) this.lastGood = AuditBase.of(moment.us, moment.timesSinceUs, found);
    return { momentUs: moment.us, sinceUs: course.base?.momentUs ?? null, checks, totals, checksums: checksumsOf(found), incomplete, consistent };
  }

  private replicasOf(bucket: BucketId): readonly RmId[] {
    return this.directory.placement().replicasOf(bucket);
  }

  /** An audit loads the machine itself: its report needs time to get out, or the caller hears nothing of what was compared. */
  private untilMs({ deadlineMs }: Caller): number {
    const share = (deadlineMs - this.clock.monotonicMs()) * REPORT_SHARE;
    return deadlineMs - Math.max(this.config.deadlineReserveMs, Math.min(share, MAX_REPORT_MS));
  }

  /** The latest of all buckets' last moments; all are closed there, and say their sums. */
  private async momentOf(ids: readonly BucketId[], untilMs: number): Promise<Reply<Moment>> {
    for (let attempt = 1; ; attempt += 1) {
      const moment = await this.latest(ids, untilMs);
      if (moment.ok || attempt === MOMENT_ATTEMPTS || moment.error.reason !== 'MOMENT_GONE') return moment;
    }
  }

  private async latest(ids: readonly BucketId[], untilMs: number): Promise<Reply<Moment>> {
    const latest = await this.totals(ids, null, untilMs);
    if (!latest.ok) return latest;
    if (latest.value.some(({ momentUs }) => momentUs === null))
      return failure('unavailable', 'NO_COMMON_MOMENT', 'The buckets have no moments in common yet, which they do a few seconds after an upgrade; try again.');
    const us = Math.max(...latest.value.map(({ momentUs }) => momentUs ?? 0));
    const totals = await this.totals(ids, us, untilMs);
    return totals.ok ? success({ us, timesSinceUs: Math.max(...totals.value.map(({ momentsSinceUs }) => momentsSinceUs)), totals: totals.value }) : totals;
  }

  private async totals(ids: readonly BucketId[], atUs: number | null, untilMs: number): Promise<Reply<readonly BucketTotals[]>> {
    const replies = await Promise.all(ids.map((bucket) => this.link.read(bucket, { kind: 'totals', bucket, atUs }, untilMs)));
    const silent = replies.find((reply) => reply.kind !== 'totals');
    if (silent?.kind === 'no-moment')
      return failure('unavailable', 'MOMENT_GONE', 'The buckets could not be summed at one moment, because payments overtook the audit; try again.');
    if (silent !== undefined) return unanswered(silent, 'A bucket did not answer; the ledger cannot be audited without it.');
    return success(replies.flatMap((reply) => (reply.kind === 'totals' ? [reply.totals] : [])));
  }
}

type Progress = Pick<ReplicaAudit, 'bucket' | 'rm' | 'rows' | 'permille'>;

/** Of a replica that was read twice the later reading. */
function latestOf(audits: readonly Progress[]): readonly Progress[] {
  const latest = new Map(audits.map((audit) => [`${audit.bucket} ${audit.rm}`, audit]));
  return [...latest.values()].map(({ bucket, rm, rows, permille }) => ({ bucket, rm, rows, permille })).sort((a, b) => a.bucket - b.bucket || a.rm - b.rm);
}

function checksumsOf(found: readonly BucketFindings[]): AuditReport['checksums'] {
  return found.flatMap((bucket) => bucket.found.map(({ checksum }) => checksum));
}
