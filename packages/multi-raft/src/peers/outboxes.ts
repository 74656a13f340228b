/**
 * What this turn has to say, gathered per peer: messages of all groups, and their heartbeats in a form of
 * their own, so that a tick of a thousand groups is one write per peer. What nobody waits for (how far a log is committed, told without
 * an entry, and the answer to that) rides with whatever is said next, for at most IDLE_MS: half of all messages of a lone proposal. A peer that does not take its batch loses it
 * and nobody else's; the groups concerned are told, so that Raft stops streaming to it.
 */
import type { ClockSignal, Condition } from '@mas/health';
import type { PositionMark } from '@mas/membership';
import type { HeartbeatMessage, HeartbeatResponseMessage, LogIndex, NodeId, PeerMessage, Term } from '@mas/raft';
import { payloadBytes } from '@mas/raft';
import type { BucketId, Clock } from '@mas/values';
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
  /** By group: what it says there without anybody waiting for it. */
  idle: Map<BucketId, PeerMessage> | null;
  heartbeats: CoalescedHeartbeat[];
  heartbeatResponses: CoalescedHeartbeat[];
  givenUp: GivenUp[];
  /** Something in it counts on what this process's log holds. */
  promises: boolean;
  bytes: number;
  items: number;
}

/** Far below what a follower may be behind by before anybody minds: a heartbeat tells the commit index as well. */
const IDLE_MS = 10;
const NO_POSITIONS: readonly PositionMark[] = [];
/** The last word of acceptance of a group. */
interface Accepted {
  readonly to: NodeId;
  readonly term: Term;
  readonly index: LogIndex;
}

const EMPTY_BOX: Outbox = emptyBox();

export class Outboxes {
  private readonly boxes = new Map<NodeId, Outbox>();
  /** Peers written to since the last sign of life. */
  private readonly spokenTo = new Set<NodeId>();
  /** Peers whose next batch carries this process's word about itself. */
  private readonly owedSign = new Set<NodeId>();
  /** Peers whose next batch carries positions. */
  private readonly owedPositions = new Set<NodeId>();
  /** Until when a group has told a leader that it has the log. */
  private readonly accepted = new Map<BucketId, Accepted>();
  private isIdleArmed = false;

  constructor(
    private readonly limits: OutboxLimits,
    private readonly ports: OutboxPorts,
    private readonly clock: Pick<Clock, 'schedule'>,
  ) {}

  message(group: BucketId, message: PeerMessage): void {
    const box = this.box(message.to);
    if (this.isIdle(group, message)) {
      box.idle ??= new Map();
      // Raft may lose any message, so the last one can stand for all.
      box.idle.set(group, message);
      this.armIdle();
      return;
    }
    // It says all that the idle one would.
    if (box.idle?.get(group)?.kind === message.kind) box.idle.delete(group);
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

  /** Everything that somebody waits for leaves, and what else there is for the same peers. */
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

  /** An append that brings no entry, and a word of acceptance that has been given before. */
  private isIdle(group: BucketId, message: PeerMessage): boolean {
    if (message.kind === 'append') return message.entries.length === 0;
    if (message.kind !== 'append-accepted') return false;
    const before = this.accepted.get(group);
    if (before !== undefined && before.to === message.to && before.term === message.term && before.index === message.index) return true;
    this.accepted.set(group, { to: message.to, term: message.term, index: message.index });
    return false;
  }

  private armIdle(): void {
    if (this.isIdleArmed) return;
    this.isIdleArmed = true;
    this.clock.schedule(IDLE_MS, () => {
      this.isIdleArmed = false;
      for (const [to, box] of this.boxes) if (box.idle !== null && box.idle.size > 0) this.write(to, box);
    });
  }

  private write(to: NodeId, box: Outbox): void {
    this.boxes.set(to, emptyBox());
    this.spokenTo.add(to);
    if (box.idle !== null) {
      for (const [group, message] of box.idle) {
        box.messages.push({ group, message });
        if (isPromise(message)) box.promises = true;
      }
    }
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
  return { messages: [], idle: null, heartbeats: [], heartbeatResponses: [], givenUp: [], promises: false, bytes: 0, items: 0 };
}

/** What Raft takes for durable at its sender: entries, and a vote. */
function isPromise({ kind }: PeerMessage): boolean {
  return kind === 'append-accepted' || kind === 'vote-response';
}
