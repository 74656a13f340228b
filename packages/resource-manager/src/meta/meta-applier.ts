/** The meta group's state machine: the placement map, changed by commands (meta-command.ts). Its checkpoint is the map itself, in the store's blob. */
import { emptyBucket } from '@mas/ledger';
import type { Applier } from '@mas/multi-raft';
import { META_GROUP, type PlacementMap } from '@mas/placement';
import { EMPTY_CONF_STATE, type ConfState, type Entry, type EntryId } from '@mas/raft';
import { invariant, present } from '@mas/values';
import type { BucketStore, Position } from '../applied-store';
import type { ReplicaListener } from '../bucket/bucket-applier';
import { Checkpointer, type CheckpointSource } from '../bucket/checkpointer';
import { entryId, mustFollow } from '../bucket/entry-id';
import type { ReplicaContext } from '../bucket/replica-context';
import type { ApplyResult } from '../resource-manager-options';
import { applyMetaCommand, decodeMetaCommand } from './meta-command';
import { decodePlacement, encodePlacement } from './placement-codec';

const NOWHERE: Position = { index: 0, term: 0 };
/** A whole map of a large cluster is far below it. */
const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;

export class MetaApplier implements Applier<ApplyResult>, CheckpointSource {
  listener: ReplicaListener | null = null;
  private map: PlacementMap | null = null;
  private position: Position = NOWHERE;
  private confState: ConfState = EMPTY_CONF_STATE;
  private store: BucketStore | null = null;
  private checkpoints: Checkpointer | null = null;
  private changedSince = false;
  private leaderTerm: number | null = null;
  private leading = false;

  /** @param onMap is told every map that becomes current, also at start. */
  constructor(
    private readonly context: ReplicaContext,
    private readonly onMap: (map: PlacementMap) => void,
  ) {}

  placement(): PlacementMap | null {
    return this.map;
  }

  async start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }> {
    const { store, checkpoint } = await this.context.store.openBucket(META_GROUP);
    this.store = store;
    if (checkpoint.blob !== null) this.adopt(decodePlacement(checkpoint.blob));
    this.position = checkpoint.applied;
    this.confState = checkpoint.confState ?? EMPTY_CONF_STATE;
    this.startCheckpointer();
    return { applied: entryId(this.position), confState: checkpoint.confState };
  }

  apply(entries: readonly Entry[], confState: ConfState): Promise<readonly ApplyResult[]> {
    const results = entries.map((entry): ApplyResult => {
      mustFollow(this.position, entry.index);
      this.position = { index: entry.index, term: entry.term };
      if (entry.type !== 'normal' || entry.data.length === 0) return [];
      const map = applyMetaCommand(this.map, decodeMetaCommand(entry.data));
      if (map !== null && map !== this.map) {
        this.adopt(map);
        this.changedSince = true;
      }
      return [{ kind: 'done' }];
    });
    this.confState = confState;
    this.checkpoints?.changed();
    this.noticeLeading();
    return Promise.resolve(results);
  }

  durable(): EntryId {
    return entryId(this.checkpoints?.durable() ?? NOWHERE);
  }

  requestCheckpoint(): void {
    this.checkpoints?.request();
  }

  snapshot(): Promise<{ readonly applied: EntryId; readonly confState: ConfState; readonly chunks: AsyncIterable<Uint8Array> }> {
    const bytes = this.map === null ? null : encodePlacement(this.map);
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      if (bytes !== null) yield bytes;
    };
    return Promise.resolve({ applied: entryId(this.position), confState: this.confState, chunks: chunks() });
  }

  async install(at: EntryId, confState: ConfState, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      invariant(size <= MAX_SNAPSHOT_BYTES, 'a placement map has a bounded size', { size });
      parts.push(chunk);
    }
    const map = size === 0 ? null : decodePlacement(Buffer.concat(parts));
    if (map !== null) this.adopt(map);
    this.position = { index: at.index, term: at.term };
    this.confState = confState;
    this.changedSince = true;
    await this.checkpoints?.flush(at.index, this.context.config.stopTimeoutMs);
  }

  healthy(): boolean {
    return true;
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
    this.onRole('follower', 0);
    await this.checkpoints?.close(this.context.config.stopTimeoutMs);
    await this.store?.close();
    this.store = null;
  }

  // What the checkpointer asks.

  applied(): Position {
    return this.position;
  }

  gather(): ReturnType<CheckpointSource['gather']> {
    this.changedSince = false;
    return {
      applied: this.position,
      confState: this.confState,
      meta: emptyBucket(META_GROUP),
      blob: this.map === null ? null : encodePlacement(this.map),
      accounts: [],
      legs: [],
      outcomes: [],
      locks: [],
      removedLocks: [],
      droppedSlots: [],
    };
  }

  written(): void {
    // Nothing is paged here.
  }

  changedCount(): number {
    return this.changedSince ? 1 : 0;
  }

  private adopt(map: PlacementMap): void {
    this.map = map;
    this.onMap(map);
  }

  private noticeLeading(): void {
    if (this.leading || this.leaderTerm === null || this.position.term !== this.leaderTerm) return;
    this.leading = true;
    this.listener?.onLeading(this.leaderTerm);
  }

  private startCheckpointer(): void {
    const { health, clock, logger, failpoints, config, onFatal } = this.context;
    const store = present(this.store, 'store of the meta group');
    this.checkpoints = new Checkpointer({ store, source: this, health, clock, logger, failpoints, config, onFailed: onFatal }, this.position);
  }
}
