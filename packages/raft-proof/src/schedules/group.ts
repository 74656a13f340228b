/** A whole group under one seed: replicas, network and properties, and what can be done to them. */
import { EMPTY_CONF_STATE, logIndex, NO_DATA, NO_LIMIT, nodeId, silentRaftLogger, term, type NodeId, type RaftNode, type RaftNodeFactory } from '@mas/raft';
import { SeededRandom } from '@mas/values';
import { Checker } from './checker';
import { Network } from './network';
import { SimReplica, type ReplicaSettings } from './replica';

export class Group {
  readonly random: SeededRandom;
  readonly checker = new Checker();
  readonly network: Network;
  readonly replicas: readonly SimReplica[];
  readonly ids: readonly NodeId[];
  private readonly lines: string[] | undefined;
  /** Chance of a crash after each duty of a Ready. */
  crashRate = 0;
  private sequence = 0;

  constructor(seed: number, factory: RaftNodeFactory, options: { readonly recordTrace: boolean }) {
    this.random = new SeededRandom(seed);
    this.lines = options.recordTrace ? [] : undefined;
    const size = 3 + this.random.below(5);
    this.ids = Array.from({ length: size }, (_, at) => nodeId(at + 1));
    const settings = this.settings();
    this.network = new Network(this.random.fork(), {
      deliver: (message) => {
        this.tell(() => `deliver ${describe(message)}`);
        this.replica(message.to).step(message);
      },
      lost: (message) => {
        this.tell(() => `lose ${describe(message)}`);
        if (this.random.chance(0.3)) this.replica(message.from).act((node) => node.reportUnreachable(message.to));
      },
      snapshotEnded: (message, outcome) => this.replica(message.from).act((node) => node.reportSnapshot(message.to, outcome)),
    });
    this.replicas = this.ids.map(
      (id) =>
        new SimReplica(
          id,
          { ...settings, random: this.random.fork() },
          factory,
          this.checker,
          (message) => this.network.send(message),
          () => this.replicas,
        ),
    );
    this.tell(() => `${size} replicas, ${JSON.stringify({ ...settings, random: undefined, logger: undefined })}`);
    this.startUp(size);
  }

  get trace(): readonly string[] {
    return this.lines ?? [];
  }

  replica(id: NodeId): SimReplica {
    const found = this.replicas[id - 1];
    if (found === undefined) throw new Error(`there is no replica ${id}`);
    return found;
  }

  running(): readonly SimReplica[] {
    return this.replicas.filter((replica) => replica.node !== undefined);
  }

  any(): SimReplica {
    return this.replica(nodeId(1 + this.random.below(this.replicas.length)));
  }

  /** Of those that lead, the one of the latest term. */
  leader(): SimReplica | undefined {
    let best: SimReplica | undefined;
    let bestTerm = -1;
    for (const replica of this.running()) {
      const status = replica.node?.basicStatus();
      if (status?.role === 'leader' && status.term > bestTerm) {
        best = replica;
        bestTerm = status.term;
      }
    }
    return best;
  }

  crash(replica: SimReplica): void {
    this.tell(() => `crash ${replica.id}`);
    replica.crash();
  }

  start(replica: SimReplica): void {
    this.tell(() => `start ${replica.id}`);
    replica.start();
  }

  act(replica: SimReplica, what: string, body: (node: RaftNode) => void): void {
    this.tell(() => `${replica.id} ${what}`);
    replica.act(body);
  }

  /** A fresh number as bytes, to tell proposals and reads apart. */
  stamp(): { readonly sequence: number; readonly bytes: Uint8Array } {
    this.sequence += 1;
    const bytes = new Uint8Array(4 + this.random.below(24));
    new DataView(bytes.buffer).setUint32(0, this.sequence);
    return { sequence: this.sequence, bytes };
  }

  tell(text: () => string): void {
    this.lines?.push(text());
  }

  private settings(): ReplicaSettings {
    const { random } = this;
    const oneOf = (...values: readonly number[]): number => values[random.below(values.length)] ?? NO_LIMIT;
    return {
      random,
      logger: silentRaftLogger,
      electionTicks: 4 + random.below(6),
      heartbeatTicks: 1 + random.below(2),
      preVote: random.chance(0.6),
      checkQuorum: random.chance(0.6),
      readOnly: 'safe',
      maxMessageBytes: oneOf(0, 40, 200, NO_LIMIT),
      maxInflightMessages: oneOf(1, 2, 4, 64),
      maxInflightBytes: NO_LIMIT,
      maxUncommittedBytes: oneOf(100, 1000, NO_LIMIT),
      maxCommittedBytesPerReady: oneOf(1, 60, 400, NO_LIMIT),
      disableProposalForwarding: random.chance(0.3),
      disableConfChangeValidation: false,
      stepDownOnRemoval: random.chance(0.7),
      asyncStorageWrites: random.chance(0.5),
    };
  }

  /** Some of the replicas are voters from the start, the others wait to be added. */
  private startUp(size: number): void {
    const voters = this.ids.slice(0, Math.max(1, size - this.random.below(3)));
    const snapshot = { metadata: { index: logIndex(1), term: term(1), confState: { ...EMPTY_CONF_STATE, voters } }, data: NO_DATA };
    for (const replica of this.replicas) {
      if (voters.includes(replica.id)) replica.bootstrap(snapshot);
      replica.start();
    }
  }
}

function describe(message: object): string {
  return JSON.stringify(message, (key, value: unknown) => {
    if (key === 'data' || key === 'context') return undefined;
    if (key === 'entries' && Array.isArray(value))
      return value.map((entry: { term: number; index: number; type: string }) => `${entry.term}/${entry.index}${entry.type === 'normal' ? '' : '*'}`).join(' ');
    return value;
  });
}
