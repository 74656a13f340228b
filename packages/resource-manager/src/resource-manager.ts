/**
 * The Resource Manager of one process: its buckets' replicas, and the server side of what coordinators and peers ask.
 * Groups are registered with the host, replicas are looked up here; a bucket's state lives in its replica alone.
 */
import { SEMANTICS_VERSION } from '@mas/ledger';
import { founderId, raftIdOf, type Incarnation } from '@mas/membership';
import { isGroupStopped } from '@mas/multi-raft';
import { founderOf, membersOfMap, META_GROUP, PlacementIndex, rosterOf, txnVersionOf, type MapChange, type PlacementMap } from '@mas/placement';
import { nodeId, type ConfState } from '@mas/raft';
import type { ParticipantReply, ParticipantRequest, ParticipantServer, Passage, ReplicaStatus, StoppedReplica } from '@mas/two-phase-commit';
import { unreachable, type AccountNumber, type BucketId, type RmId } from '@mas/values';
import { BucketReplica, type BucketRequest } from './bucket/bucket-replica';
import { describeStop, startStop, type BucketStop } from './bucket/bucket-stop';
import type { ReplicaContext } from './bucket/replica-context';
import { StoreHealth } from './bucket/store-health';
import { noFailpoints } from './failpoints';
import { MapOrders } from './drivers/map-orders';
import type { OrderedMoves } from './drivers/move-carrier';
import { StoreProbe } from './drivers/store-probe';
import { BucketExchange } from './homes/exchange';
import { HomeQuerier } from './homes/home-querier';
import type { RejoinAnswer } from './membership/membership-ports';
import { readmit } from './membership/readmission';
import { MetaReplica } from './meta/meta-replica';
import { Nodes } from './nodes/nodes';
import type { ReplicaHolder } from './nodes/replica-keeper';
import { AdmissionControl } from './propose/admission';
import { isFenced } from './applied-store';
import { Relay } from './relay';
import { numbersOf, type ResourceManagerNumbers } from './resource-manager-numbers';
import type { ResourceManagerOptions } from './resource-manager-options';

export class ResourceManager implements ParticipantServer, ReplicaHolder {
  private readonly context: ReplicaContext;
  private readonly replicas = new Map<BucketId, BucketReplica>();
  /** Of buckets whose replica here has stopped; they stay in `replicas` unless they never started. */
  private readonly stops = new Map<BucketId, BucketStop>();
  private readonly exchange: BucketExchange;
  private readonly relay: Relay;
  private readonly homes: HomeQuerier;
  private readonly admission: AdmissionControl;
  private readonly moves: OrderedMoves;
  private readonly nodes: Nodes;
  private readonly probe: StoreProbe;
  private meta: MetaReplica | null = null;
  private readonly onPlacement: ((map: PlacementMap) => void) | undefined;
  private accepting = false;
  private stopping: Promise<void> | null = null;

  constructor(options: ResourceManagerOptions) {
    const { rm, participants, directory, config, clock, host } = options;
    const onBucketStopped = (stop: BucketStop): void => this.bucketStopped(stop, options.onBucketStopped);
    this.context = {
      ...options,
      onFatal: onlyOnce(options.onFatal),
      onBucketStopped,
      failpoints: options.failpoints ?? noFailpoints,
      health: new StoreHealth(clock, config.storeAwayMs, (failing) => host.storeFails(failing)),
    };
    this.probe = new StoreProbe(options.store, this.context.health, clock, config.storeProbeMs, config.storeAwayMs);
    this.exchange = new BucketExchange(options, this, config.exchangeTimeoutMs, () => this.nodes.lookForMap());
    this.relay = new Relay({ rm, participants, leader: (group) => (this.stops.has(group) ? null : host.leader(group)), maxRelayed: config.maxRelayed });
    this.homes = new HomeQuerier(this.exchange, directory, config.maxDriverItems);
    this.admission = new AdmissionControl(options.tokens, options.digest, () => txnVersionOf(directory.placement().map));
    this.moves =
      options.moves ??
      new MapOrders({ directory, ask: (request) => this.exchange.ask(META_GROUP, request), onMap: (map) => this.onMap(map), logger: options.logger });
    this.onPlacement = options.onPlacement;
    this.nodes = new Nodes({
      context: this.context,
      meta: () => this.meta,
      holder: this,
      ask: (bucket, request) => this.exchange.ask(bucket, request),
      ownStatus: () => this.ownStatus(),
      onMap: (map) => this.onMap(map),
    });
  }

  /**
   * Opens the store and every replica that the placement gives this RM; resolves once all take part.
   * @throws HostStopped once it is told to stop meanwhile
   * @param logged the groups that its log holds. One whose rows are gone is refused by name when it is opened, not forgotten.
   */
  async start(logged: readonly BucketId[]): Promise<void> {
    const { store, spool, directory, rm, host } = this.context;
    await store.migrate();
    await spool.start();
    const { map } = directory.placement();
    // Once: a group that is missing later is one that this RM joins, or that it has lost.
    const mayFound = !this.context.membership.identity.current().hasGroups;
    // What was left where a removal was cut short.
    const stored = await store.buckets();
    for (const bucket of stored) if (host.wasRemoved(bucket)) await store.dropBucket(bucket);
    const kept = [...stored.filter((bucket) => !host.wasRemoved(bucket)), ...logged];
    const { meta } = rosterOf(map);
    // A map of nodes or buckets that have come or gone is not the one that the others have founded by: they have quorums, and bring this one up.
    const founds = mayFound && map.cluster?.roster === undefined && map.cluster?.laterBuckets === undefined;
    if (meta.includes(rm) || kept.includes(META_GROUP)) await this.openMeta(founds && meta.includes(rm) ? votersOf(meta) : null);
    // Rows that the map does not speak of yet belong to replicas that were added before it was published.
    const placed = map.buckets.filter(({ replicas }) => replicas.includes(rm)).map(({ bucket }) => bucket);
    for (const bucket of new Set([...placed, ...kept.filter((each) => each !== META_GROUP)])) {
      const replicas = directory.placement().replicasOf(bucket);
      await this.openBucket(bucket, founds && replicas.includes(rm) ? votersOf(replicas) : this.foundedAlone(bucket));
    }
    if (mayFound) await this.context.membership.identity.change({ hasGroups: true });
    if (this.stopping !== null) return;
    this.nodes.start();
    this.probe.start();
    this.accepting = true;
  }

  /** Stops taking work, finishes what is in flight, hands over leaderships, writes a last checkpoint, closes the store. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  async handle(request: ParticipantRequest, caller: 'tm' | 'rm', passage?: Passage): Promise<ParticipantReply> {
    // Else a coordinator could speak as somebody else: what a caller may do is never more than what its own certificate allows.
    if (passage?.kind === 'relayed' && caller !== 'rm') return { kind: 'permission-denied', reason: 'RELAYED_BY_NO_RESOURCE_MANAGER' };
    if (!this.accepting) return { kind: 'unavailable', reason: this.stopping === null ? 'starting' : 'stopping' };
    const passed = passage?.kind === 'relay' ? this.relay.pass(request, caller, passage.forMs) : null;
    return passed ?? this.serve(request, passage?.kind === 'relayed' ? passage.caller : caller);
  }

  /** @param caller the role of who asks, also where another replica has passed it on. No request is refused for it today. */
  private async serve(request: ParticipantRequest, caller: 'tm' | 'rm'): Promise<ParticipantReply> {
    switch (request.kind) {
      case 'who-leads':
        return this.whoLeads(request.bucket);
      case 'placement':
        return this.placementReply(this.knownMap());
      case 'status':
        return {
          kind: 'status',
          replicas: this.ownStatus(),
          condition: this.context.host.condition(),
          certificatesEndMs: this.context.certificatesEndMs?.() ?? null,
        };
      case 'replace-node':
        return this.replaceNode(request.rm, request.ordinal, request.token);
      case 'node-order':
        return this.meta === null ? { kind: 'no-replica' } : this.nodes.order(request.order, request.token);
      case 'take-in':
        if (caller !== 'rm') return { kind: 'permission-denied', reason: 'RESOURCE_MANAGERS_ONLY' };
        return this.meta === null ? { kind: 'no-replica' } : this.nodes.takeIn(request.rm, request.incarnation);
      case 'end-move':
        if (caller !== 'rm') return { kind: 'permission-denied', reason: 'RESOURCE_MANAGERS_ONLY' };
        return this.meta === null ? { kind: 'no-replica' } : this.nodes.endMove(request.move, request.isAdopted);
      case 'members':
        return this.nodes.members(request.bucket);
      case 'instructions':
      case 'query':
      case 'read-accounts':
      case 'list-legs':
      case 'leg':
      case 'list-accounts':
      case 'totals':
      case 'undecided':
      case 'locks':
      case 'checksum':
      case 'audit':
        return this.ask(request, caller);
      case 'backup':
        // All rows of a bucket, for an operator that a Transaction Manager has let in.
        if (caller !== 'tm') return { kind: 'permission-denied', reason: 'TRANSACTION_MANAGERS_ONLY' };
        return this.ask(request, caller);
      default:
        return unreachable(request, 'request');
    }
  }

  numbers(): ResourceManagerNumbers {
    return numbersOf(this.context, this.replicas);
  }

  private whoLeads(bucket: BucketId): ParticipantReply {
    const leadership = this.context.host.leadership(bucket);
    return leadership === null ? { kind: 'no-replica' } : { kind: 'leadership', ...leadership };
  }

  /** Of the groups that take part here, or have stopped. */
  status(): readonly { readonly group: BucketId; readonly role: ReplicaStatus['role'] }[] {
    return this.ownStatus().map(({ bucket, role }) => ({ group: bucket, role }));
  }

  /** Hosts a replica of a group that was placed here later: it founds the group where the map says so (docs/adr/0031), else it waits until it is added to it and caught up. */
  async open(group: BucketId): Promise<void> {
    const { host, store } = this.context;
    if (host.groups().includes(group) || this.stops.has(group) || this.stopping !== null) return;
    if (host.wasRemoved(group)) await store.dropBucket(group);
    await (group === META_GROUP ? this.openMeta(null) : this.openBucket(group, this.foundedAlone(group)));
  }

  async close(group: BucketId): Promise<void> {
    if (group === META_GROUP) this.meta = null;
    const replica = this.replicas.get(group);
    this.replicas.delete(group);
    await replica?.quiet();
    await this.context.host.closeGroup(group);
  }

  async drop(group: BucketId): Promise<void> {
    await this.context.host.forgetGroup(group);
    await this.context.store.dropBucket(group);
  }

  /** Publishes a newer placement; the map that is current afterwards, or null where this RM does not lead the meta group. */
  async proposePlacement(map: PlacementMap): Promise<PlacementMap | null> {
    return (await this.meta?.command({ kind: 'map', map })) ?? null;
  }

  /** Of nodes, slots or placement, on the newest map that this RM knows; null where it does not lead the meta group. */
  async proposeChange(change: MapChange): Promise<PlacementMap | null> {
    const onVersion = this.meta?.applier.placement()?.version;
    return onVersion === undefined ? null : ((await this.meta?.command({ kind: 'change', onVersion, change })) ?? null);
  }

  /** A new incarnation of another RM asks to be taken in (docs/adr/0011). */
  rejoin(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer> {
    return readmit(this.meta, this.context.membership.settings, rm, incarnation);
  }

  private async replaceNode(rm: RmId, ordinal: number | null, token: string): Promise<ParticipantReply> {
    const verified = this.context.tokens.verify(token);
    if (!verified.ok) return { kind: 'permission-denied', reason: verified.error.reason };
    if (verified.value.kind !== 'operator') return { kind: 'permission-denied', reason: 'OPERATORS_ONLY' };
    if (this.meta === null) return { kind: 'no-replica' };
    if (!this.meta.isLeading) return { kind: 'not-leader', leader: this.context.host.leader(META_GROUP) };
    const map = this.meta.applier.placement();
    const node = map?.cluster?.nodes.find((each) => each.rm === rm);
    if (node === undefined || node.isLost || (ordinal !== null && node.ordinal !== ordinal)) return this.placementReply(map);
    const after = await this.meta.command({ kind: 'lose', rm, incarnation: node.incarnation });
    if (after === null) return { kind: 'unknown', reason: 'the meta group has no leader here any more' };
    this.context.logger.warn(
      { node: rm, incarnation: node.incarnation, subject: verified.value },
      'an operator says that the disk of a resource manager is lost: the next new one is admitted in its place',
    );
    return this.placementReply(after);
  }

  /** A node that was added asks to be taken in (docs/adr/0022). */
  join(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer> {
    return this.nodes.join(rm, incarnation);
  }

  /** Null: only what was configured is known here. */
  private knownMap(): PlacementMap | null {
    const { map } = this.context.directory.placement();
    const own = this.meta?.applier.placement() ?? null;
    return map.cluster !== null && (own === null || map.version > own.version) ? map : own;
  }

  private placementReply(map: PlacementMap | null): ParticipantReply {
    return { kind: 'placement', map, agreedMs: this.context.host.agreedMs() };
  }

  private onMap(map: PlacementMap): void {
    const { directory, membership } = this.context;
    const isNews = directory.adopt(new PlacementIndex(map));
    if (isNews && map.cluster !== null) {
      void membership.keepMap(map);
      this.onPlacement?.(map);
    }
    const members = membersOfMap(map);
    if (members !== null && membership.local.adopt(members)) void membership.identity.change({ members });
  }

  private async ask(request: BucketRequest, caller: 'tm' | 'rm'): Promise<ParticipantReply> {
    const stop = this.stops.get(request.bucket);
    if (stop !== undefined) return { kind: 'unavailable', reason: describeStop(stop, this.context.rm) };
    const replica = this.replicas.get(request.bucket);
    if (replica === undefined) return { kind: 'no-replica' };
    try {
      const denied = this.deniedRead(request);
      return denied === null ? await replica.handle(request, caller) : { kind: 'permission-denied', reason: denied };
    } catch (error) {
      return this.failed(request, error);
    }
  }

  /**
   * Whatever was expected has become a reply. A request changes nothing but by an entry, and what is wrong with entries, rows
   * and checkpoints is found where these are applied and written: so a row that cannot be read, or an answer that cannot be
   * given, fails the request that met it and nothing else.
   */
  private failed(request: BucketRequest, error: unknown): ParticipantReply {
    const { logger, rm, onFatal } = this.context;
    if (isFenced(error)) onFatal(error);
    logger.error({ bucket: request.bucket, request: request.kind, err: error }, 'a request failed unexpectedly');
    const reason = `a ${request.kind} request failed on rm-${rm}, whose log says why`;
    return request.kind === 'instructions' ? { kind: 'unknown', reason } : { kind: 'unavailable', reason };
  }

  private deniedRead(request: BucketRequest): string | null {
    switch (request.kind) {
      case 'read-accounts':
        return this.mayRead(request.token, request.numbers);
      case 'list-legs':
        return this.mayRead(request.token, [request.query.account]);
      case 'leg':
        return this.mayRead(request.token, [request.account]);
      default:
        return null;
    }
  }

  /** An account's token reads that account only; a node that acts for itself (an audit, another RM) shows none. */
  private mayRead(token: string | null, accounts: readonly AccountNumber[]): string | null {
    if (token === null) return null;
    const verified = this.context.tokens.verify(token);
    if (!verified.ok) return verified.error.reason;
    const subject = verified.value;
    if (subject.kind !== 'account') return null;
    return accounts.every((account) => account === subject.account) ? null : 'ACCOUNT_OF_ANOTHER_CALLER';
  }

  /** Null: this disk is not the one that founds the group. */
  private foundedAlone(bucket: BucketId): ConfState | null {
    const { directory, membership } = this.context;
    const { self } = membership.local;
    const founder = founderOf(directory.placement().map, bucket);
    return founder?.rm === self.rm && founder.ordinal === self.ordinal ? confStateOf([raftIdOf(self)]) : null;
  }

  private async openMeta(confState: ConfState | null): Promise<void> {
    const { host } = this.context;
    const meta = new MetaReplica(host, this.context, (newer) => this.onMap(newer));
    // From here on: its applier tells maps, and may lead, before it is added.
    this.meta = meta;
    try {
      await host.addGroup(META_GROUP, meta.applier, confState === null ? null : { confState });
    } catch (error) {
      this.meta = null;
      throw error;
    }
  }

  private async openBucket(bucket: BucketId, confState: ConfState | null): Promise<void> {
    const replica = new BucketReplica(bucket, this.context, {
      exchange: this.exchange,
      homes: this.homes,
      admission: this.admission,
      moves: this.moves,
    });
    try {
      await this.context.host.addGroup(bucket, replica.applier, confState === null ? null : { confState });
    } catch (error) {
      if (!isGroupStopped(error)) throw error;
      this.context.onBucketStopped(startStop(bucket, error.cause));
      return;
    }
    // Only now: a request must not reach a replica whose state is not read yet.
    this.replicas.set(bucket, replica);
  }

  private bucketStopped(stop: BucketStop, report: ((stop: BucketStop) => void) | undefined): void {
    if (this.stops.has(stop.bucket)) return;
    this.stops.set(stop.bucket, stop);
    const { logger, rm } = this.context;
    const { bucket, stage, index, term, upToIndex, instructions } = stop;
    logger.error(
      { bucket, stage, index, term, upToIndex, instructions, err: stop.cause },
      `${describeStop(stop, rm)}; the process serves its other buckets, docs/runbooks.md says what to do`,
    );
    report?.(stop);
  }

  private ownStatus(): readonly ReplicaStatus[] {
    const started = this.context.host.status().map((group): ReplicaStatus => {
      const replica = this.replicas.get(group.group);
      return {
        bucket: group.group,
        rm: this.context.rm,
        role: group.role,
        leader: group.leader,
        term: group.term,
        commitIndex: group.commitIndex,
        appliedIndex: group.appliedIndex,
        durableIndex: group.durableIndex,
        // In a joint step those that are being left count as well, and after it those that may come back: nothing is whole before that is over (docs/adr/0011).
        voters: [
          ...group.voters,
          ...[...group.outgoing, ...group.formerVoters].filter((old) => !group.voters.some((one) => one.rm === old.rm && one.ordinal === old.ordinal)),
        ],
        learners: group.learners,
        quiescent: group.quiescent,
        fsyncP50Ms: group.fsyncP50Ms,
        applyP50Ms: group.applyP50Ms,
        queuedProposals: group.queuedProposals + (replica?.proposer.queued ?? 0),
        preparedLegs: replica?.applier.state().ledger.preparedCount ?? 0,
        stopped: this.stopOf(group.group),
        knownSemantics: SEMANTICS_VERSION,
        moves: replica?.moves() ?? [],
        ...(replica?.size() ?? { accounts: 0, rows: 0 }),
      };
    });
    const groups = new Set(started.map(({ bucket }) => bucket));
    return [...started, ...[...this.stops.values()].filter(({ bucket }) => !groups.has(bucket)).map((stop) => this.neverStarted(stop.bucket))];
  }

  private stopOf(bucket: BucketId): StoppedReplica | null {
    const stop = this.stops.get(bucket);
    if (stop === undefined) return null;
    const { stage, index, term, upToIndex, instructions, reason } = stop;
    return { stage, index, term, upToIndex, instructions, reason };
  }

  private neverStarted(bucket: BucketId): ReplicaStatus {
    const { rm } = this.context;
    // Who votes stands in rows that cannot be read.
    const nothing = { term: 0, commitIndex: 0, appliedIndex: 0, durableIndex: 0, queuedProposals: 0, preparedLegs: 0 };
    return {
      bucket,
      rm,
      role: 'stopped',
      leader: null,
      ...nothing,
      voters: [],
      learners: [],
      quiescent: false,
      fsyncP50Ms: null,
      applyP50Ms: null,
      stopped: this.stopOf(bucket),
      knownSemantics: SEMANTICS_VERSION,
      moves: [],
      accounts: 0,
      rows: 0,
    };
  }

  private async shutDown(): Promise<void> {
    this.accepting = false;
    this.probe.stop();
    this.nodes.stop();
    await Promise.all([...this.replicas.values()].map((replica) => replica.quiet()));
    await this.context.host.stop();
    await this.context.store.close();
  }
}

/** Of the cluster's founders. */
function votersOf(replicas: readonly RmId[]): ConfState {
  return confStateOf(replicas.map((rm) => raftIdOf(founderId(rm))));
}

function confStateOf(raftIds: readonly number[]): ConfState {
  return { voters: raftIds.map(nodeId).sort((a, b) => a - b), learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
}

function onlyOnce(report: (error: unknown) => void): (error: unknown) => void {
  let reported = false;
  return (error) => {
    if (reported) return;
    reported = true;
    report(error);
  };
}
