/**
 * The audit of one replica's rows, asked for again and again until it has found what there is to be found. No question lasts long; one that is lost, or whose
 * process has started anew, is asked again. So it takes as long as it takes while it comes on, and ends where it does not.
 */
import { delay, type BucketId, type Clock, type RmId, type SlotRange } from '@mas/values';
import type { ReplicaFindings } from '@mas/two-phase-commit';
import type { BucketLink } from '../transport/bucket-link';

export interface AuditTerms {
  /** Of all replicas. */
  readonly momentUs: number;
  /** Commit times up to here count as none. */
  readonly timesSinceUs: number;
  /** Of those of one bucket, so that they are read at one index. */
  readonly barrierUs: number;
  /** Of what an earlier audit has found of the bucket, so that it is not read again; null: all is read. */
  readonly from: { readonly us: number; readonly laterMs: number } | null;
  /** Of the payments whose legs are listed. */
  readonly parts: readonly number[];
  /** Of which the moment is asked about. */
  readonly slots: readonly SlotRange[];
}

/** Why a replica's rows were not compared. */
export interface NotRead {
  readonly kind: 'missed';
  readonly reason: string;
}

/** A replica answers after a second. */
const ANSWER_TIMEOUT_MS = 5_000;
const PAUSE_MS = 250;
/** One that works on it and has read nothing more for so long is given up: it may have to write first what waits behind heavy load. */
const PATIENCE_MS = 90_000;
/** One that refuses, or does not answer any more; and one that has never answered. */
const FAILING_PATIENCE_MS = 15_000;
const FIRST_PATIENCE_MS = 5_000;
/** A process that dies again and again comes on each time. */
const MAX_STARTS = 5;

export class ReplicaAudit {
  rows = 0;
  permille = 0;
  private starts = 1;
  private progressMs: number;
  private answeredMs: number;
  private hasAnswered = false;

  constructor(
    private readonly link: BucketLink,
    private readonly clock: Clock,
    readonly bucket: BucketId,
    readonly rm: RmId,
    private readonly id: string,
    private readonly terms: AuditTerms,
  ) {
    this.progressMs = clock.monotonicMs();
    this.answeredMs = this.progressMs;
  }

  async run(untilMs: number, signal: AbortSignal): Promise<ReplicaFindings | NotRead> {
    for (;;) {
      const remainingMs = untilMs - this.clock.monotonicMs();
      if (signal.aborted || remainingMs <= 0) {
        this.end();
        return missed(signal.aborted ? 'the audit was ended' : 'the time for the audit was over');
      }
      const reply = await this.link.follower.send(this.rm, this.request(false), Math.min(ANSWER_TIMEOUT_MS, remainingMs));
      if (reply.kind === 'no-moment') return missed('its moments begin behind that of the audit, as they do in the seconds after an upgrade');
      if (reply.kind === 'audit' && reply.findings !== null) {
        this.rows = reply.rows;
        this.permille = reply.permille;
        this.end();
        return reply.findings;
      }
      if (reply.kind === 'audit') this.heard(reply.rows, reply.permille);
      const givenUp = this.givenUp(reply.kind === 'audit' ? null : 'reason' in reply ? reply.reason : reply.kind);
      if (givenUp !== null) {
        this.end();
        return missed(givenUp);
      }
      if (reply.kind !== 'audit') await delay(this.clock, PAUSE_MS);
    }
  }

  private heard(rows: number, permille: number): void {
    this.hasAnswered = true;
    this.answeredMs = this.clock.monotonicMs();
    this.permille = permille;
    if (rows === this.rows) return;
    if (rows < this.rows) this.starts += 1;
    this.rows = rows;
    this.progressMs = this.answeredMs;
  }

  private givenUp(failure: string | null): string | null {
    if (this.starts > MAX_STARTS) return `it began ${this.starts} times`;
    const nowMs = this.clock.monotonicMs();
    const idleMs = nowMs - this.progressMs;
    if (idleMs >= PATIENCE_MS) return failure ?? `it has read no row for ${Math.round(idleMs / 1000)} s`;
    return nowMs - this.answeredMs < (this.hasAnswered ? FAILING_PATIENCE_MS : FIRST_PATIENCE_MS) ? null : failure;
  }

  /** Heard or not: a replica ends by itself what nobody asks about. */
  private end(): void {
    void this.link.follower.send(this.rm, this.request(true), ANSWER_TIMEOUT_MS);
  }

  private request(isEnding: boolean): Parameters<BucketLink['follower']['send']>[1] {
    const { momentUs, timesSinceUs, barrierUs, from, parts, slots } = this.terms;
    return { kind: 'audit', bucket: this.bucket, id: this.id, momentUs, timesSinceUs, barrierUs, from, parts, slots, isEnding };
  }
}

function missed(reason: string): NotRead {
  return { kind: 'missed', reason };
}
