/**
 * A backup of the ledger at one moment, while it pays (docs/adr/0028). A moment a little ahead is chosen and announced to all leaders; a replica of each bucket that does not
 * lead reads its rows of exactly then; once all have them, their bytes go to whoever asked, bucket by bucket. Where one of them has no state of that moment, another moment
 * is chosen for all; also where a slot was between two buckets, so that neither has all of it (docs/adr/0033).
 */
import { SlotCover, type SlotHoldings } from '@mas/ledger';
import { bucketsWithRows, type LeaderDirectory } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type Random, type RmId } from '@mas/values';
import type { BackupTaken, BackupWatch, Caller, Reply } from '../coordinator-service';
import type { LedgerTime } from '../ledger-time';
import { operatorsOnly } from '../payment/identity';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';
import { holdingsOf } from './audit-moment';

/** In which all have to be told before the moment comes, attempt by attempt. */
const LEADS_MS = [1_000, 2_000, 4_000, 8_000] as const;
const ANSWER_TIMEOUT_MS = 5_000;
const PAUSE_MS = 250;
/** A replica that has read nothing more for so long is given up. */
const PATIENCE_MS = 30_000;
/** What is ready, and waits until the buckets before it have been taken, is asked after so often. */
const KEEP_MS = 15_000;

type Step = 'read' | 'end';
type BackupReply = Extract<ParticipantReply, { readonly kind: 'backup' }>;

/** One replica's rows, being read and taken. */
interface Source {
  readonly bucket: BucketId;
  readonly rm: RmId;
  rows: number;
  bytes: number;
  isReady: boolean;
  /** Of the bucket at the moment, once it is ready. */
  holdings: SlotHoldings | null;
}

interface Course {
  readonly id: string;
  readonly us: number;
  readonly untilMs: number;
  readonly watch: BackupWatch;
}

export class Backup {
  private readonly self: string;
  private backups = 0;

  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly ledgerTime: LedgerTime,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.self = [random.below(2 ** 32), random.below(2 ** 32)].map((bits) => bits.toString(16)).join('');
  }

  async run({ subject, deadlineMs }: Caller, watch: BackupWatch): Promise<Reply<BackupTaken>> {
    const forbidden = operatorsOnly(subject, 'A backup');
    if (forbidden !== null) return forbidden;
    let why = '';
    for (const leadMs of LEADS_MS) {
      const cut = await this.announced(leadMs, deadlineMs, watch);
      if (!cut.ok) return cut;
      const sources = this.sources();
      const missed = await this.read(cut.value, sources);
      if (missed === null) return this.take(cut.value, sources).finally(() => this.end(cut.value, sources));
      this.end(cut.value, sources);
      why = missed;
      // A bucket that has adopted slots may be newer than the map here.
      await this.link.placedAgain(deadlineMs);
      if (watch.signal.aborted || this.clock.monotonicMs() >= deadlineMs) break;
    }
    return failure('unavailable', 'BACKUP_MISSED', `No moment was found at which all buckets could be read: ${why}. Nothing is left of it; try again.`);
  }

  /** A moment that no bucket has come to, known to all leaders. */
  private async announced(leadMs: number, deadlineMs: number, watch: BackupWatch): Promise<Reply<Course>> {
    const untilMs = Math.min(deadlineMs, this.clock.monotonicMs() + ANSWER_TIMEOUT_MS);
    const all = await Promise.all(this.buckets().map((bucket) => this.link.read(bucket, { kind: 'totals', bucket, atUs: null }, untilMs)));
    const silent = all.find((reply) => reply.kind !== 'totals');
    if (silent !== undefined) return unanswered(silent, 'A bucket did not answer; there is no backup of the ledger without it.');
    const moments = all.flatMap((reply) => (reply.kind === 'totals' ? [reply.totals.momentUs] : []));
    if (moments.includes(null))
      return failure('unavailable', 'NO_COMMON_MOMENT', 'The buckets have no moments in common yet, which they do a few seconds after an upgrade; try again.');
    const nowUs = (await this.ledgerTime.nowMs()) * 1000;
    this.backups += 1;
    const us = Math.max(nowUs, ...moments.map((moment) => moment ?? 0)) + leadMs * 1000;
    const course = { id: `${this.self}-${this.backups}`, us, untilMs: deadlineMs, watch };
    const told = await Promise.all(
      this.buckets().map((bucket) => this.link.read(bucket, this.request(course, bucket, 'announce'), Math.min(deadlineMs, this.clock.monotonicMs() + leadMs))),
    );
    const deaf = told.find((reply) => reply.kind !== 'backup');
    return deaf === undefined ? success(course) : unanswered(deaf, 'A bucket could not be told of the backup; there is none without it.');
  }

  /** Null once all are ready; else why there is no state of that moment. */
  private async read(course: Course, sources: readonly Source[]): Promise<string | null> {
    const { watch, us } = course;
    const reading = Promise.all(sources.map((source) => this.readOne(course, source)));
    for (;;) {
      const found = await Promise.race([reading, delay(this.clock, PAUSE_MS * 2).then(() => null)]);
      watch.onProgress({ momentUs: us, replicas: sources.map(({ bucket, rm, rows, isReady }) => ({ bucket, rm, rows, isReady })) });
      if (found !== null) return found.find((why) => why !== null) ?? this.between(sources);
    }
  }

  /** Null: each slot is in one of them. */
  private between(sources: readonly Source[]): string | null {
    const cover = new SlotCover(sources.map(({ bucket, holdings }) => ({ bucket, holdings: holdingsOf(this.directory, bucket, holdings) })));
    const missing = cover.missing().size;
    return missing === 0 ? null : `${missing} slots were just between two buckets`;
  }

  private async readOne(course: Course, source: Source): Promise<string | null> {
    let heardMs = this.clock.monotonicMs() + course.us / 1000 - (await this.ledgerTime.nowMs());
    for (;;) {
      if (course.watch.signal.aborted) return 'nobody waits for it any more';
      const reply = await this.ask(course, source, 'read', 0);
      const nowMs = this.clock.monotonicMs();
      if (typeof reply !== 'string' && reply.stage === 'missed') return `bucket ${source.bucket} on rm-${source.rm}: ${reply.reason}`;
      if (typeof reply !== 'string' && reply.rows > source.rows) {
        source.rows = reply.rows;
        heardMs = nowMs;
      }
      if (typeof reply !== 'string' && reply.stage === 'ready') {
        source.bytes = reply.bytes;
        source.holdings = reply.holdings;
        source.isReady = true;
        return null;
      }
      if (nowMs - heardMs > PATIENCE_MS || nowMs >= course.untilMs)
        return `bucket ${source.bucket} on rm-${source.rm} ${typeof reply === 'string' ? `does not answer: ${reply}` : 'reads no row any more'}`;
      if (typeof reply === 'string') await delay(this.clock, PAUSE_MS);
    }
  }

  /** Bucket by bucket, as fast as they are taken. */
  private async take(course: Course, sources: readonly Source[]): Promise<Reply<BackupTaken>> {
    const taken: BackupTaken = {
      momentUs: course.us,
      clusterId: this.directory.placement().map.cluster?.clusterId ?? '',
      buckets: sources.map(({ bucket, rm, rows, bytes }) => ({ bucket, rm, rows, bytes })),
    };
    await course.watch.onBegin(taken);
    let keptMs = this.clock.monotonicMs();
    for (const [at, source] of sources.entries()) {
      for (let offset = 0; offset < source.bytes; ) {
        const reply = await this.piece(course, source, offset);
        if (typeof reply === 'string')
          return failure('unavailable', 'BACKUP_LOST', `The rows of bucket ${source.bucket} on rm-${source.rm} were lost on the way (${reply}); try again.`);
        if (course.watch.signal.aborted) return failure('unavailable', 'BACKUP_ENDED', 'Nobody takes the backup any more.');
        await course.watch.onPiece(source.bucket, reply.piece);
        offset += reply.piece.length;
        if (this.clock.monotonicMs() - keptMs < KEEP_MS) continue;
        keptMs = this.clock.monotonicMs();
        for (const later of sources.slice(at + 1)) void this.ask(course, later, 'read', later.bytes);
      }
    }
    return success(taken);
  }

  /** Asked for again where it was lost. @returns why there is none */
  private async piece(course: Course, source: Source, offset: number): Promise<BackupReply | string> {
    const untilMs = Math.min(course.untilMs, this.clock.monotonicMs() + PATIENCE_MS);
    for (;;) {
      const reply = await this.ask(course, source, 'read', offset);
      if (typeof reply !== 'string' && reply.stage === 'ready' && reply.bytes === source.bytes && reply.piece.length > 0) return reply;
      if (typeof reply !== 'string') return reply.reason === '' ? 'its process has started anew' : reply.reason;
      if (this.clock.monotonicMs() >= untilMs || course.watch.signal.aborted) return reply;
      await delay(this.clock, PAUSE_MS);
    }
  }

  /** @returns why there is no answer to a backup */
  private async ask(course: Course, { bucket, rm }: Source, step: Step, offset: number): Promise<BackupReply | string> {
    const timeoutMs = Math.max(1, Math.min(ANSWER_TIMEOUT_MS, course.untilMs - this.clock.monotonicMs()));
    const reply = await this.link.follower.send(rm, this.request(course, bucket, step, offset), timeoutMs);
    if (reply.kind === 'backup') return reply;
    return 'reason' in reply ? reply.reason : reply.kind;
  }

  /** Heard or not: a replica ends by itself what nobody asks about. */
  private end(course: Course, sources: readonly Source[]): void {
    for (const source of sources) void this.ask(course, source, 'end', 0);
  }

  private request({ id, us }: Course, bucket: BucketId, step: Step | 'announce', offset = 0): Extract<ParticipantRequest, { readonly kind: 'backup' }> {
    return { kind: 'backup', bucket, id, cutUs: us, step, offset };
  }

  /** Of each bucket a replica that does not lead, where there is one; as few on each Resource Manager as can be, and another one each time. */
  private sources(): readonly Source[] {
    const read = new Map<RmId, number>();
    return this.buckets().map((bucket) => {
      const replicas = this.directory.placement().replicasOf(bucket);
      const leader = this.directory.leaderHint(bucket) ?? null;
      const others = replicas.filter((rm) => rm !== leader);
      const turn = this.backups % Math.max(1, others.length);
      const [rm = replicas[0]] = [...others.slice(turn), ...others.slice(0, turn)].sort((one, other) => (read.get(one) ?? 0) - (read.get(other) ?? 0));
      if (rm === undefined) throw new RangeError(`bucket ${bucket} has no replicas`);
      read.set(rm, (read.get(rm) ?? 0) + 1);
      return { bucket, rm, rows: 0, bytes: 0, isReady: false, holdings: null };
    });
  }

  private buckets(): readonly BucketId[] {
    return bucketsWithRows(this.directory.placement().map);
  }
}
