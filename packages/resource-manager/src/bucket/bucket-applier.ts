/**
 * One bucket's replica: the ledger in memory, its rows, and their way to SQL. Committed entries are decoded, the rows
 * that they may touch are loaded, and then all of them are applied in one synchronous step together with the applied
 * index, so that a checkpoint never sees half of it. The applied index lives here and in SQL, nowhere else.
 */
import { emptyBucket, Ledger, rowsTouched, type LedgerEntry } from '@mas/ledger';
import type { Applier } from '@mas/multi-raft';
import { slotOfAccount } from '@mas/placement';
import { EMPTY_CONF_STATE, logIndex, term as raftTerm, type ConfState, type Entry, type EntryId } from '@mas/raft';
import { invariant, present, type BucketId } from '@mas/values';
import { StoreUnavailable, type BucketStore, type Checkpoint, type Position, type SnapshotInstaller, type SnapshotReader } from '../applied-store';
import type { ApplyResult } from '../resource-manager-options';
import { RowLoader } from '../rows/row-loader';
import { noPins, RowTable, type Pins } from '../rows/row-table';
import { Checkpointer, type CheckpointSource } from './checkpointer';
import type { ReplicaContext } from './replica-context';
import { decodeSnapshot, encodeSnapshot, SnapshotDamaged } from './snapshot-stream';
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

/** A stop between two entries at which someone looks at the state of exactly that index. */
interface Barrier {
  readonly index: number;
  readonly reached: () => Promise<void>;
}

const INSTALL_TIMEOUT_MS = 10_000;

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
  private barriers: Barrier[] = [];
  private stopped = false;

  constructor(
    readonly bucket: BucketId,
    private readonly context: ReplicaContext,
  ) {
    this.stamps = new StampClock(context.clock);
  }

  /** @throws InvariantViolation before start. */
  state(): BucketState {
    return present(this.current, 'state of the replica');
  }

  isLeading(): boolean {
    return this.leading && !this.stopped;
  }

  async start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }> {
    const { store, checkpoint } = await this.context.store.openBucket(this.bucket);
    await this.adopt(store, checkpoint);
    return { applied: entryId(this.position), confState: checkpoint.confState };
  }

  async apply(entries: readonly Entry[], confState: ConfState): Promise<readonly ApplyResult[]> {
    const results: ApplyResult[] = [];
    let rest = entries;
    for (const barrier of this.barriersIn(entries)) {
      const before = rest.filter((entry) => entry.index <= barrier.index);
      if (before.length > 0) await this.applyRun(before, confState, results);
      rest = rest.slice(before.length);
      await barrier.reached();
    }
    if (rest.length > 0) await this.applyRun(rest, confState, results);
    return results;
  }

  durable(): EntryId {
    return entryId(this.checkpointer().durable());
  }

  requestCheckpoint(): void {
    this.checkpointer().request();
  }

  async snapshot(atLeast: number): Promise<{ readonly applied: EntryId; readonly confState: ConfState; readonly chunks: AsyncIterable<Uint8Array> }> {
    await this.flush(atLeast, INSTALL_TIMEOUT_MS);
    const { rowCodec, digest, spool } = this.context;
    const reader = await this.state().store.readSnapshot();
    const spooled = await spool.spool(this.bucket, encodeSnapshot(reader, rowCodec, digest)).finally(() => reader.close());
    const { applied, confState } = reader.checkpoint;
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* spooled.read();
      } finally {
        await spooled.release();
      }
    };
    return { applied: entryId(applied), confState: present(confState, 'configuration of the snapshot'), chunks: chunks() };
  }

  async install(at: EntryId, confState: ConfState, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { store } = this.state();
    const { rowCodec, digest } = this.context;
    const frames = decodeSnapshot(chunks, rowCodec, digest);
    const first = await frames.next();
    if (first.done === true || first.value.kind !== 'checkpoint') throw new SnapshotDamaged('it has no checkpoint');
    const received = first.value.checkpoint;
    if (received.applied.index !== at.index || received.applied.term !== at.term) throw new SnapshotDamaged('it stands at another index than announced');
    const checkpoint: Checkpoint = { ...received, confState };
    const installer = await store.beginInstall(checkpoint);
    try {
      for await (const frame of frames) {
        if (frame.kind === 'rows') await installer.write(frame.chunk);
      }
      // From here on nothing of the old state may be written over the new one.
      await this.checkpointer().pause(INSTALL_TIMEOUT_MS);
    } catch (error) {
      await installer.abandon().catch(() => undefined);
      throw error;
    }
    await this.finishInstall(installer, at);
    await this.adopt(store, checkpoint);
    this.context.logger.info({ bucket: this.bucket, index: at.index, term: at.term }, 'snapshot installed');
  }

  healthy(): boolean {
    return !this.stopped && !this.context.health.down() && this.changedCount() < this.context.config.backlogRows;
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

  /** A consistent read at exactly `index` if that is still ahead, else as soon as possible. */
  async readAt(index: number | null, timeoutMs: number): Promise<SnapshotReader> {
    const open = async (): Promise<SnapshotReader> => {
      await this.flush(this.position.index, timeoutMs);
      return this.state().store.readSnapshot();
    };
    if (index === null || index <= this.position.index) return open();
    return new Promise((resolve, reject) => {
      const barrier: Barrier = {
        index,
        reached: () => {
          timer.cancel();
          return open().then(resolve, reject);
        },
      };
      const timer = this.context.clock.schedule(timeoutMs, () => {
        this.barriers = this.barriers.filter((other) => other !== barrier);
        open().then(resolve, reject);
      });
      this.barriers.push(barrier);
    });
  }

  // What the checkpointer asks.

  applied(): Position {
    return this.position;
  }

  gather(): ReturnType<CheckpointSource['gather']> {
    const { ledger, table } = this.state();
    return { applied: this.position, confState: this.confState, meta: ledger.meta(), ...table.gather() };
  }

  written(): void {
    this.state().table.written();
  }

  changedCount(): number {
    return this.current?.table.changedCount ?? 0;
  }

  private async applyRun(entries: readonly Entry[], confState: ConfState, results: ApplyResult[]): Promise<void> {
    const decoded = entries.map((entry) => this.decode(entry));
    const pins = this.pinRows(decoded);
    await this.loadUntilThere(pins);
    await this.checkpointer().room();
    const { ledger, table } = this.state();
    for (const [at, entry] of entries.entries()) {
      invariant(entry.index === this.position.index + 1, 'entries are applied one after the other', { index: entry.index, applied: this.position.index });
      const ledgerEntry = decoded[at] ?? null;
      if (ledgerEntry !== null) {
        results.push(ledger.apply(ledgerEntry, table, entry.index));
        this.stamps.observe(ledgerEntry.stampMs);
      } else {
        results.push([]);
      }
      this.position = { index: entry.index, term: entry.term };
    }
    this.confState = confState;
    table.unpin(pins);
    this.checkpointer().changed();
    this.noticeLeading();
  }

  private decode(entry: Entry): LedgerEntry | null {
    if (entry.type !== 'normal' || entry.data.length === 0) return null;
    if (this.isOwnBatch(entry)) return present(this.inFlight, 'batch in flight').entry;
    return this.context.ledgerCodec.decodeEntry(entry.data);
  }

  /** Equal bytes decode alike, so the leader need not decode what it has just encoded. */
  private isOwnBatch(entry: Entry): boolean {
    const own = this.inFlight;
    return own !== null && (own.data === entry.data || Buffer.compare(own.data, entry.data) === 0);
  }

  private pinRows(decoded: readonly (LedgerEntry | null)[]): Pins {
    const { ledger, table } = this.state();
    const pins = noPins();
    for (const entry of decoded) {
      if (entry === null || entry === this.inFlight?.entry) continue;
      for (const instruction of entry.instructions) table.pin(rowsTouched(instruction, ledger), pins);
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
      await new Promise<void>((resolve) => clock.schedule(waitMs, resolve));
    }
  }

  /** Barriers that these entries reach, in order. Behind a change of configuration only the end of the run is exact. */
  private barriersIn(entries: readonly Entry[]): readonly Barrier[] {
    const last = entries[entries.length - 1];
    if (this.barriers.length === 0 || last === undefined) return [];
    const reached = this.barriers.filter((barrier) => barrier.index <= last.index).sort((a, b) => a.index - b.index);
    this.barriers = this.barriers.filter((barrier) => barrier.index > last.index);
    const mixed = entries.some((entry) => entry.type !== 'normal');
    return mixed ? reached.map((barrier) => ({ ...barrier, index: last.index })) : reached;
  }

  private noticeLeading(): void {
    if (this.leading || this.leaderTerm === null || this.position.term !== this.leaderTerm) return;
    this.leading = true;
    this.listener?.onLeading(this.leaderTerm);
  }

  private async adopt(store: BucketStore, checkpoint: Checkpoint): Promise<void> {
    const { config, random, health, clock, logger, failpoints, onFatal } = this.context;
    const ledger = new Ledger(checkpoint.meta ?? emptyBucket(this.bucket), await store.loadPinned(), slotOfAccount);
    const table = new RowTable(config, random, ledger);
    await store.scanIdentities((chunk) => table.remember(chunk));
    this.current = { store, ledger, table, loader: new RowLoader(store, table, health, clock, config.loadTimeoutMs) };
    this.position = checkpoint.applied;
    this.confState = checkpoint.confState ?? EMPTY_CONF_STATE;
    this.stamps.observe(ledger.meta().stampMs);
    this.checkpoints = new Checkpointer({ store, source: this, health, clock, logger, failpoints, config, onFatal }, checkpoint.applied);
  }

  /** A COMMIT without an answer may have taken effect: what SQL says decides whether the old state goes on. */
  private async finishInstall(installer: SnapshotInstaller, at: EntryId): Promise<void> {
    try {
      await installer.finish();
    } catch (error) {
      const standing = await this.standingInSql();
      if (standing.index === at.index) return;
      this.checkpointer().resume();
      throw error;
    }
  }

  private async standingInSql(): Promise<Position> {
    const { config, clock } = this.context;
    for (let waitMs = config.storeRetryMs; ; waitMs = Math.min(waitMs * 2, config.storeRetryMaxMs)) {
      try {
        const reader = await this.state().store.readSnapshot();
        await reader.close();
        return reader.checkpoint.applied;
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || this.stopped) throw error;
      }
      await new Promise<void>((resolve) => clock.schedule(waitMs, resolve));
    }
  }

  private checkpointer(): Checkpointer {
    return present(this.checkpoints, 'checkpointer of the replica');
  }
}

function entryId(position: Position): EntryId {
  return { index: logIndex(position.index), term: raftTerm(position.term) };
}
