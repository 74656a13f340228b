/**
 * Reads all rows of a replica from SQL, so that what is found is what a restart would find. Three things come of it: a digest of the whole replicated state
 * at one applied index, which is the same on every replica; whether the bucket adds up in itself; and what it says of a moment, which is the same in
 * whatever later state the replica is. Rows that only come in (docs/adr/0029) are digested, and nothing is said of them. Accounts and legs are read side by side
 * in the order of their keys: memory does not grow with the bucket.
 */
import { BucketAudit, countedSlots, emptyBucket, isStaged, MomentAudit, type BucketMeta, type LegRow, type MomentReport, type MomentTerms } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { ParticipantReply, ReplicaChecksum, ReplicaFindings } from '@mas/two-phase-commit';
import { delay, unreachable, type Slot, type SlotSet } from '@mas/values';
import { StoreUnavailable, type SnapshotChunk, type SnapshotReader } from '../applied-store';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { RunningDigest } from '../digest';
import type { HomeQuerier } from '../homes/home-querier';
import { decidedOf } from '../reads/decided-legs';
import { visitAccounts } from './account-rows';
import { RecentRows } from './recent-rows';
import { SlotShare } from './slot-share';

export interface AuditQuestion {
  /** Read right behind the entry that closes the bucket there, if it is still to come; null: now. */
  readonly barrierUs: number | null;
  /** Null: of none. */
  readonly moment: MomentTerms | null;
  /** What an earlier report has need not be read: rows of before this stamp (SnapshotReader), and journals are not added up. Null: all is read. */
  readonly sinceMs: number | null;
  /** Of which the moment is asked about; null: of all that the bucket counts. */
  readonly slots: SlotSet | null;
}

/** Nobody waits for it any more. */
export class AuditEnded extends Error {}

/** A database that answers has written within it whatever may wait. */
const WRITING_MS = 60_000;
const QUESTIONS_AT_ONCE = 250;
/** For a home that is just moving, or has no leader: all rows would have to be read again. */
const HOMES_WITHIN_MS = 10_000;
const HOMES_AGAIN_MS = 250;
/** Of the time that an audit takes, for accounts and their legs; the rest goes to outcomes. */
const ACCOUNTS_PERMILLE = 600;

export class RowsAudit {
  private rows = 0;
  private permille = 0;
  private hasEnded = false;

  constructor(
    private readonly applier: BucketApplier,
    private readonly homes: HomeQuerier,
    private readonly context: ReplicaContext,
  ) {}

  end(): void {
    this.hasEnded = true;
  }

  /** Rows read so far, and about how many thousandths of all they are: keys begin with the slot, and slots are about alike. */
  progress(): { readonly rows: number; readonly permille: number } {
    return { rows: this.rows, permille: Math.floor(this.permille) };
  }

  /** @throws StoreUnavailable, AuditEnded */
  async run({ barrierUs, moment, sinceMs, slots }: AuditQuestion): Promise<ReplicaFindings | ParticipantReply> {
    // So that little is left to write behind the barrier, where applying waits for it.
    this.applier.requestCheckpoint();
    const reader = await this.open(barrierUs);
    try {
      const meta = reader.checkpoint.meta ?? emptyBucket(this.applier.bucket);
      if (moment !== null && meta.momentUs < moment.us) return { kind: 'unavailable', reason: 'its rows have not come to the moment of the audit yet' };
      if (moment !== null && meta.momentsSinceUs > moment.us) return { kind: 'no-moment', why: 'before', sinceUs: meta.momentsSinceUs };
      const asOf = moment === null ? null : new MomentAudit(moment);
      const counted = countedSlots(meta);
      const asked = slots ?? counted;
      const lacking = asked.without(counted).ranges();
      const checksum = await this.readAll(reader, meta, asOf, asked.common(counted), sinceMs);
      if (asOf === null || moment === null) return { checksum, moment: null, lacking };
      const report = await this.withDecided(asOf, moment.us, meta.stampMs);
      return 'kind' in report ? report : { checksum, moment: report, lacking };
    } finally {
      await reader.close();
    }
  }

  /** @throws StoreUnavailable */
  private async open(barrierUs: number | null): Promise<SnapshotReader> {
    try {
      return await this.applier.readAt(barrierUs, this.context.config.readTimeoutMs);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || this.context.health.away()) throw error;
      // Behind heavy load more waits to be written than applying may wait for: it goes on, and the moment is in what stands then.
      return await this.applier.readAt(null, WRITING_MS);
    }
  }

  /** @param asked of whose rows the moment is asked about; the books and the digest are of all */
  private async readAll(reader: SnapshotReader, meta: BucketMeta, asOf: MomentAudit | null, asked: SlotSet, sinceMs: number | null): Promise<ReplicaChecksum> {
    const books = sinceMs === null ? new BucketAudit(meta, slotOfAccount) : new RecentRows();
    const digests = new RowDigests(this.context);
    const share = new SlotShare(countedSlots(meta).ranges());
    const reported = ({ slot }: { readonly slot: Slot }): MomentAudit | null => (asked.has(slot) ? asOf : null);
    const isOwn = ({ slot }: { readonly slot: Slot }): boolean => !isStaged(meta.moves, slot);
    const own = <Row extends { readonly slot: Slot }>(rows: readonly Row[]): readonly Row[] => rows.filter(isOwn);
    await this.readAccounts(reader, sinceMs, books, reported, digests, isOwn, (slot) => (this.permille = ACCOUNTS_PERMILLE * share.before(slot)));
    const rest = reader.chunks(['outcomes', 'locks'], sinceMs);
    for await (const chunk of rest) {
      this.counted(chunk.rows.length);
      const slot = chunk.kind === 'outcomes' ? chunk.rows[0]?.slot : undefined;
      if (slot !== undefined) this.permille = ACCOUNTS_PERMILLE + (1_000 - ACCOUNTS_PERMILLE) * share.before(slot);
      for (const single of rowByRow(chunk)) digests.add(single);
      if (chunk.kind === 'outcomes') {
        const rows = own(chunk.rows);
        books.addOutcomes(rows);
        for (const row of rows) reported(row)?.addOutcome(row);
      } else if (chunk.kind === 'locks') books.addLocks(own(chunk.rows));
    }
    const { differences, accounts, legs } = books.finish();
    return {
      bucket: this.applier.bucket,
      rm: this.context.rm,
      appliedIndex: reader.checkpoint.applied.index,
      sha256: digests.hex(meta),
      differences,
      accounts,
      legs,
    };
  }

  /** Each account with its legs. */
  private async readAccounts(
    reader: SnapshotReader,
    sinceMs: number | null,
    books: Pick<BucketAudit, 'addAccounts' | 'addLegs' | 'endAccount'>,
    reported: (row: { readonly slot: Slot }) => MomentAudit | null,
    digests: RowDigests,
    isOwn: (row: { readonly slot: Slot }) => boolean,
    passed: (slot: number) => void,
  ): Promise<void> {
    await visitAccounts(reader, sinceMs, (rows) => this.counted(rows), {
      account: (row) => {
        passed(row.slot);
        digests.add({ kind: 'accounts', rows: [row] });
        if (isOwn(row)) books.addAccounts([row]);
      },
      leg: (row, isOfAccount) => {
        digests.add({ kind: 'legs', rows: [row] });
        if (!isOwn(row)) return;
        books.addLegs([row]);
        if (isOfAccount) reported(row)?.addLeg(row);
      },
      endAccount: (row) => {
        if (!isOwn(row)) return;
        const openingMinor = books.endAccount(row.number);
        reported(row)?.endAccount(row, openingMinor);
      },
    });
  }

  /** Legs that the rows call prepared, and that their homes, closed at the moment, may have decided by then. */
  private async withDecided(asOf: MomentAudit, us: number, stampMs: number): Promise<MomentReport | ParticipantReply> {
    const unanswered = asOf.takeUnanswered();
    for (let from = 0; from < unanswered.length; from += QUESTIONS_AT_ONCE) {
      const asked = unanswered.slice(from, from + QUESTIONS_AT_ONCE);
      const decided = await this.decidedSoon(asked, us);
      // Each is a record that its home has read.
      this.counted(asked.length);
      if ('kind' in decided) return decided;
      for (const { leg, commitUs } of decided) {
        if (commitUs === null) return { kind: 'no-moment', why: 'before', sinceUs: this.applier.state().ledger.momentsSinceUs };
        asOf.addDecidedLeg(leg, commitUs);
      }
    }
    return asOf.finish(stampMs);
  }

  private async decidedSoon(asked: readonly LegRow[], us: number): ReturnType<typeof decidedOf> {
    const { clock } = this.context;
    const untilMs = clock.monotonicMs() + HOMES_WITHIN_MS;
    for (;;) {
      const decided = await decidedOf(this.homes, asked, { closedAtUs: us, isPast: true });
      if (!('kind' in decided) || decided.kind !== 'unavailable' || clock.monotonicMs() >= untilMs) return decided;
      await delay(clock, HOMES_AGAIN_MS);
      this.counted(0);
    }
  }

  private counted(rows: number): void {
    if (this.hasEnded) throw new AuditEnded();
    this.rows += rows;
  }
}

/** One per kind, as kinds are read side by side. Row by row: how a store cuts its chunks is its own affair. */
class RowDigests {
  private readonly running: Readonly<Record<SnapshotChunk['kind'], RunningDigest>>;

  constructor(private readonly context: ReplicaContext) {
    const start = (): RunningDigest => context.digest.startSha256();
    this.running = { accounts: start(), legs: start(), outcomes: start(), locks: start() };
  }

  add(single: SnapshotChunk): void {
    this.running[single.kind].update(this.context.rowCodec.encodeChunk(single));
  }

  hex(meta: BucketMeta): string {
    const { accounts, legs, outcomes, locks } = this.running;
    const whole = this.context.digest.startSha256();
    whole.update(this.context.rowCodec.encodeMeta(meta));
    for (const kind of [accounts, legs, outcomes, locks]) whole.update(Buffer.from(kind.hex(), 'latin1'));
    return whole.hex();
  }
}

function* rowByRow(chunk: SnapshotChunk): Iterable<SnapshotChunk> {
  switch (chunk.kind) {
    case 'accounts':
      for (const row of chunk.rows) yield { kind: 'accounts', rows: [row] };
      return;
    case 'legs':
      for (const row of chunk.rows) yield { kind: 'legs', rows: [row] };
      return;
    case 'outcomes':
      for (const row of chunk.rows) yield { kind: 'outcomes', rows: [row] };
      return;
    case 'locks':
      for (const row of chunk.rows) yield { kind: 'locks', rows: [row] };
      return;
    default:
      unreachable(chunk, 'snapshot chunk');
  }
}
