/** The part of a Resource Manager that lets nodes come and go (docs/adr/0022): who moves groups, who keeps replicas, who plans, and who takes nodes in. */
import type { Incarnation } from '@mas/membership';
import { META_GROUP, movesOf, rosterOf, type NodeOrder, type PlacementMap } from '@mas/placement';
import type { ParticipantReply, ParticipantRequest, ReplicaStatus } from '@mas/two-phase-commit';
import type { BucketId, RmId } from '@mas/values';
import type { ReplicaContext } from '../bucket/replica-context';
import { answerOf, readmit } from '../membership/readmission';
import type { RejoinAnswer } from '../membership/membership-ports';
import type { MetaReplica } from '../meta/meta-replica';
import { GroupMover } from './group-mover';
import { NodeOrders } from './node-orders';
import { PlacementPoll } from './placement-poll';
import { ReplicaKeeper, type ReplicaHolder } from './replica-keeper';
import { Steward } from './steward';

const STATUS_MS = 1_000;
const READ_MS = 1_000;

export interface NodesPorts {
  readonly context: ReplicaContext;
  /** Null: this process has no replica of the meta group. */
  readonly meta: () => MetaReplica | null;
  readonly holder: ReplicaHolder;
  readonly ask: (bucket: BucketId, request: ParticipantRequest) => Promise<ParticipantReply>;
  readonly ownStatus: () => readonly ReplicaStatus[];
  readonly onMap: (map: PlacementMap) => void;
}

export class Nodes {
  private readonly mover: GroupMover;
  private readonly keeper: ReplicaKeeper;
  private readonly steward: Steward;
  private readonly orders: NodeOrders;
  private readonly poll: PlacementPoll;

  constructor(private readonly ports: NodesPorts) {
    const { context, ask, onMap, holder } = ports;
    const { rm, host, directory, clock, logger, participants, tokens, membership } = context;
    this.mover = new GroupMover({ rm, host, directory, ask, onMap, clock, logger });
    this.keeper = new ReplicaKeeper({ self: membership.local.self, directory, holder, ask, clock, logger });
    this.steward = new Steward({ meta: ports.meta, statusOf: (of) => this.statusOf(of), replaceAfterMs: context.config.replaceAfterMs, clock, logger });
    this.orders = new NodeOrders({
      confirmedMeta: () => this.confirmedMeta(),
      notLeader: () => this.notLeader(META_GROUP),
      steward: this.steward,
      ask,
      tokens,
      moveRowsPerSecond: context.config.moveRowsPerSecond,
      logger,
    });
    this.poll = new PlacementPoll({ rm, participants, directory, onMap, clock });
    membership.local.onUnknown(() => this.poll.soon());
  }

  start(): void {
    this.mover.start();
    this.keeper.start();
    this.steward.start();
    this.poll.start();
  }

  stop(): void {
    this.mover.stop();
    this.keeper.stop();
    this.steward.stop();
    this.poll.stop();
  }

  /** There is a newer map than the one that is known here, somewhere. */
  lookForMap(): void {
    this.poll.soon();
  }

  order(order: NodeOrder, token: string): Promise<ParticipantReply> {
    return this.orders.carryOut(order, token);
  }

  /** A node asks this one to be taken in: the meta group's leader decides. */
  async join(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer> {
    const reply = await this.ports.ask(META_GROUP, { kind: 'take-in', rm, incarnation });
    if (reply.kind === 'order-refused')
      return reply.name === 'NODE_ID_USED' ? { kind: 'refused', name: reply.name, message: reply.message } : pending(reply.message);
    if (reply.kind !== 'placement' || reply.map === null) return pending('the leader of the meta group, which does not answer');
    this.ports.onMap(reply.map);
    const answer = answerOf(reply.map, this.ports.context.membership.settings, rm, incarnation);
    return answer.kind === 'admitted' ? { ...answer, map: reply.map } : answer;
  }

  /** At the meta group's leader. */
  async takeIn(rm: RmId, incarnation: Incarnation): Promise<ParticipantReply> {
    const meta = await this.confirmedMeta();
    const map = meta?.applier.placement() ?? null;
    if (meta === null || map === null) return this.notLeader(META_GROUP);
    const { expected, removed } = rosterOf(map);
    if (removed.includes(rm))
      return { kind: 'order-refused', name: 'NODE_ID_USED', message: `rm-${rm} was a node before and was removed: give this one an id that was never used.` };
    if (expected.some((entry) => entry.rm === rm)) await meta.command({ kind: 'change', onVersion: map.version, change: { kind: 'take-in', rm, incarnation } });
    else if (map.cluster?.nodes.every((node) => node.rm !== rm) !== false)
      return { kind: 'order-refused', name: 'UNKNOWN_NODE', message: `the operator: "mas-client cluster add-node ${rm} HOST:PORT" adds rm-${rm}` };
    else await readmit(meta, this.ports.context.membership.settings, rm, incarnation);
    return { kind: 'placement', map: meta.applier.placement(), agreedMs: null };
  }

  /** At the meta group's leader. A move that the map does not have is over already. */
  async endMove(move: number, isAdopted: boolean): Promise<ParticipantReply> {
    const meta = await this.confirmedMeta();
    const map = meta?.applier.placement() ?? null;
    if (meta === null || map === null) return this.notLeader(META_GROUP);
    if (movesOf(map).every(({ number }) => number !== move)) return { kind: 'placement', map, agreedMs: null };
    const after = await meta.command({ kind: 'change', onVersion: null, change: { kind: 'end-move', move, isAdopted } });
    if (after === null) return { kind: 'unknown', reason: 'the meta group has no leader here any more' };
    this.ports.context.logger.info({ move, isAdopted }, 'a move of slots has ended');
    return { kind: 'placement', map: after, agreedMs: null };
  }

  /** Who holds the replicas of a group that is led here, as a quorum confirms. */
  async members(group: BucketId): Promise<ParticipantReply> {
    const { host, config } = this.ports.context;
    const read = await host.readIndex(group, Math.min(READ_MS, config.readTimeoutMs));
    const status = host.status().find((one) => one.group === group);
    if (status === undefined) return { kind: 'no-replica' };
    if (read.kind === 'no-quorum') return { kind: 'no-quorum', missing: read.missing };
    if (read.kind === 'unavailable') return { kind: 'unavailable', reason: read.reason };
    if (read.kind === 'not-leader' || status.role !== 'leader') return this.notLeader(group);
    const { term, voters, outgoing, formerVoters, learners } = status;
    return {
      kind: 'members',
      term,
      voters: [...voters, ...outgoing, ...formerVoters],
      learners,
      map: group === META_GROUP ? (this.ports.meta()?.applier.placement() ?? null) : null,
    };
  }

  private async confirmedMeta(): Promise<MetaReplica | null> {
    const meta = this.ports.meta();
    if (meta?.isLeading !== true) return null;
    const read = await this.ports.context.host.readIndex(META_GROUP, READ_MS);
    return read.kind === 'ready' ? meta : null;
  }

  private async statusOf(rm: RmId): Promise<readonly ReplicaStatus[] | null> {
    const { context, ownStatus } = this.ports;
    if (rm === context.rm) return ownStatus();
    const reply = await context.participants.send(rm, { kind: 'status' }, STATUS_MS);
    return reply.kind === 'status' ? reply.replicas : null;
  }

  private notLeader(group: BucketId): ParticipantReply {
    return { kind: 'not-leader', leader: this.ports.context.host.leader(group) };
  }
}

function pending(message: string): RejoinAnswer {
  return { kind: 'pending', message };
}
