/**
 * The audit of the live cluster at one moment, while it pays: the money of all buckets, every replica's rows in themselves and against the other replicas', and every leg
 * against the decision of its home. Each check says how many things it compared, so that "no differences" cannot mean "nothing compared"; and what could
 * not be compared is listed apart, for it is neither a difference nor a proof that there is none.
 */
import { SlotCover } from '@mas/ledger';
import type { LeaderDirectory } from '@mas/placement';
import { delay, SlotSet, type BucketId, type Clock, type Random, type RmId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { AuditReport, AuditWatch, Caller, Reply } from '../coordinator-service';
import { operatorsOnly } from '../payment/identity';
import { success } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import { booksAddUp, conservation, replicasAtMoment, replicasEqual, sumsOf } from './audit-checks';
import { AuditBase, balancesExplained } from './audit-base';
import { AuditMoments, type AuditMoment } from './audit-moment';
import { BucketAudits, type AuditCourse, type BucketFindings } from './bucket-audit';
import { LegsAudit } from './legs-audit';
import type { ReplicaAudit } from './replica-audit';
import { Turns } from './turns';

/** Of a caller's deadline, and at most, for answering. */
const REPORT_SHARE = 0.15;
const MAX_REPORT_MS = 10_000;
/** So often it is said how far it has come, whether or not it has come on: silence means that nobody works on it any more. */
const PROGRESS_MS = 1_000;

/** By one Resource Manager: more are no faster, and hold more connections of its database. */
const BUCKETS_AT_ONCE = 2;
/** Of slots that have gone to another bucket before they were read there; each follows them once. */
const MAX_FOLLOWINGS = 8;
const FOLLOW_MS = 500;
const HOLDERS_TIMEOUT_MS = 10_000;

export class Audit {
  private readonly buckets: BucketAudits;
  private readonly moments: AuditMoments;
  private lastGood: AuditBase | null = null;

  constructor(
    link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
    random: Random,
    private readonly config: CoordinatorConfig,
  ) {
    this.buckets = new BucketAudits(link, directory, clock, random);
    this.moments = new AuditMoments(link, directory, clock);
  }

  async run(caller: Caller, watch: AuditWatch): Promise<Reply<AuditReport>> {
    const forbidden = operatorsOnly(caller.subject, 'An audit');
    if (forbidden !== null) return forbidden;
    const untilMs = this.untilMs(caller);
    const chosen = await this.moments.choose(untilMs, watch);
    if (!chosen.ok) return chosen;
    const moment = chosen.value;
    // Those whose turn has not come have read nothing yet.
    const all = moment.shares.flatMap(({ bucket }) => this.replicasOf(bucket).map((rm) => ({ bucket, rm, rows: 0, permille: 0 })));
    const replicas: ReplicaAudit[] = [];
    const { us, timesSinceUs } = moment;
    const base = !watch.isFull && this.lastGood?.isFor(us, timesSinceUs) === true ? this.lastGood : null;
    const course = { momentUs: us, timesSinceUs, base, untilMs, signal: watch.signal, begins: (audit: ReplicaAudit) => void replicas.push(audit) };
    const working = this.compared(moment, course);
    for (;;) {
      const report = await Promise.race([working, delay(this.clock, PROGRESS_MS).then(() => null)]);
      if (report !== null) return success(report);
      watch.onProgress({ momentUs: us, replicas: latestOf([...all, ...replicas]), waitsFor: '' });
    }
  }

  private async compared(moment: AuditMoment, course: AuditCourse): Promise<AuditReport> {
    const report = await this.once(moment, course);
    // What differs is found by name, or not at all, where everything is read.
    return course.base !== null && report.checks.some((check) => check.differences.length > 0) ? this.once(moment, { ...course, base: null }) : report;
  }

  private async once({ us, timesSinceUs, totals: books, shares }: AuditMoment, course: AuditCourse): Promise<AuditReport> {
    const turns = new Turns(BUCKETS_AT_ONCE);
    const own = await Promise.all(shares.map((share) => turns.of(this.replicasOf(share.bucket), () => this.buckets.run(share, course))));
    const { followed, left } = await this.follow(own, course);
    const found = [...own, ...followed];
    const legs = await new LegsAudit(this.buckets, course).run(found, left);
    const totals = sumsOf(books);
    const whole = own.filter(({ isFrom }) => isFrom === null);
    const checks = [
      conservation(books, totals, found, left),
      replicasAtMoment(found),
      replicasEqual(own),
      ...(whole.length === 0 ? [] : [booksAddUp(whole)]),
      balancesExplained(found),
      legs.check,
    ];
    const incomplete = [...found.flatMap(({ missed }) => missed), ...legs.incomplete];
    const consistent = incomplete.length === 0 && checks.every((check) => check.differences.length === 0);
    if (consistent) this.lastGood = AuditBase.of(us, timesSinceUs, own);
    const sinceUs = own.find(({ isFrom }) => isFrom !== null)?.isFrom ?? null;
    return { momentUs: us, sinceUs, checks, totals, checksums: checksumsOf(own), incomplete, consistent };
  }

  /** Slots that went to another bucket behind the moment, before they were read: whoever has them now has all that was there at the moment. */
  private async follow(own: readonly BucketFindings[], course: AuditCourse): Promise<{ readonly followed: readonly BucketFindings[]; readonly left: SlotSet }> {
    const followed: BucketFindings[] = [];
    let left = own.reduce((sum, findings) => sum.with(findings.gone), SlotSet.NONE);
    for (let following = 0; left.size > 0 && following < MAX_FOLLOWINGS; following += 1) {
      if (course.signal.aborted || this.clock.monotonicMs() >= course.untilMs) break;
      if (following > 0) await delay(this.clock, FOLLOW_MS);
      const cover = new SlotCover(await this.moments.holders(Math.min(course.untilMs, this.clock.monotonicMs() + HOLDERS_TIMEOUT_MS)));
      const shares = this.directory.placement().map.buckets.map(({ bucket }) => ({ bucket, slots: left.common(cover.of(bucket)), lastMove: 0 }));
      const found = await Promise.all(shares.filter(({ slots }) => slots.size > 0).map((share) => this.buckets.run(share, { ...course, base: null })));
      left = found.reduce((rest, { slots }) => rest.without(slots), left);
      followed.push(...found);
    }
    return { followed, left };
  }

  private replicasOf(bucket: BucketId): readonly RmId[] {
    return this.directory.placement().replicasOf(bucket);
  }

  /** An audit loads the machine itself: its report needs time to get out, or the caller hears nothing of what was compared. */
  private untilMs({ deadlineMs }: Caller): number {
    const share = (deadlineMs - this.clock.monotonicMs()) * REPORT_SHARE;
    return deadlineMs - Math.max(this.config.deadlineReserveMs, Math.min(share, MAX_REPORT_MS));
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
