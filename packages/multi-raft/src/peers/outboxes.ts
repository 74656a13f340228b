/**
 * What this turn has to say, gathered per peer process: messages of all groups, and their heartbeats in a form of
 * their own, so that a tick of a thousand groups is one write per peer. A peer that does not take its batch loses it
 * and nobody else's; the groups concerned are told, so that Raft stops streaming to it.
 */
import type { HeartbeatMessage, HeartbeatResponseMessage, PeerMessage } from '@mas/raft';
import { payloadBytes } from '@mas/raft';
import type { BucketId, RmId } from '@mas/values';
import { rmOf } from '../replica-id';
import type { CoalescedHeartbeat, GroupMessage, PeerBatch } from '../peer-transport';

export interface OutboxLimits {
  readonly maxBatchBytes: number;
  readonly maxBatchItems: number;
}

interface Outbox {
  messages: GroupMessage[];
  heartbeats: CoalescedHeartbeat[];
  heartbeatResponses: CoalescedHeartbeat[];
  bytes: number;
  items: number;
}

const EMPTY_BATCH: PeerBatch = { messages: [], heartbeats: [], heartbeatResponses: [] };

export class Outboxes {
  private readonly boxes = new Map<RmId, Outbox>();
  /** Peers written to since the last sign of life. */
  private readonly spokenTo = new Set<RmId>();

  /** @param dropped a group's message to this peer was not taken. */
  constructor(
    private readonly limits: OutboxLimits,
    private readonly send: (to: RmId, batch: PeerBatch) => boolean,
    private readonly dropped: (to: RmId, group: BucketId) => void,
  ) {}

  message(group: BucketId, message: PeerMessage): void {
    const to = rmOf(message.to);
    const box = this.box(to);
    box.messages.push({ group, message });
    if (message.kind === 'append') box.bytes += payloadBytes(message.entries);
    this.count(to, box);
  }

  heartbeat(group: BucketId, message: HeartbeatMessage, quiesce: boolean): void {
    const to = rmOf(message.to);
    const box = this.box(to);
    const { term, commit, readSequence } = message;
    box.heartbeats.push({ group, term, commit, readSequence, quiesce });
    this.count(to, box);
  }

  heartbeatResponse(group: BucketId, message: HeartbeatResponseMessage): void {
    const to = rmOf(message.to);
    const box = this.box(to);
    const { term, readSequence } = message;
    box.heartbeatResponses.push({ group, term, commit: 0, readSequence, quiesce: false });
    this.count(to, box);
  }

  /** Everything leaves. */
  flush(): void {
    for (const [to, box] of this.boxes) if (box.items > 0) this.write(to, box);
  }

  /** A batch without content to every peer that heard nothing since the last call, so that silence means something. */
  signOfLife(peers: Iterable<RmId>): void {
    for (const peer of peers) if (!this.spokenTo.has(peer)) this.send(peer, EMPTY_BATCH);
    this.spokenTo.clear();
  }

  private box(to: RmId): Outbox {
    let box = this.boxes.get(to);
    if (box === undefined) {
      box = { messages: [], heartbeats: [], heartbeatResponses: [], bytes: 0, items: 0 };
      this.boxes.set(to, box);
    }
    return box;
  }

  private count(to: RmId, box: Outbox): void {
    box.items += 1;
    if (box.items >= this.limits.maxBatchItems || box.bytes >= this.limits.maxBatchBytes) this.write(to, box);
  }

  private write(to: RmId, box: Outbox): void {
    const { messages, heartbeats, heartbeatResponses } = box;
    box.messages = [];
    box.heartbeats = [];
    box.heartbeatResponses = [];
    box.bytes = 0;
    box.items = 0;
    this.spokenTo.add(to);
    if (this.send(to, { messages, heartbeats, heartbeatResponses })) return;
    const groups = new Set<BucketId>();
    for (const item of messages) groups.add(item.group);
    for (const item of heartbeats) groups.add(item.group);
    for (const group of groups) this.dropped(to, group);
  }
}
