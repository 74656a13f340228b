/** One replica under a script: the test plays all its peers, its disk and its clock. */
import {
  decodeConfChange,
  EMPTY_CONF_STATE,
  logIndex,
  MemoryStorage,
  NO_DATA,
  nodeId,
  raftConfig,
  term,
  type AppendMessage,
  type ConfState,
  type Entry,
  type NodeId,
  type PeerMessage,
  type RaftConfig,
  type RaftNode,
  type RaftNodeFactory,
  type Ready,
  type StorageAppendMessage,
  type StorageApplyMessage,
} from '@mas/raft';
import { SeededRandom } from '@mas/values';

export interface Scenario {
  readonly name: string;
  readonly run: (create: RaftNodeFactory) => void;
}

export interface Start {
  readonly voters?: readonly number[];
  readonly learners?: readonly number[];
  /** Terms of the entries after index 1, which is in a snapshot of term 1. */
  readonly terms?: readonly number[];
  readonly hardState?: { readonly term: number; readonly vote?: number; readonly commit: number };
  readonly config?: Partial<RaftConfig>;
}

export function entry(entryTerm: number, index: number, text = ''): Entry {
  return { term: term(entryTerm), index: logIndex(index), type: 'normal', data: text === '' ? NO_DATA : bytes(text) };
}

export function bytes(text: string): Uint8Array {
  return new Uint8Array([...text].map((character) => character.charCodeAt(0)));
}

export function n(id: number): NodeId {
  return nodeId(id);
}

export class Driver {
  readonly storage = new MemoryStorage();
  readonly config: RaftConfig;
  node: RaftNode;
  readonly appends: StorageAppendMessage[] = [];
  readonly applies: StorageApplyMessage[] = [];

  constructor(
    private readonly create: RaftNodeFactory,
    start: Start = {},
  ) {
    const ids = (list: readonly number[]): readonly NodeId[] => list.map((id) => nodeId(id));
    const confState: ConfState = { ...EMPTY_CONF_STATE, voters: ids(start.voters ?? [1, 2, 3]), learners: ids(start.learners ?? []) };
    this.storage.applySnapshot({ metadata: { index: logIndex(1), term: term(1), confState }, data: NO_DATA });
    this.storage.append((start.terms ?? []).map((one, at) => entry(one, at + 2)));
    const { hardState } = start;
    if (hardState !== undefined) {
      const vote = hardState.vote === undefined ? undefined : nodeId(hardState.vote);
      this.storage.setHardState({ term: term(hardState.term), vote, commit: logIndex(hardState.commit) });
    }
    this.config = raftConfig({
      id: n(1),
      storage: this.storage,
      random: new SeededRandom(1),
      preVote: false,
      checkQuorum: false,
      appliedIndex: logIndex(1),
      ...start.config,
    });
    this.node = this.boot();
  }

  /** The process ends and starts again; memory is gone. */
  restart(): void {
    this.appends.length = 0;
    this.applies.length = 0;
    this.node = this.boot();
  }

  /** Synchronous mode: does all duties until there are none. @returns what left, in order. */
  drain(): readonly PeerMessage[] {
    const sent: PeerMessage[] = [];
    while (this.node.hasReady()) {
      const ready = this.node.ready();
      this.write(ready);
      sent.push(...ready.messages, ...ready.messagesAfterAppend);
      for (const one of ready.committedEntries) if (one.type !== 'normal') this.node.applyConfChange(decodeConfChange(one));
      this.node.advance();
    }
    return sent;
  }

  /** Asynchronous mode: takes one Ready and queues its work. */
  take(): Ready {
    const ready = this.node.ready();
    if (ready.storageAppend !== undefined) this.appends.push(ready.storageAppend);
    if (ready.storageApply !== undefined) this.applies.push(ready.storageApply);
    return ready;
  }

  /** The oldest write is on disk. Its responses are returned, not yet delivered. */
  finishWrite(): StorageAppendMessage['responses'] {
    const work = this.appends.shift();
    if (work === undefined) throw new Error('no write is queued');
    this.write(work);
    return work.responses;
  }

  deliverToSelf(responses: StorageAppendMessage['responses']): void {
    for (const response of responses) if (response.to === this.node.id) this.node.step(response);
  }

  /** Wins an election in the next term by the vote of 2. */
  lead(): void {
    this.node.campaign();
    this.drain();
    const current = this.node.basicStatus().term;
    if (this.node.basicStatus().role !== 'leader') {
      this.node.step({ kind: 'vote-response', from: n(2), to: n(1), term: current, granted: true });
    }
    this.drain();
  }

  accept(from: number, index: number): void {
    const current = this.node.basicStatus().term;
    this.node.step({ kind: 'append-accepted', from: n(from), to: n(1), term: current, index: logIndex(index) });
  }

  heartbeatResponse(from: number, readSequence: number): void {
    const current = this.node.basicStatus().term;
    this.node.step({ kind: 'heartbeat-response', from: n(from), to: n(1), term: current, readSequence });
  }

  append(from: number, leaderTerm: number, previous: readonly [number, number], entries: readonly Entry[], commit: number): void {
    const [prevTerm, prevIndex] = previous;
    const message: AppendMessage = {
      kind: 'append',
      from: n(from),
      to: n(1),
      term: term(leaderTerm),
      prevTerm: term(prevTerm),
      prevIndex: logIndex(prevIndex),
      entries,
      commit: logIndex(commit),
    };
    this.node.step(message);
  }

  requestVote(from: number, inTerm: number, last: readonly [number, number]): void {
    const [lastTerm, lastIndex] = last;
    this.node.step({
      kind: 'vote',
      from: n(from),
      to: n(1),
      term: term(inTerm),
      lastTerm: term(lastTerm),
      lastIndex: logIndex(lastIndex),
      transfer: false,
    });
  }

  get commit(): number {
    return this.node.basicStatus().commit;
  }

  private write({ hardState, snapshot, entries }: Pick<Ready, 'hardState' | 'snapshot' | 'entries'>): void {
    if (hardState !== undefined) this.storage.setHardState(hardState);
    if (snapshot !== undefined) this.storage.applySnapshot(snapshot);
    this.storage.append(entries);
  }

  private boot(): RaftNode {
    const created = this.create(this.config);
    if (!created.ok) throw new Error(JSON.stringify(created.error));
    return created.value;
  }
}
