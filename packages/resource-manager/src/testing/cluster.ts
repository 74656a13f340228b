/** A cluster of Resource Managers in one process: real code over a fake Raft, memory databases and virtual time. */
import { FaultyDatabase } from '@mas/testkit/applied-store';
import { madeUpCluster } from '@mas/testkit/membership';
import { genesisPlacement, META_GROUP, PlacementIndex, slotOfAccount } from '@mas/placement';
import type { InstructionItem, ItemOutcome, ItemReply, NotSent, ParticipantReply, ParticipantRequest, Passage } from '@mas/two-phase-commit';
import {
  bucketId,
  delay,
  err,
  ok,
  present,
  rmId,
  SeededRandom,
  silentLogger,
  accountNumber,
  type AccountNumber,
  type BucketId,
  type Logger,
  type RmId,
} from '@mas/values';
import { resourceManagerConfig, type ResourceManagerConfigInput } from '../config';
import { platformDigest } from '../digest';
import type { FailpointName } from '../failpoints';
import { founderMembership, MemoryIdentityStore } from './memory-identity-store';
import { ResourceManager } from '../resource-manager';
import { MemorySnapshotSpool } from '../snapshot-spool';
import type { TokenVerifier } from '../token-verifier';
import { FakeRaft, type FakeHost } from './fake-raft';
import { HeardMoments } from './heard-moments';
import { jsonLedgerCodec, jsonRowCodec } from './json-codecs';
import { OrderBook } from './order-book';
import { OPERATOR } from './payments';
import { VirtualClock } from './virtual-clock';

export interface ClusterOptions {
  readonly rms?: number;
  readonly buckets?: number;
  readonly replication?: number;
  readonly config?: ResourceManagerConfigInput;
  readonly logger?: Logger;
}

interface Process {
  readonly rm: ResourceManager;
  readonly host: FakeHost;
  alive: boolean;
}

/** Never comes: where a killed process would have gone on. */
const NEVER = new Promise<never>(() => undefined);

export class TestCluster {
  readonly clock = new VirtualClock();
  readonly raft = new FakeRaft(this.clock);
  readonly databases = new Map<RmId, FaultyDatabase>();
  readonly fatal: unknown[] = [];
  /** What processes have sent each other, but for questions who leads. */
  readonly requests: { readonly to: RmId; readonly request: ParticipantRequest; readonly passage: Passage | undefined }[] = [];
  /** Processes that no other can reach. */
  readonly cut = new Set<RmId>();
  /** Instead of what the process would say, to its peers. */
  tap: (to: RmId, request: ParticipantRequest) => ParticipantReply | NotSent | Promise<ParticipantReply> | undefined = () => undefined;
  /** `from>to`: what is sent that way is lost, and nobody says so before the sender's time is over. */
  readonly cutLinks = new Set<`${number}>${number}`>();
  /** Where no process goes on. */
  readonly heldAt = new Set<FailpointName>();
  /** Where the process of an RM is killed; taken out when it happens. */
  readonly killAt = new Map<RmId, FailpointName>();
  readonly placement;
  readonly moves: OrderBook;
  private readonly identities = new Map<RmId, MemoryIdentityStore>();
  private readonly processes = new Map<RmId, Process>();
  private readonly moments = new HeardMoments();

  constructor(private options: ClusterOptions = {}) {
    const rms = Array.from({ length: options.rms ?? 1 }, (_, i) => ({ rm: rmId(i + 1), address: `rm-${i + 1}:1` }));
    this.placement = genesisPlacement(rms, options.buckets ?? 1, options.replication ?? 1);
    this.moves = new OrderBook(this.placement);
  }

  async start(): Promise<this> {
    for (const { rm } of this.placement.resourceManagers) await this.startProcess(rm);
    this.raft.elect(META_GROUP, rmId(1));
    for (const { bucket, replicas } of this.placement.buckets) this.raft.elect(bucket, present(replicas[0], 'first replica'));
    await this.clock.until(
      'all buckets to be open',
      () => this.placement.buckets.every(({ bucket }) => this.isOpen(bucket)),
      10_000,
      () => this.fatal.map(String),
    );
    return this;
  }

  async startProcess(rm: RmId): Promise<void> {
    // Checkpoints come soon here, so that each scenario sees several.
    const input: ResourceManagerConfigInput = { checkpointDelayMs: 1_000, checkpointRows: 10_000, ...this.options.config };
    const config = resourceManagerConfig(input);
    if (!config.ok) throw new Error(JSON.stringify(config.error));
    const database = this.databases.get(rm) ?? new FaultyDatabase();
    this.databases.set(rm, database);
    const host = this.raft.host(rm);
    const holder: { process: Process | null } = { process: null };
    const isAlive = (): boolean => holder.process?.alive ?? true;
    const identities = this.identities.get(rm) ?? new MemoryIdentityStore();
    this.identities.set(rm, identities);
    const members = madeUpCluster(this.placement.resourceManagers.map((entry) => entry.rm));
    const manager = new ResourceManager({
      rm,
      membership: founderMembership(
        members.local(rm, () => 0),
        identities,
      ),
      host,
      store: database.connect(isAlive),
      ledgerCodec: jsonLedgerCodec,
      rowCodec: jsonRowCodec,
      tokens: testTokens,
      participants: { send: (to, request, timeoutMs, passage) => (isAlive() ? this.send(to, request, timeoutMs, rm, passage) : NEVER) },
      directory: this.moves.directory(),
      clock: this.clock,
      random: new SeededRandom(rm),
      logger: this.options.logger ?? silentLogger,
      digest: platformDigest,
      spool: new MemorySnapshotSpool(),
      config: config.value,
      moves: this.moves,
      failpoints: {
        hit: (name) => {
          if (!isAlive() || this.heldAt.has(name)) return NEVER;
          if (this.killAt.get(rm) !== name) return undefined;
          this.killAt.delete(rm);
          this.kill(rm);
          return NEVER;
        },
      },
      onFatal: (error) => {
        if (isAlive()) this.fatal.push(error);
      },
    });
    holder.process = { rm: manager, host, alive: true };
    this.processes.set(rm, holder.process);
    await this.clock.await(manager.start([]));
  }

  /** For processes that start from now on. */
  configure(config: ResourceManagerConfigInput): void {
    this.options = { ...this.options, config: { ...this.options.config, ...config } };
  }

  /** The process dies without a word; its database and the log stay. */
  kill(rm: RmId): void {
    const process = this.processes.get(rm);
    if (process !== undefined) process.alive = false;
    this.processes.delete(rm);
    this.raft.kill(rm);
  }

  /** Starts a killed process again and elects a leader where one is missing. */
  async restart(rm: RmId): Promise<void> {
    await this.startProcess(rm);
    for (const bucket of [META_GROUP, ...this.placement.buckets.map((placed) => placed.bucket)]) {
      if (this.raft.group(bucket).leader === null) this.raft.elect(bucket, rm);
    }
    await this.clock.settle();
  }

  isUp(rm: RmId): boolean {
    return this.processes.has(rm);
  }

  manager(rm: RmId): ResourceManager {
    return present(this.processes.get(rm), `process ${rm}`).rm;
  }

  host(rm: RmId): FakeHost {
    return present(this.processes.get(rm), `process ${rm}`).host;
  }

  database(rm: RmId): FaultyDatabase {
    return present(this.databases.get(rm), `database ${rm}`);
  }

  bucketOf(account: AccountNumber): BucketId {
    return new PlacementIndex(this.moves.map).bucketOf(slotOfAccount(account));
  }

  leaderOf(bucket: BucketId): RmId {
    return present(this.raft.group(bucket).leader, `leader of ${bucket}`);
  }

  /** As a coordinator asks the leader; time passes until the answer. */
  ask(bucket: BucketId, request: ParticipantRequest): Promise<ParticipantReply> {
    return this.clock.await(this.manager(this.leaderOf(bucket)).handle(request, 'tm'));
  }

  async instruct(bucket: BucketId, items: readonly InstructionItem[]): Promise<readonly ItemReply[]> {
    const sent = items.map((item) => this.moments.handedOn(item));
    const reply = await this.ask(bucket, { kind: 'instructions', bucket, phase: 'phase-1', items: sent });
    if (reply.kind !== 'outcomes') throw new Error(`no outcomes: ${JSON.stringify(reply)}`);
    for (const [at, outcome] of reply.outcomes.entries()) this.moments.heard(present(sent[at], 'item').instruction, outcome);
    return reply.outcomes;
  }

  /** One instruction, which must reach the log. */
  async one(bucket: BucketId, item: InstructionItem): Promise<ItemOutcome> {
    const [reply] = await this.instruct(bucket, [item]);
    if (reply?.kind !== 'outcome') throw new Error(`no outcome: ${JSON.stringify(reply)}`);
    return reply.outcome;
  }

  async balance(account: AccountNumber, level: 'committed' | 'uncommitted' = 'committed'): Promise<bigint> {
    const bucket = this.bucketOf(account);
    const reply = await this.ask(bucket, { kind: 'read-accounts', bucket, level, numbers: [account], token: null, at: 'now' });
    if (reply.kind !== 'accounts') throw new Error(`no reading: ${JSON.stringify(reply)}`);
    return present(reply.readings[0], `account ${account}`).balanceMinor;
  }

  async checksum(rm: RmId, bucket: BucketId, atUs: number | null = null) {
    const reply = await this.clock.await(this.manager(rm).handle({ kind: 'checksum', bucket, atUs }, 'tm'));
    if (reply.kind !== 'checksum') throw new Error(`no checksum: ${JSON.stringify(reply)}`);
    return reply.checksum;
  }

  async preparedLegs(bucket: BucketId): Promise<number> {
    const reply = await this.ask(bucket, { kind: 'undecided', bucket });
    if (reply.kind !== 'undecided') throw new Error(JSON.stringify(reply));
    return reply.transactions.length;
  }

  private async send(to: RmId, request: ParticipantRequest, timeoutMs: number, from: RmId, passage?: Passage): Promise<ParticipantReply | NotSent> {
    if (request.kind !== 'who-leads') this.requests.push({ to, request, passage });
    const tapped = this.tap(to, request);
    if (tapped !== undefined) return tapped;
    if (this.cutLinks.has(`${from}>${to}`)) {
      await delay(this.clock, timeoutMs);
      return { kind: 'unknown', reason: 'no reply in time' };
    }
    const target = this.processes.get(to);
    if (target === undefined || this.cut.has(to) || this.cut.has(from)) return { kind: 'unknown', reason: 'the exchange was lost' };
    return target.rm.handle(request, 'rm', passage);
  }

  isOpen(bucket: BucketId): boolean {
    return this.raft.group(bucket).entries.some((entry) => entry.data.length > 0);
  }
}

const testTokens: TokenVerifier = {
  verify: (token) => {
    if (token === 'operator') return ok(OPERATOR);
    if (token.startsWith('account:')) return ok({ kind: 'account', account: accountNumber(token.slice('account:'.length)) });
    return err({ reason: 'TOKEN_INVALID' });
  },
};

export const BUCKET_1 = bucketId(1);
export const BUCKET_2 = bucketId(2);
export const RM_1 = rmId(1);
export const RM_2 = rmId(2);
export const RM_3 = rmId(3);
