/**
 * Which peers (incarnations of Resource Managers, by their Raft ids) can be counted on now: connected, and heard within an election timeout. Quiet groups send
 * nothing, so this is what tells them that their leader's process is gone; a lost connection says it at once, silence
 * (a frozen process, a black hole) after the same time in which Raft itself gives a leader up.
 */
import type { NodeId } from '@mas/raft';

interface Peer {
  isConnected: boolean;
  isAlive: boolean;
  lastHeardMs: number;
  aliveSinceMs: number;
  goneSinceMs: number;
}

export interface LivenessEvents {
  /** The peer can be counted on again. */
  gained(peer: NodeId): void;
  lost(peer: NodeId): void;
}

export class PeerLiveness {
  private readonly peers = new Map<NodeId, Peer>();

  constructor(
    private readonly silenceMs: number,
    private readonly events: LivenessEvents,
    private readonly startedMs = 0,
  ) {}

  isAlive(peer: NodeId): boolean {
    return this.peers.get(peer)?.isAlive ?? false;
  }

  /** How long without interruption; 0 for a peer that is not alive. */
  aliveForMs(peer: NodeId, nowMs: number): number {
    const known = this.peers.get(peer);
    return known?.isAlive === true ? nowMs - known.aliveSinceMs : 0;
  }

  /** Null for a peer that is alive; a peer that was never heard has been gone since the start. */
  goneForMs(peer: NodeId, nowMs: number): number | null {
    const known = this.peers.get(peer);
    if (known?.isAlive === true) return null;
    return nowMs - (known?.goneSinceMs ?? this.startedMs);
  }

  /** Null for a peer that is not alive. */
  heardAgoMs(peer: NodeId, nowMs: number): number | null {
    const known = this.peers.get(peer);
    return known?.isAlive === true ? nowMs - known.lastHeardMs : null;
  }

  connected(peer: NodeId, nowMs: number): void {
    this.known(peer).isConnected = true;
    this.heard(peer, nowMs);
  }

  disconnected(peer: NodeId, nowMs: number): void {
    const known = this.known(peer);
    known.isConnected = false;
    this.lose(peer, known, nowMs);
  }

  heard(peer: NodeId, nowMs: number): void {
    const known = this.known(peer);
    known.lastHeardMs = nowMs;
    if (known.isAlive || !known.isConnected) return;
    known.isAlive = true;
    known.aliveSinceMs = nowMs;
    this.events.gained(peer);
  }

  /** Once per tick: finds peers that are connected and silent. */
  check(nowMs: number): void {
    for (const [peer, known] of this.peers) {
      if (known.isAlive && nowMs - known.lastHeardMs > this.silenceMs) this.lose(peer, known, known.lastHeardMs);
    }
  }

  /** This process itself stood still for a while: what peers said meanwhile is yet to be read. */
  forgive(nowMs: number): void {
    for (const known of this.peers.values()) known.lastHeardMs = nowMs;
  }

  private lose(peer: NodeId, known: Peer, sinceMs: number): void {
    if (!known.isAlive) return;
    known.isAlive = false;
    known.goneSinceMs = sinceMs;
    this.events.lost(peer);
  }

  private known(peer: NodeId): Peer {
    let known = this.peers.get(peer);
    if (known === undefined) {
      known = { isConnected: false, isAlive: false, lastHeardMs: 0, aliveSinceMs: 0, goneSinceMs: this.startedMs };
      this.peers.set(peer, known);
    }
    return known;
  }
}
