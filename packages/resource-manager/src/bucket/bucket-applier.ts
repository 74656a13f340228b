/**
 * One bucket's replica: the ledger in memory, its rows, and their way to SQL. Committed entries are decoded, the rows
 * that they may touch are loaded, and then all of them are applied in one synchronous step together with the applied
 * index, so that a checkpoint never sees half of it. The applied index lives here and in SQL, nowhere else.
 */
import { emptyBucket, Ledger, rowsTouched, type LedgerEntry } from '@mas/ledger';
import { isGroupStopped, type Applier } from '@mas/multi-raft';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import { EMPTY_CONF_STATE, type ConfState, type Entry, type EntryId } from '@mas/raft';
import type { ParticipantFailure } from '@mas/two-phase-commit';
import { delay, invariant, present, type BucketId, type SlotRange } from '@mas/values';
import { isFenced, isStoreFailure, StoreUnavailable, type BucketStore, type Checkpoint, type Position, type SnapshotReader } from '../applied-store';
import { CutBarriers, CutMissed } from '../backup/cut-barriers';
import type { ApplyResult } from '../resource-manager-options';
import { RowLoader } from '../rows/row-loader';
import { allLoaded, noPins, RowTable, type Pins } from '../rows/row-table';
import { SlotWatch } from '../rows/slot-watch';
import { checkpointStop, entryStop, partStop, rejection, startStop, type BucketStop } from './bucket-stop';
import { changesConfiguration, partsOf, type DecodedEntry } from './apply-parts';
import { Checkpointer, type CheckpointSource } from './checkpointer';
import { entryId, mustFollow } from './entry-id';
import { ReadBarriers } from './read-barriers';
import type { ReplicaContext } from './replica-context';
import { installSnapshot, outgoingSnapshot, type OutgoingSnapshot } from './snapshot-transfer';
import { StampClock } from './stamp-clock';

/** What an installed snapshot replaces as a whole. */
export interface BucketState {
  readonly store: BucketStore;
  readonly ledger: Ledger;
  readonly table: RowTable;
  readonly loader: RowLoader;
}

/** Who wants to know how the replica's part changes; called synchronously. */
export interface ReplicaListener {
  /** Leads, and has applied everything that earlier leaders had committed. */
  onLeading(term: number): void;
  onFollowing(): void;
}

/** The batch that this leader has proposed: its decoded form, and its rows are pinned until its fate is known. */
export interface BatchInFlight {
  readonly data: Uint8Array;
  readonly entry: LedgerEntry;
}

export class BucketApplier implements Applier<ApplyResult>, CheckpointSource {
  readonly stamps: StampClock;
  inFlight: BatchInFlight | null = null;
  listener: ReplicaListener | null = null;
  private current: BucketState | null = null;
  private checkpoints: Checkpointer | null = null;
  private position: Position = { index: 0, term: 0 };
  private confState: ConfState = EMPTY_CONF_STATE;
  private leaderTerm: number | null = null;
  private leading = false;
  private readonly barriers: ReadBarriers;
  private readonly cuts: CutBarriers;
  /** The rows in SQL are those of this moment or of later. */
  private durableUs = 0;
  private gatheredUs = 0;
  private stopped = false;
  private failure: BucketStop | null = null;

  constructor(
    readonly bucket: BucketId,
    private readonly context: ReplicaContext,
  ) {
    this.stamps = new StampClock(context.clock, () => context.host.agreedMs());
    this.barriers = new ReadBarriers(context.clock);
    this.cuts = new CutBarriers(context.clock);
  }

  /** @throws InvariantViolation before start. */
  state(): BucketState {
    return present(this.current, 'state of the replica');
  }

  isLeading(): boolean {
    return this.leading && !this.stopped && this.failure === null;
  }

  /** Why this replica has stopped of its own accord. */
  stopReason(): BucketStop | null {
    return this.failure;
  }

  async start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }> {
    const { store, checkpoint } = await this.context.store.openBucket(this.bucket);
    try {
      await this.adopt(store, checkpoint);
    } catch (cause) {
      await store.close();
      throw isStoreFailure(cause) ? cause : rejection(startStop(this.bucket, cause), this.context.rm);
    }
    return { applied: entryId(this.position), confState: checkpoint.confState };
  }

  async apply(entries: readonly Entry[], confState: ConfState): Promise<readonly ApplyResult[]> {
    const run = entries.map((entry): DecodedEntry => ({ entry, decoded: this.decode(entry) }));
    const barriers = [...this.barriers.takeReachedBy(run), ...this.cuts.takeReachedBy(run, this.state().ledger)];
    const parts = partsOf(
      run,
      barriers.sort((one, other) => one.index - other.index),
    );
    const results: ApplyResult[] = [];
    // The configuration is known at the end only, so a run that changes it is checkpointed as a whole.
    const whole = parts.length > 1 && changesConfiguration(run);
    if (whole) this.checkpointer().hold();
    try {
      for (const part of parts) {
        if (part.entries.length > 0) await this.applyPart(part.entries, whole ? this.confState : confState, results);
        await part.barrier?.reached();
      }
    } finally {
      if (whole) this.checkpointer().resume();
    }
    this.confState = confState;
    return results;
  }

  durable(): EntryId {
    return entryId(this.checkpointer().durable());
  }

  requestCheckpoint(): void {
    this.checkpointer().request();
  }

  snapshot(atLeast: number): Promise<OutgoingSnapshot> {
    return outgoingSnapshot(this, this.context, atLeast);
  }

  async install(at: EntryId, confState: ConfState, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { store } = this.state();
    const checkpoint = await installSnapshot(store, this.checkpointer(), this.context, { at, confState, chunks }, () => this.stopped);
    await this.adopt(store, checkpoint);
    this.context.logger.info({ bucket: this.bucket, index: at.index, term: at.term }, 'snapshot installed');
  }

  healthy(): boolean {
    return !this.stopped && this.failure === null && this.changedCount() < this.context.config.backlogRows;
  }

  /** Rows for a request; nobody waits for a store that is away. @throws StoreUnavailable */
  loadFor(pins: Pins): Promise<void> {
    if (!allLoaded(pins) && this.context.health.away()) return Promise.reject(new StoreUnavailable(`bucket ${this.bucket}: the database is away`, false));
    return this.state().loader.load(pins);
  }

  /** Notes from now on which rows of these slots change; of one range at a time. */
  watch(slots: SlotRange): SlotWatch {
    const { table } = this.state();
    invariant(table.watch === null, 'slots of one move are copied at a time');
    table.watch = new SlotWatch(slots, () => this.position.index + 1, this.context.config.maxNotedRows);
    return table.watch;
  }

  unwatch(watch: SlotWatch): void {
    const { table } = this.state();
    if (table.watch === watch) table.watch = null;
  }

  /** What a request hears that needs the store, while it does not answer. */
  storeRefusal(): ParticipantFailure {
    const { health, host, rm } = this.context;
    if (health.away() && !host.hasSuccessor(this.bucket)) return { kind: 'no-store', rm };
    return { kind: 'unavailable', reason: 'the database does not answer' };
  }

  onRole(role: 'leader' | 'follower', term: number): void {
    this.leaderTerm = role === 'leader' ? term : null;
    if (role === 'follower' && this.leading) {
      this.leading = false;
      this.listener?.onFollowing();
    }
    this.noticeLeading();
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.onRole('follower', 0);
    this.stopped = true;
    await this.checkpoints?.close(this.context.config.stopTimeoutMs);
    await this.current?.store.close();
  }

  /** SQL holds everything up to `index`. @throws StoreUnavailable */
  flush(index: number, timeoutMs: number): Promise<void> {
    return this.checkpointer().flush(index, timeoutMs);
  }

  /** SQL holds everything up to this moment, which has been applied. @throws StoreUnavailable */
  async flushUpTo(us: number, timeoutMs: number): Promise<void> {
    if (this.durableUs < us) await this.flush(this.position.index, timeoutMs);
  }

  /** A consistent read right behind the entry that closes the bucket at `us` if that is still to come, else as soon as possible. @throws StoreUnavailable */
  readAt(us: number | null, timeoutMs: number): Promise<SnapshotReader> {
    return this.readStanding(timeoutMs, (isRead) => (us === null ? Promise.resolve() : this.barriers.at(us, timeoutMs, isRead)));
  }

  /** Of the state of exactly this moment: all with moments up to it, and nothing behind (docs/adr/0028). @throws CutMissed, StoreUnavailable */
  async readCut(us: number, timeoutMs: number): Promise<SnapshotReader> {
    const { ledger } = this.state();
    if (ledger.momentUs === 0) throw new CutMissed('the bucket has no moments yet');
    const reader = await this.readStanding(timeoutMs, (isRead) => this.cuts.at(us, this.state().ledger.momentUs, timeoutMs, isRead));
    if ((reader.checkpoint.meta?.momentUs ?? 0) <= us) return reader;
    await reader.close();
    throw new CutMissed('the replica passed the moment while its rows were written');
  }

  /** Applying stands still where `at` resolves: for the checkpoint and for the read to begin, never for a connection that others have in use. */
  private async readStanding(timeoutMs: number, at: (isRead: Promise<void>) => Promise<void>): Promise<SnapshotReader> {
    let read = (): void => undefined;
    const isRead = new Promise<void>((resolve) => {
      read = resolve;
    });
    try {
      return await this.state().store.readSnapshot(async () => {
        await at(isRead);
        await this.flush(this.position.index, timeoutMs);
      });
    } finally {
      read();
    }
  }

  // What the checkpointer asks.

  applied(): Position {
    return this.position;
  }

  gather(): ReturnType<CheckpointSource['gather']> {
    const { ledger, table } = this.state();
    const meta = ledger.meta();
    this.gatheredUs = meta.momentUs;
    return { applied: this.position, confState: this.confState, meta, ...table.gather() };
  }

  written(): void {
    this.durableUs = this.gatheredUs;
    this.state().table.written();
  }

  changedCount(): number {
    return this.current?.table.changedCount ?? 0;
  }

  private async applyPart(part: readonly DecodedEntry[], confState: ConfState, results: ApplyResult[]): Promise<void> {
    const pins = this.pinRows(part);
    try {
      await this.loadUntilThere(pins);
    } catch (cause) {
      if (isStoreFailure(cause)) throw cause;
      throw this.fail(partStop(this.bucket, part, this.position, cause));
    }
    await this.checkpointer().room();
    const { table } = this.state();
    for (const { entry, decoded } of part) {
      mustFollow(this.position, entry.index);
      results.push(decoded === null ? [] : this.applyEntry(entry, decoded));
      if (decoded !== null) this.stamps.observe(decoded.stampMs);
      this.position = { index: entry.index, term: entry.term };
    }
    this.confState = confState;
    table.unpin(pins);
    this.checkpointer().changed();
    this.noticeLeading();
  }

  /** What an entry did before it failed is in memory only, and nothing of this memory is written, read or answered from any more. */
  private applyEntry(entry: Entry, decoded: LedgerEntry): ApplyResult {
    const { ledger, table } = this.state();
    try {
      return ledger.apply(decoded, table, entry.index);
    } catch (cause) {
      throw this.fail(entryStop(this.bucket, entry, decoded, cause));
    }
  }

  /** From here on the replica answers nobody and writes nothing. @returns what to reject with. */
  private fail(stop: BucketStop): unknown {
    if (this.failure === null) {
      this.failure = stop;
      this.checkpoints?.abandon();
      this.onRole('follower', 0);
      this.context.onBucketStopped(stop);
    }
    return rejection(stop, this.context.rm);
  }

  /** Entries are applied and answered rightly, but not written: the leadership goes elsewhere before the replica ends. */
  private checkpointFailed(cause: unknown, applied: Position): void {
    if (isFenced(cause)) return this.context.onFatal(cause);
    const reason = this.fail(checkpointStop(this.bucket, this.checkpointer().durable(), applied, cause));
    if (isGroupStopped(reason)) void this.context.host.stopGroup(this.bucket, reason);
  }

  private decode(entry: Entry): LedgerEntry | null {
    if (entry.type !== 'normal' || entry.data.length === 0) return null;
    if (this.isOwnBatch(entry)) return present(this.inFlight, 'batch in flight').entry;
    try {
      return this.context.ledgerCodec.decodeEntry(entry.data);
    } catch (cause) {
      throw this.fail(entryStop(this.bucket, entry, null, cause));
    }
  }

  /** Equal bytes decode alike, so the leader need not decode what it has just encoded. */
  private isOwnBatch(entry: Entry): boolean {
    const own = this.inFlight;
    return own !== null && (own.data === entry.data || Buffer.compare(own.data, entry.data) === 0);
  }

  /** The leader's own batch is pinned until its fate is known. */
  private pinRows(part: readonly DecodedEntry[]): Pins {
    const { ledger, table } = this.state();
    const pins = noPins();
    for (const { decoded } of part) {
      if (decoded === null || decoded === this.inFlight?.entry) continue;
      for (const instruction of decoded.instructions) table.pin(rowsTouched(instruction, ledger), pins);
    }
    return pins;
  }

  /** A committed entry is applied, however long SQL takes; nobody is answered meanwhile. */
  private async loadUntilThere(pins: Pins): Promise<void> {
    const { config, clock } = this.context;
    for (let waitMs = config.storeRetryMs; ; waitMs = Math.min(waitMs * 2, config.storeRetryMaxMs)) {
      try {
        await this.state().loader.load(pins);
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || this.stopped) throw error;
      }
      await delay(clock, waitMs);
    }
  }

  private noticeLeading(): void {
    if (this.leading || this.leaderTerm === null || this.position.term !== this.leaderTerm) return;
    this.leading = true;
    this.listener?.onLeading(this.leaderTerm);
  }

  private async adopt(store: BucketStore, checkpoint: Checkpoint): Promise<void> {
    const { config, random, health, clock, logger, failpoints } = this.context;
    const ledger = new Ledger(checkpoint.meta ?? emptyBucket(this.bucket), await store.loadPinned(), slotOfAccount, homeSlotOfKey);
    const table = new RowTable(config, random, ledger);
    await store.scanIdentities((chunk) => table.remember(chunk));
    this.current = { store, ledger, table, loader: new RowLoader(store, table, health, clock, config.loadTimeoutMs) };
    this.position = checkpoint.applied;
    this.confState = checkpoint.confState ?? EMPTY_CONF_STATE;
    this.stamps.observe(ledger.meta().stampMs);
    this.durableUs = ledger.momentUs;
    this.checkpoints = new Checkpointer(
      { store, source: this, health, clock, logger, failpoints, config, onFailed: (error, applied) => this.checkpointFailed(error, applied) },
      checkpoint.applied,
    );
  }

  private checkpointer(): Checkpointer {
    return present(this.checkpoints, 'checkpointer of the replica');
  }
}
