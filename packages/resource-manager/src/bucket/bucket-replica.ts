/** One bucket on this Resource Manager: its replica, and, while it leads, everything that a leader does. */
import type { BucketSize } from '@mas/placement';
import type { MoveStatus, InstructionItem, ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { unreachable, type BucketId } from '@mas/values';
import { StoreUnavailable } from '../applied-store';
import { AuditRuns } from '../audit/audit-runs';
import { BucketBackups, type BackupRequest } from '../backup/bucket-backups';
import { RowsAudit, type AuditQuestion } from '../audit/rows-audit';
import { BucketOpening } from '../drivers/bucket-opening';
import { DeliveryDriver } from '../drivers/deliver';
import { ExpiryDriver } from '../drivers/expire';
import { MoveCarrier, type OrderedMoves } from '../drivers/move-carrier';
import type { MoveNumbers } from '../moves/move-progress';
import { ReplicaDrivers } from '../drivers/replica-drivers';
import { ResolutionDriver } from '../drivers/resolve';
import type { BucketExchange } from '../homes/exchange';
import type { HomeQuerier } from '../homes/home-querier';
import type { AdmissionControl } from '../propose/admission';
import { InstructionService } from '../propose/instruction-service';
import { Proposer } from '../propose/proposer';
import { AccountReads } from '../reads/account-reads';
import { BucketReads } from '../reads/bucket-reads';
import { Closing } from '../reads/closing';
import { BucketApplier, type ReplicaListener } from './bucket-applier';
import type { ReplicaContext } from './replica-context';
import { encodeSnapshot } from './snapshot-stream';

/** Requests about a bucket's rows. */
export type BucketRequest = Exclude<Extract<ParticipantRequest, { readonly bucket: BucketId }>, { readonly kind: 'who-leads' | 'members' }>;

/** A bucket that is ahead of the time is closed ahead of it. */
const MAX_CLOSING_MS = 1_000;

export interface ReplicaServices {
  readonly exchange: BucketExchange;
  readonly homes: HomeQuerier;
  readonly admission: AdmissionControl;
  readonly moves: OrderedMoves;
}

export class BucketReplica implements ReplicaListener {
  readonly applier: BucketApplier;
  readonly proposer: Proposer;
  private readonly opening: BucketOpening;
  private readonly drivers: ReplicaDrivers;
  private readonly carrier: MoveCarrier;
  private readonly instructions: InstructionService;
  private readonly closing: Closing;
  private readonly accounts: AccountReads;
  private readonly reads: BucketReads;
  private readonly audits: AuditRuns;
  private readonly backups: BucketBackups;

  constructor(
    readonly bucket: BucketId,
    private readonly context: ReplicaContext,
    private readonly services: ReplicaServices,
  ) {
    const { exchange, homes, admission } = services;
    const { host, config } = context;
    this.applier = new BucketApplier(bucket, context);
    this.applier.listener = this;
    this.proposer = new Proposer(this.applier, host, context);
    this.closing = new Closing(this.applier, this.proposer);
    this.opening = new BucketOpening(this.applier, this.proposer, context);
    this.carrier = new MoveCarrier(this.applier, this.proposer, exchange, services.moves, context);
    this.drivers = new ReplicaDrivers(
      this.applier,
      [
        this.opening,
        new DeliveryDriver(this.applier, this.proposer, exchange, context),
        new ResolutionDriver(this.applier, this.proposer, exchange, context),
        new ExpiryDriver(this.applier, this.proposer, context),
        this.carrier,
      ],
      context,
    );
    this.instructions = new InstructionService(this.applier, this.proposer, admission, homes, config.maxWaitRounds, config.maxBatchInstructions);
    this.accounts = new AccountReads(this.applier, this.closing, homes, context);
    this.reads = new BucketReads(this.applier, this.closing, homes, context);
    this.audits = new AuditRuns({
      clock: context.clock,
      start: () => this.newAudit(),
      work: (audit, question) => this.audited(audit, question),
      storeRefusal: () => this.applier.storeRefusal(),
    });
    this.backups = new BucketBackups({
      clock: context.clock,
      untilMs: (us) => us / 1000 - this.applier.stamps.now(),
      readCut: (us, timeoutMs) => this.applier.readCut(us, timeoutMs),
      spool: (reader) => context.spool.spool(bucket, encodeSnapshot(reader, context.rowCodec, context.digest)),
    });
  }

  /** Of slots, of which this replica, as the bucket's leader, has to see to. */
  moves(): readonly MoveStatus[] {
    return this.carrier.statuses();
  }

  /** About: identities of what has left are counted until the process starts anew. */
  size(): BucketSize {
    const { ledger, table } = this.applier.state();
    const { accountCount } = ledger.meta();
    return { accounts: accountCount, rows: accountCount + table.legIds.identities + table.outcomeIds.identities };
  }

  moveNumbers(): MoveNumbers {
    return this.carrier.numbers();
  }

  onLeading(term: number): void {
    this.context.logger.info({ bucket: this.bucket, term, index: this.applier.applied().index }, 'leads the bucket');
    this.drivers.start();
  }

  onFollowing(): void {
    this.drivers.stop();
    this.proposer.leadershipLost();
    this.context.logger.info({ bucket: this.bucket }, 'no longer leads the bucket');
  }

  async handle(request: BucketRequest, caller: 'tm' | 'rm'): Promise<ParticipantReply> {
    switch (request.kind) {
      case 'instructions':
        return this.instruct(request.items, caller);
      case 'query':
        return this.reads.query(request);
      case 'read-accounts':
        return this.accounts.read(request.level, request.numbers, request.at);
      case 'list-legs':
        return this.reads.listLegs(request.query, request.sinceUs);
      case 'leg':
        return this.reads.leg(request.account, request.txn);
      case 'list-accounts':
        return this.reads.listAccounts(request);
      case 'totals':
        return this.reads.totals(request.atUs);
      case 'undecided':
        return this.reads.undecided();
      case 'locks':
        return this.reads.locks(request.lockId);
      case 'checksum':
        return this.checksum(request.atUs);
      case 'audit':
        return this.audits.ask(request);
      case 'backup':
        return request.step === 'announce' ? this.announced(request) : this.backups.ask(request);
      default:
        return unreachable(request, 'request about a bucket');
    }
  }

  /** Answers what waits and lets what is in flight finish; the replica itself is stopped by its host. */
  async quiet(): Promise<void> {
    this.audits.endAll();
    this.backups.endAll();
    this.drivers.stop();
    await this.proposer.stop();
    await this.drivers.idle();
  }

  /** Tokens are verified by the leader only, and nothing is proposed before the bucket knows its slots. */
  private async instruct(items: readonly InstructionItem[], caller: 'tm' | 'rm'): Promise<ParticipantReply> {
    const refusal = this.proposer.refusal(items.length);
    if (refusal !== null) return refusal;
    if (!this.opening.isOpen()) return { kind: 'unavailable', reason: 'the bucket is being opened' };
    return this.instructions.handle(items, caller);
  }

  /** Whole, in one answer. */
  private async checksum(atUs: number | null): Promise<ParticipantReply> {
    try {
      const found = await this.audited(this.newAudit(), { barrierUs: atUs, moment: null, sinceMs: null, slots: null });
      return 'kind' in found ? found : { kind: 'checksum', checksum: found.checksum };
    } catch (error) {
      if (error instanceof StoreUnavailable) return this.applier.storeRefusal();
      throw error;
    }
  }

  private async audited(audit: RowsAudit, question: AuditQuestion): ReturnType<RowsAudit['run']> {
    // So that an entry comes that all replicas have, also where nobody pays; not before the others have been asked as well.
    const { barrierUs } = question;
    const closing =
      barrierUs === null || !this.applier.isLeading() || this.closing.isFarAhead(barrierUs)
        ? null
        : this.context.clock.schedule(this.closesInMs(barrierUs), () => void this.proposer.closeAt(barrierUs));
    try {
      return await audit.run(question);
    } finally {
      closing?.cancel();
    }
  }

  /** To the leader, which sees to it that the cut lies between two entries, and comes, also where nobody pays. */
  private announced({ cutUs }: BackupRequest): ParticipantReply {
    const refusal = this.proposer.refusal(0);
    if (refusal !== null) return refusal;
    if (this.closing.isFarAhead(cutUs)) return this.closing.refused('ahead');
    this.proposer.cutAt(cutUs);
    const untilMs = cutUs / 1000 - this.applier.stamps.now();
    this.context.clock.schedule(Math.max(0, untilMs), () => void this.proposer.closeAt(cutUs));
    return { kind: 'backup', stage: 'announced', rows: 0, bytes: 0, piece: new Uint8Array(0), reason: '', holdings: null };
  }

  private newAudit(): RowsAudit {
    return new RowsAudit(this.applier, this.services.homes, this.context);
  }

  private closesInMs(us: number): number {
    return Math.min(MAX_CLOSING_MS, Math.max(0, us / 1000 - this.applier.stamps.now()));
  }
}
