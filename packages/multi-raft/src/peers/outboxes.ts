/**
 * What this turn has to say, gathered per peer: messages of all groups, and their heartbeats in a form of
 * their own, so that a tick of a thousand groups is one write per peer. A peer that does not take its batch loses it
 * and nobody else's; the groups concerned are told, so that Raft stops streaming to it.
 */
import type { ClockSignal, Condition } from '@mas/health';
import type { PositionMark } from '@mas/membership';
import type { HeartbeatMessage, HeartbeatResponseMessage, NodeId, PeerMessage } from '@mas/raft';
import { payloadBytes } from '@mas/raft';
import type { BucketId } from '@mas/values';
import type { CoalescedHeartbeat, GivenUp, GroupMessage, PeerBatch } from '../peer-transport';

export interface OutboxLimits {
  readonly maxBatchBytes: number;
  readonly maxBatchItems: number;
}

export interface OutboxPorts {
  /** False: not taken, because that incarnation is not connected, or has no room. */
  send(to: NodeId, batch: PeerBatch): boolean;
  /** A group's message to this peer was not taken. */
  dropped(to: NodeId, group: BucketId): void;
  /** Where the own log stands, for what is promised with a batch. */
  ownPosition(): PositionMark;
  /** What a peer is told of logs with a sign of life; the own one among them. */
  positions(): readonly PositionMark[];
  /** How this process is. */
  condition(): Condition;
  /** What this process's clocks read, for that peer. */
  clock(to: NodeId): ClockSignal;
}

interface Outbox {
  messages: GroupMessage[];
  heartbeats: CoalescedHeartbeat[];
  heartbeatResponses: CoalescedHeartbeat[];
  givenUp: GivenUp[];
  /** Something in it counts on what this process's log holds. */
  promises: boolean;
  bytes: number;
  items: number;
}

const NO_POSITIONS: readonly PositionMark[] = [];
const EMPTY_BOX: Outbox = emptyBox();

export class Outboxes {
  private readonly boxes = new Map<NodeId, Outbox>();
  /** Peers written to since the last sign of life. */
  private readonly spokenTo = new Set<NodeId>();
  /** Peers whose next batch carries this process's word about itself. */
  private readonly owedSign = new Set<NodeId>();
  /** Peers whose next batch carries positions. */
  private readonly owedPositions = new Set<NodeId>();

  constructor(
    private readonly limits: OutboxLimits,
    private readonly ports: OutboxPorts,
  ) {}

  message(group: BucketId, message: PeerMessage): void {
    const box = this.box(message.to);
    box.messages.push({ group, message });
    if (isPromise(message)) box.promises = true;
    if (message.kind === 'append') box.bytes += payloadBytes(message.entries);
    this.count(message.to, box);
  }

  heartbeat(group: BucketId, { to, term, commit, readSequence }: HeartbeatMessage, quiesce: boolean): void {
    const box = this.box(to);
    box.heartbeats.push({ group, term, commit, readSequence, quiesce });
    this.count(to, box);
  }

  heartbeatResponse(group: BucketId, { to, term, readSequence }: HeartbeatResponseMessage): void {
    const box = this.box(to);
    box.heartbeatResponses.push({ group, term, commit: 0, readSequence, quiesce: false });
    this.count(to, box);
  }

  /** This process leads the group no longer, for want of a quorum. */
  givenUp(to: NodeId, given: GivenUp): void {
    const box = this.box(to);
    box.givenUp.push(given);
    this.count(to, box);
  }

  /** Everything leaves. */
  flush(): void {
    for (const [to, box] of this.boxes) if (box.items > 0) this.write(to, box);
  }

  /**
   * A batch without messages to every peer that heard nothing since the last call, so that silence means something. It says how
   * this process is; for those that were spoken to, the next batch does.
   */
  signOfLife(peers: Iterable<NodeId>, withPositions: boolean): void {
    if (withPositions) this.owedPositions.clear();
    this.owedSign.clear();
    for (const peer of peers) {
      if (withPositions) this.owedPositions.add(peer);
      this.owedSign.add(peer);
      if (!this.spokenTo.has(peer)) this.send(peer, EMPTY_BOX);
    }
    this.spokenTo.clear();
  }

  private box(to: NodeId): Outbox {
    let box = this.boxes.get(to);
    if (box === undefined) {
      box = emptyBox();
      this.boxes.set(to, box);
    }
    return box;
  }

  private count(to: NodeId, box: Outbox): void {
    box.items += 1;
    if (box.items >= this.limits.maxBatchItems || box.bytes >= this.limits.maxBatchBytes) this.write(to, box);
  }

  private write(to: NodeId, box: Outbox): void {
    this.boxes.set(to, emptyBox());
    this.spokenTo.add(to);
    if (this.send(to, box)) return;
    const groups = new Set<BucketId>();
    for (const item of box.messages) groups.add(item.group);
    for (const item of box.heartbeats) groups.add(item.group);
    for (const group of groups) this.ports.dropped(to, group);
  }

  private send(to: NodeId, { messages, heartbeats, heartbeatResponses, givenUp, promises }: Outbox): boolean {
    const positions = this.owedPositions.has(to) ? this.ports.positions() : promises ? [this.ports.ownPosition()] : NO_POSITIONS;
    const isSign = this.owedSign.has(to);
    const [condition, clock] = isSign ? [this.ports.condition(), this.ports.clock(to)] : [null, null];
    const isTaken = this.ports.send(to, { messages, heartbeats, heartbeatResponses, positions, condition, clock, givenUp });
    if (isTaken) this.owedPositions.delete(to);
    if (isTaken && isSign) this.owedSign.delete(to);
    return isTaken;
  }
}

function emptyBox(): Outbox {
  return { messages: [], heartbeats: [], heartbeatResponses: [], givenUp: [], promises: false, bytes: 0, items: 0 };
}

/** What Raft takes for durable at its sender: entries, and a vote. */
function isPromise({ kind }: PeerMessage): boolean {
  return kind === 'append-accepted' || kind === 'vote-response';
}
