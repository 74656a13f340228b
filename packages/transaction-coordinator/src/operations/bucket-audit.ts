/**
 * All replicas of one bucket, audited side by side: each as of the moment of the audit, and as many as can be right behind the same entry, where whole rows are
 * compared.
 */
import type { LeaderDirectory } from '@mas/placement';
import type { ReplicaFindings } from '@mas/two-phase-commit';
import { SlotSet, type BucketId, type Clock, type Random, type RmId } from '@mas/values';
import type { BucketLink } from '../transport/bucket-link';
import type { AuditBase } from './audit-base';
import { stillCounted, type AuditShare } from './audit-moment';
import { ReplicaAudit, type AuditTerms, type NotRead } from './replica-audit';

/** In which all replicas are asked before the entry comes. */
const LEADS_MS = [300, 1_500] as const;
/** A larger bucket is not read twice for what has no moment. */
const MAX_ROWS_AGAIN = 200_000;
const MOMENT_TIMEOUT_MS = 10_000;
/** So often a bucket is read again because slots have left it since it was asked what it has. */
const MAX_LEFT_UNDER_WAY = 4;

export interface BucketFindings {
  readonly bucket: BucketId;
  /** Of these slots, unless none of its replicas was read. */
  readonly slots: SlotSet;
  /** Of those that were asked about: they are with other buckets by now, and nothing is said of them. */
  readonly gone: SlotSet;
  readonly found: readonly ReplicaFindings[];
  /** A sentence each. */
  readonly missed: readonly string[];
  /** Where the audit has gone on from; null: all was read. */
  readonly isFrom: number | null;
  readonly lastMove: number;
}

/** What the audits of all replicas have in common. */
export interface AuditCourse {
  readonly momentUs: number;
  readonly timesSinceUs: number;
  /** What the audit goes on from; null: it reads everything. */
  readonly base: AuditBase | null;
  /** On the monotonic clock, or Infinity. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  /** For whoever shows how far they have come. */
  begins(audit: ReplicaAudit): void;
}

export class BucketAudits {
  private readonly self: string;
  private audits = 0;

  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.self = [random.below(2 ** 32), random.below(2 ** 32)].map((bits) => bits.toString(16)).join('');
  }

  async run(share: AuditShare, course: AuditCourse): Promise<BucketFindings> {
    let asked = share;
    for (let attempt = 0; ; attempt += 1) {
      const { findings, lacking } = await this.once(asked, course, LEADS_MS[attempt] ?? LEADS_MS[1]);
      const rows = findings.found.reduce((sum, { checksum }) => sum + checksum.accounts + checksum.legs, 0);
      const indexes = new Set(findings.found.map(({ checksum }) => checksum.appliedIndex));
      const isLast = course.signal.aborted || attempt >= LEADS_MS.length - 1;
      if (lacking.size === 0) {
        const isEnough = indexes.size <= 1 || findings.missed.length > 0 || rows > MAX_ROWS_AGAIN;
        if (isEnough || isLast) return { ...findings, gone: share.slots.without(findings.slots) };
      } else if (course.signal.aborted || attempt >= MAX_LEFT_UNDER_WAY) {
        return {
          ...findings,
          found: [],
          gone: SlotSet.NONE,
          missed: [...findings.missed, `Bucket ${share.bucket} was not compared: slots left it each time it was read.`],
        };
      }
      // Replicas are compared by what each of them has.
      asked = { ...asked, slots: findings.slots.without(lacking) };
    }
  }

  /** Of one replica, with the legs of some payments. */
  async list(bucket: BucketId, rm: RmId, slots: SlotSet, parts: readonly number[], course: AuditCourse): Promise<ReplicaFindings | null> {
    const { momentUs, timesSinceUs } = course;
    const answer = await this.replica(bucket, rm, { momentUs, timesSinceUs, barrierUs: momentUs, from: null, parts, slots: slots.ranges() }, course);
    return 'kind' in answer || answer.lacking.length > 0 ? null : answer;
  }

  private async once(share: AuditShare, course: AuditCourse, leadMs: number): Promise<{ readonly findings: BucketFindings; readonly lacking: SlotSet }> {
    const { bucket, lastMove } = share;
    const untilMs = Math.min(course.untilMs, this.clock.monotonicMs() + MOMENT_TIMEOUT_MS);
    const now = await this.link.read(bucket, { kind: 'totals', bucket, atUs: null }, untilMs);
    const latestUs = now.kind === 'totals' ? (now.totals.momentUs ?? 0) : 0;
    const slots = now.kind === 'totals' ? stillCounted(this.directory, now.totals, share.slots) : share.slots;
    const { momentUs, timesSinceUs } = course;
    const base = course.base?.of(bucket, slots, lastMove) ?? null;
    const barrierUs = Math.max(momentUs, latestUs) + leadMs * 1_000;
    const terms = { momentUs, timesSinceUs, barrierUs, from: base?.from ?? null, parts: [], slots: slots.ranges() };
    const rms = this.directory.placement().replicasOf(bucket);
    const answers = await Promise.all(rms.map(async (rm) => ({ rm, answer: await this.replica(bucket, rm, terms, course) })));
    const found: ReplicaFindings[] = [];
    const missed: string[] = [];
    for (const { rm, answer } of answers) {
      if ('kind' in answer) missed.push(`The replica of bucket ${bucket} on RM ${rm} was not compared: ${answer.reason}.`);
      else found.push(base?.completed(answer) ?? answer);
    }
    const findings = { bucket, slots, gone: SlotSet.NONE, found, missed, isFrom: base?.from.us ?? null, lastMove };
    return { findings, lacking: SlotSet.of(found.flatMap(({ lacking }) => lacking)) };
  }

  private replica(bucket: BucketId, rm: RmId, terms: AuditTerms, { untilMs, signal, begins }: AuditCourse): Promise<ReplicaFindings | NotRead> {
    this.audits += 1;
    const audit = new ReplicaAudit(this.link, this.clock, bucket, rm, `${this.self}-${this.audits}`, terms);
    begins(audit);
    return audit.run(untilMs, signal);
  }
}
