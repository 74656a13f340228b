/** One replica of a trace: the production core over memory storage, with a host that keeps every snapshot. */
import {
  CoreRaftNode,
  decodeConfChange,
  MemoryStorage,
  NO_LIMIT,
  raftConfig,
  type Entry,
  type HardState,
  type NodeId,
  type RaftConfig,
  type Snapshot,
  type StorageAppendMessage,
  type StorageApplyMessage,
} from '@mas/raft';
import { SeededRandom } from '@mas/values';

export type TraceConfig = Partial<RaftConfig>;

/** The configuration that every trace starts from. */
const BASE: TraceConfig = {
  electionTicks: 3,
  heartbeatTicks: 1,
  preVote: false,
  checkQuorum: false,
  stepDownOnRemoval: false,
  maxMessageBytes: NO_LIMIT,
  maxInflightMessages: 2 ** 31 - 1,
  maxInflightBytes: NO_LIMIT,
  maxUncommittedBytes: NO_LIMIT,
  maxCommittedBytesPerReady: NO_LIMIT,
};

/** Memory storage that always offers the newest state as its snapshot. */
class HistoryStorage extends MemoryStorage {
  constructor(private readonly history: readonly Snapshot[]) {
    super();
  }

  override snapshot(): Snapshot | undefined {
    return this.history[this.history.length - 1];
  }
}

export class TraceNode {
  readonly node: CoreRaftNode;
  readonly storage: HistoryStorage;
  readonly config: RaftConfig;
  readonly appendWork: StorageAppendMessage[] = [];
  readonly applyWork: StorageApplyMessage[] = [];
  private readonly history: Snapshot[];

  constructor(
    readonly id: NodeId,
    settings: TraceConfig,
    private readonly start: Snapshot,
    seed: number,
  ) {
    this.history = [start];
    this.storage = new HistoryStorage(this.history);
    const isBootstrapped = start.metadata.index > 0;
    if (isBootstrapped) this.storage.applySnapshot(start);
    const random = new SeededRandom(seed * 1009 + id);
    this.config = raftConfig({ ...BASE, ...settings, appliedIndex: start.metadata.index, id, storage: this.storage, random });
    this.node = new CoreRaftNode(this.config);
  }

  newestSnapshot(): Snapshot {
    return this.history[this.history.length - 1] ?? this.start;
  }

  append(hardState: HardState | undefined, entries: readonly Entry[], snapshot: Snapshot | undefined): void {
    if (hardState !== undefined) this.storage.setHardState(hardState);
    if (snapshot !== undefined && snapshot.metadata.index > 0) {
      if (entries.length > 0) throw new Error("can't apply snapshot and entries at the same time");
      if (!this.storage.applySnapshot(snapshot)) throw new Error('requested index is older than the existing snapshot');
      return;
    }
    this.storage.append(entries);
  }

  /** The state machine appends what it is given; a snapshot is taken at every entry. */
  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      let update = entry.data;
      let { confState } = this.newestSnapshot().metadata;
      if (entry.type !== 'normal') {
        const change = decodeConfChange(entry);
        confState = this.node.applyConfChange(change);
        update = change.context;
      }
      const before = this.newestSnapshot().data;
      const data = new Uint8Array(before.length + update.length);
      data.set(before);
      data.set(update, before.length);
      this.history.push({ metadata: { index: entry.index, term: entry.term, confState }, data });
    }
  }
}
