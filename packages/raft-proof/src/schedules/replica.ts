/**
 * One replica with a host that can crash between any two of its duties. Memory (the node, queued storage work, the
 * running state machine) is lost then; the disk keeps what was synced: log, hard state, and a checkpoint of the
 * state machine from some moment before.
 */
import {
  decodeConfChange,
  indexPlus,
  MemoryStorage,
  type ConfState,
  type Entry,
  type HardState,
  type InitialState,
  type LogIndex,
  type NodeId,
  type PeerMessage,
  type RaftConfig,
  type RaftNode,
  type RaftNodeFactory,
  type Ready,
  type Snapshot,
  type StepMessage,
  type StorageAppendMessage,
  type StorageApplyMessage,
  type Term,
} from '@mas/raft';
import { present } from '@mas/values';
import type { Checker } from './checker';
import { applyToMachine, EMPTY_MACHINE, fromSnapshot, toSnapshot, type MachineState } from './state-machine';

/** A disk whose configuration is that of the state machine's checkpoint. */
class Disk extends MemoryStorage {
  checkpoint: MachineState = EMPTY_MACHINE;
  /** The running state machine, of which a snapshot is made when one is asked for. */
  machine: () => MachineState = () => EMPTY_MACHINE;
  synced: HardState = super.initialState().hardState;

  override initialState(): InitialState {
    return { hardState: super.initialState().hardState, confState: this.checkpoint.confState };
  }

  /** Of the present state: an older one might not know the member it is for. */
  override snapshot(): Snapshot | undefined {
    const { metadata, data } = toSnapshot(this.machine());
    this.createSnapshot(metadata.index, metadata.confState, data);
    return super.snapshot();
  }

  crash(): void {
    this.setHardState(this.synced);
  }

  sync(): void {
    this.synced = super.initialState().hardState;
  }
}

export type ReplicaSettings = Omit<RaftConfig, 'id' | 'storage' | 'appliedIndex'>;

export class SimReplica {
  node: RaftNode | undefined;
  readonly appendQueue: StorageAppendMessage[] = [];
  readonly applyQueue: StorageApplyMessage[] = [];
  /** Asynchronous mode: vote requests that wait for the write that was queued with them. */
  private readonly waitingVotes = new Map<StorageAppendMessage, readonly PeerMessage[]>();
  readonly disk = new Disk();
  private machine: MachineState = EMPTY_MACHINE;
  /** Terms of the log as the running node sees it, by index. */
  private view: Term[] = [];
  private viewStart = 0;
  /** Commit index at the last Ready, and after the last call. */
  private knownCommit = 0;
  private observedCommit = 0;
  private wasLeader = false;
  private lastConfiguration: ConfState | undefined;

  constructor(
    readonly id: NodeId,
    private readonly settings: ReplicaSettings,
    private readonly factory: RaftNodeFactory,
    private readonly checker: Checker,
    private readonly send: (message: PeerMessage) => void,
    private readonly group: () => readonly SimReplica[],
  ) {}

  bootstrap(snapshot: Snapshot): void {
    this.disk.applySnapshot(snapshot);
    this.disk.checkpoint = fromSnapshot(snapshot);
    this.disk.sync();
  }

  start(): void {
    const { disk } = this;
    disk.machine = () => this.machine;
    const created = this.factory({ ...this.settings, id: this.id, storage: disk, appliedIndex: disk.checkpoint.applied });
    if (!created.ok) throw new Error(created.error.map(({ field, problem }) => `${field} ${problem}`).join('; '));
    this.node = created.value;
    this.machine = disk.checkpoint;
    this.knownCommit = 0;
    this.wasLeader = false;
    this.viewStart = disk.firstIndex() - 1;
    this.view = [];
    for (let index = this.viewStart; index <= disk.lastIndex(); index += 1) {
      this.view.push(present(disk.term(index as LogIndex), `stored term of ${index}`));
    }
    this.observe();
  }

  crash(): void {
    this.node = undefined;
    this.appendQueue.length = 0;
    this.applyQueue.length = 0;
    this.waitingVotes.clear();
    this.disk.crash();
  }

  step(message: StepMessage): void {
    this.node?.step(message);
    this.observe();
  }

  /** One call to the node, and a look at what became of it. */
  act(body: (node: RaftNode) => void): void {
    if (this.node === undefined) return;
    body(this.node);
    this.observe();
  }

  /** Takes a Ready and does its duties; `dies` says after which of them the process ends. */
  handleReady(dies: () => boolean): void {
    if (this.node === undefined || !this.node.hasReady()) return;
    const ready = this.node.ready();
    for (const read of ready.readStates) this.checker.readAnswered(this.id, read);
    this.takeIntoView(ready.entries, ready.snapshot);
    this.observeElection(ready);
    ready.messages.forEach((message) => this.transmit(message));
    if (this.settings.asyncStorageWrites) {
      if (ready.storageAppend !== undefined) {
        this.appendQueue.push(ready.storageAppend);
        this.waitingVotes.set(ready.storageAppend, ready.messagesAfterAppend);
      }
      if (ready.storageApply !== undefined) this.applyQueue.push(ready.storageApply);
      return;
    }
    if (dies()) return;
    this.write(ready.hardState, ready.entries, ready.snapshot, ready.mustSync || ready.messagesAfterAppend.length > 0);
    if (dies()) return;
    ready.messagesAfterAppend.forEach((message) => this.transmit(message));
    if (dies()) return;
    this.apply(ready.committedEntries);
    this.node.advance();
    this.observe();
  }

  /** The append side of the storage does its oldest piece of work. */
  processAppend(dies: () => boolean): void {
    const work = this.appendQueue.shift();
    if (work === undefined) return;
    this.write(work.hardState, work.entries, work.snapshot, work.responses.length > 0);
    const votes = this.waitingVotes.get(work) ?? [];
    this.waitingVotes.delete(work);
    if (dies()) return;
    votes.forEach((message) => this.transmit(message));
    for (const response of work.responses) {
      if (response.kind !== 'storage-append-response' && response.to !== this.id) this.transmit(response);
      else this.step(response);
    }
  }

  processApply(): void {
    const work = this.applyQueue.shift();
    if (work === undefined) return;
    this.apply(work.entries);
    for (const response of work.responses) this.step(response);
  }

  /** The state machine becomes durable as it is now. */
  checkpoint(): void {
    // What was applied was written before, so this never runs ahead of the log.
    if (this.node !== undefined) this.disk.checkpoint = this.machine;
  }

  /** Makes a snapshot and drops the log up to `behind` entries before it. */
  compact(behind: number): void {
    if (this.node === undefined || this.machine.applied > this.disk.lastIndex()) return;
    this.checkpoint();
    this.disk.sync();
    const upTo = indexPlus(this.machine.applied, -behind);
    if (upTo >= this.disk.firstIndex()) this.disk.compact(upTo);
  }

  get applied(): LogIndex {
    return this.machine.applied;
  }

  get hash(): number {
    return this.machine.hash;
  }

  viewTerm(index: number): Term | undefined {
    return index < this.viewStart ? undefined : this.view[index - this.viewStart];
  }

  compactedTo(): number {
    return Math.max(this.viewStart, this.disk.firstIndex() - 1);
  }

  durableHardState(): HardState {
    return this.disk.synced;
  }

  durableLastIndex(): number {
    return this.disk.lastIndex();
  }

  hasDurably(index: LogIndex, term: Term): boolean {
    return index < this.disk.firstIndex() || this.disk.term(index) === term;
  }

  private transmit(message: PeerMessage): void {
    this.checker.promised(this, message);
    this.send(message);
  }

  private write(hardState: HardState | undefined, entries: readonly Entry[], snapshot: Snapshot | undefined, sync: boolean): void {
    if (hardState !== undefined) this.disk.setHardState(hardState);
    if (snapshot !== undefined) {
      this.disk.applySnapshot(snapshot);
      this.machine = fromSnapshot(snapshot);
      this.checker.applied(this.id, this.machine);
      this.disk.checkpoint = this.machine;
    }
    this.disk.append(entries);
    if (sync || snapshot !== undefined || entries.length > 0) this.disk.sync();
  }

  private apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      // A snapshot that was installed meanwhile holds these already.
      if (entry.index <= this.machine.applied) continue;
      if (entry.index !== this.machine.applied + 1) throw new Error(`${this.id} is to apply ${entry.index} after ${this.machine.applied}`);
      this.checker.mayApply(this, entry);
      let { confState } = this.machine;
      if (entry.type !== 'normal') this.act((node) => (confState = node.applyConfChange(decodeConfChange(entry))));
      this.machine = applyToMachine(this.machine, entry, confState);
      this.checker.applied(this.id, this.machine);
    }
  }

  private takeIntoView(entries: readonly Entry[], snapshot: Snapshot | undefined): void {
    if (snapshot !== undefined) {
      this.viewStart = snapshot.metadata.index;
      this.view = [snapshot.metadata.term];
    }
    const [first] = entries;
    if (first === undefined) return;
    this.checker.appended(this.id, entries, this.viewTerm(first.index - 1));
    this.view.length = first.index - this.viewStart;
    for (const entry of entries) this.view.push(entry.term);
  }

  private observeElection(ready: Ready): void {
    if (ready.softState?.role === 'leader') this.checker.complete(this, this.checker.committed);
    if (this.node === undefined) return;
    const { commit } = this.node.basicStatus();
    this.checker.committedUpTo(this, this.knownCommit, commit);
    this.knownCommit = Math.max(this.knownCommit, commit);
  }

  private observe(): void {
    if (this.node === undefined) return;
    const status = this.node.basicStatus();
    if (status.role === 'leader') {
      this.checker.leads(this.id, status.term);
      const configuration = this.node.status().configuration;
      if (this.wasLeader && status.commit > this.observedCommit) {
        const before = this.lastConfiguration ?? configuration;
        this.checker.durableOnQuorum(status.commit, status.term, [configuration, before], this.group());
      }
      this.lastConfiguration = configuration;
    }
    this.wasLeader = status.role === 'leader';
    this.observedCommit = status.commit;
  }
}
