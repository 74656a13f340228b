/**
 * LogStore without a disk, for tests and simulations that do not care for bytes. `sync` is called when a sync begins and
 * calls back when it ends, so its owner decides how long it takes; `crash()` gives the store that a restart would
 * find: exactly what was synced. The simulator's torn and lying disks need SegmentedLogStore on MemoryFileSystem.
 */
import type { EntryId, RaftStorage } from '@mas/raft';
import type { LogRecovery, LogStart, LogStats, LogStore, LogWrite } from '@mas/multi-raft';
import { present, type BucketId } from '@mas/values';
import { GroupLog, NO_HARD_STATE } from './group/group-log';

type Operation = (groups: Map<BucketId, GroupLog>) => void;

export class MemoryLogStore implements LogStore {
  private groups = new Map<BucketId, GroupLog>();
  private pending: { readonly apply: Operation; readonly done: () => void }[] = [];
  private inFlight: { readonly apply: Operation; readonly done: () => void }[] = [];
  private syncing = false;
  private stopped = false;
  private syncs = 0;
  private readonly idle: (() => void)[] = [];

  constructor(
    private readonly sync: (done: () => void) => void = queueMicrotask,
    private readonly journal: Operation[] = [],
  ) {}

  recover(): Promise<LogRecovery> {
    for (const apply of this.journal) apply(this.groups);
    return Promise.resolve({ groups: [...this.groups.keys()].sort((a, b) => a - b), torn: null });
  }

  /** What is left of this store after a power failure at this moment; this one answers nothing any more. */
  crash(): MemoryLogStore {
    this.stopped = true;
    return new MemoryLogStore(this.sync, this.journal.slice());
  }

  storage(group: BucketId): RaftStorage | undefined {
    return this.groups.get(group);
  }

  reset(group: BucketId, start: LogStart): Promise<void> {
    return new Promise((resolve) => {
      this.perform(resolve, (groups) => {
        const log = groups.get(group) ?? new GroupLog({ hardState: NO_HARD_STATE, base: start.at, confState: start.confState });
        log.restart(log.stateAfterStart(start));
        groups.set(group, log);
      });
    });
  }

  append(group: BucketId, write: LogWrite, done: () => void): void {
    this.perform(done, (groups) => {
      const log = present(groups.get(group), `log of group ${group}`);
      if (write.hardState !== undefined) log.setHardState(write.hardState);
      log.append(write.entries, 0);
    });
  }

  compact(group: BucketId, upTo: EntryId): void {
    this.perform(() => undefined, (groups) => {
      const log = present(groups.get(group), `log of group ${group}`);
      if (upTo.index <= log.state.base.index) return;
      log.checkCompaction(upTo);
      log.compact(upTo);
    });
  }

  remove(group: BucketId): Promise<void> {
    return new Promise((resolve) => this.perform(resolve, (groups) => void groups.delete(group)));
  }

  pinning(): readonly [] {
    return [];
  }

  position(): number {
    return this.journal.length;
  }

  /** Without a clock: its owner knows how long it lets a sync take. */
  oldestWriteMs(): number {
    return 0;
  }

  stats(): LogStats {
    return { syncs: this.syncs, bytes: 0, segments: 1, queuedBytes: 0, syncP50Ms: null, syncP99Ms: null };
  }

  async close(): Promise<void> {
    if (this.stopped) return;
    if (this.pending.length > 0) this.startSync();
    if (this.syncing) await new Promise<void>((resolve) => this.idle.push(resolve));
    this.stopped = true;
  }

  private perform(done: () => void, apply: Operation): void {
    if (this.stopped) return;
    apply(this.groups);
    this.pending.push({ apply, done });
    queueMicrotask(() => this.startSync());
  }

  private startSync(): void {
    if (this.syncing || this.stopped || this.pending.length === 0) return;
    this.syncing = true;
    this.inFlight = this.pending;
    this.pending = [];
    this.sync(() => this.synced());
  }

  private synced(): void {
    if (this.stopped) return;
    const finished = this.inFlight;
    this.inFlight = [];
    this.syncing = false;
    this.syncs += 1;
    for (const { apply } of finished) this.journal.push(apply);
    for (const { done } of finished) done();
    if (this.pending.length > 0) this.startSync();
    else for (const resolve of this.idle.splice(0)) resolve();
  }
}
