/**
 * LogStore in memory, for tests and simulators. The disk outlives its store: a crash leaves on it what was synced, a
 * new store reads it back. Syncs take a time of their own on the clock, and one sync covers what gathered meanwhile.
 */
import { logIndex, MemoryStorage, NO_DATA, type EntryId, type RaftStorage } from '@mas/raft';
import type { LogRecovery, LogStart, LogStats, LogStore, LogWrite } from '@mas/multi-raft';
import { Durations, invariant, present, type BucketId, type Clock } from '@mas/values';

/** What survives. Give it to the next MemoryLogStore after the process has died. */
export class MemoryLogDisk {
  readonly groups = new Map<BucketId, MemoryStorage>();
  /** Syncs that reached it, ever. */
  batches = 0;

  /** As it is now: for a test that puts it back later. */
  copy(): MemoryLogDisk {
    const copy = new MemoryLogDisk();
    for (const [group, storage] of this.groups) copy.groups.set(group, storage.copy());
    copy.batches = this.batches;
    return copy;
  }
}

export interface MemoryLogOptions {
  /** How long one sync takes; 0: everything is durable in the next turn. */
  readonly syncMs?: number | (() => number);
}

interface Operation {
  readonly carryOut: (groups: Map<BucketId, MemoryStorage>) => void;
  readonly done: () => void;
  readonly sinceMs: number;
}

export class MemoryLogStore implements LogStore {
  /** As the process sees it; the disk follows with every sync. */
  private readonly live = new Map<BucketId, MemoryStorage>();
  private waiting: Operation[] = [];
  private isSyncing = false;
  private isCrashed = false;
  private syncs = 0;
  private lastSyncMs: number | null = null;
  private readonly pressing = new Map<BucketId, number>();

  constructor(
    private readonly disk: MemoryLogDisk,
    private readonly clock: Clock,
    private readonly options: MemoryLogOptions = {},
  ) {}

  recover(): Promise<LogRecovery> {
    for (const [group, storage] of this.disk.groups) this.live.set(group, storage.copy());
    return Promise.resolve({ groups: [...this.live.keys()], torn: null });
  }

  storage(group: BucketId): RaftStorage | undefined {
    return this.live.get(group);
  }

  reset(group: BucketId, start: LogStart): Promise<void> {
    return this.perform((groups) => {
      const fresh = new MemoryStorage();
      fresh.applySnapshot({ metadata: { ...start.at, confState: start.confState }, data: NO_DATA });
      const before = groups.get(group)?.initialState().hardState;
      const commit = logIndex(Math.max(start.at.index, 0));
      const keepsTerm = before !== undefined && before.term >= start.at.term;
      fresh.setHardState(keepsTerm ? { ...before, commit } : { term: start.at.term, vote: undefined, commit });
      groups.set(group, fresh);
    });
  }

  append(group: BucketId, write: LogWrite, done: () => void): void {
    this.enqueue((groups) => {
      const storage = present(groups.get(group), `log of group ${group}`);
      storage.append(write.entries);
      if (write.hardState !== undefined) storage.setHardState(write.hardState);
    }, done);
  }

  compact(group: BucketId, upTo: EntryId): void {
    this.enqueue(
      (groups) => compactTo(present(groups.get(group), `log of group ${group}`), upTo),
      () => undefined,
    );
  }

  remove(group: BucketId): Promise<void> {
    return this.perform((groups) => groups.delete(group));
  }

  /** Tests say which groups are in the way, and (0) no longer. */
  press(group: BucketId, bytes: number): void {
    if (bytes > 0) this.pressing.set(group, bytes);
    else this.pressing.delete(group);
  }

  pinning(): readonly { readonly group: BucketId; readonly bytes: number }[] {
    return [...this.pressing].map(([group, bytes]) => ({ group, bytes })).sort((a, b) => b.bytes - a.bytes);
  }

  position(): number {
    return this.disk.batches;
  }

  oldestWriteMs(): number {
    const oldest = this.waiting[0];
    return oldest === undefined ? 0 : this.clock.monotonicMs() - oldest.sinceMs;
  }

  stats(): LogStats {
    return { syncs: this.syncs, bytes: 0, segments: 1, queuedBytes: 0, syncP50Ms: this.lastSyncMs, syncP99Ms: null, syncTimes: new Durations() };
  }

  close(): Promise<void> {
    return this.perform(() => undefined);
  }

  /** The process dies: nothing that was not synced is on the disk, and nobody hears of anything any more. */
  crash(): void {
    this.isCrashed = true;
    this.waiting = [];
  }

  private perform(carryOut: Operation['carryOut']): Promise<void> {
    return new Promise((resolve) => this.enqueue(carryOut, resolve));
  }

  private enqueue(carryOut: Operation['carryOut'], done: () => void): void {
    if (this.isCrashed) return;
    carryOut(this.live);
    this.waiting.push({ carryOut, done, sinceMs: this.clock.monotonicMs() });
    this.sync();
  }

  private sync(): void {
    if (this.isSyncing) return;
    this.isSyncing = true;
    const startedMs = this.clock.monotonicMs();
    const finish = (): void => {
      this.isSyncing = false;
      if (this.isCrashed) return;
      const covered = this.waiting;
      this.waiting = [];
      this.syncs += 1;
      this.lastSyncMs = this.clock.monotonicMs() - startedMs;
      for (const operation of covered) operation.carryOut(this.disk.groups);
      this.disk.batches += 1;
      for (const operation of covered) operation.done();
      if (this.waiting.length > 0) this.sync();
    };
    const { syncMs: given = 1 } = this.options;
    const syncMs = typeof given === 'number' ? given : given();
    if (syncMs === 0) this.clock.defer(finish);
    else this.clock.schedule(syncMs, finish);
  }
}

/** What is compacted counts as the snapshot from then on, as in the log on disk. */
function compactTo(storage: MemoryStorage, upTo: EntryId): void {
  if (upTo.index < storage.firstIndex()) return;
  invariant(storage.term(upTo.index) === upTo.term, 'compaction names an entry of the log', { index: upTo.index, term: upTo.term });
  storage.createSnapshot(upTo.index, storage.initialState().confState, NO_DATA);
  storage.compact(upTo.index);
}
