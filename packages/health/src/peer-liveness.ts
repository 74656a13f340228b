/**
 * Which peers can be counted on now: connected, and heard within the silence that is allowed them (learned-silence.ts), counted
 * while this process was awake. Quiet groups send nothing, so this is what tells them that their leader's process is gone; a lost
 * connection says it at once, silence (a frozen process, a black hole) a little later. Whoever is heard is also what it says of itself.
 */
import { WELL, type Condition, type PeerVerdict } from './condition';
import { LearnedSilence, type SilenceBounds } from './learned-silence';
import { LongestPause } from './longest-pause';
import { OwnPulse, type Beat } from './own-pulse';

interface Known {
  isConnected: boolean;
  isAlive: boolean;
  /** In time awake. */
  heardAwakeMs: number;
  aliveSinceMs: number;
  goneSinceMs: number;
  condition: Condition;
  readonly pauses: LongestPause;
}

export interface LivenessEvents<Peer> {
  /** The peer can be counted on again. */
  gained(peer: Peer): void;
  /** @param how silent: it still has its connection. */
  lost(peer: Peer, how: 'gone' | 'silent'): void;
}

export interface LivenessOptions extends SilenceBounds {
  /** At which tick() is called. */
  readonly tickMs: number;
}

export class PeerLiveness<Peer> {
  private readonly peers = new Map<Peer, Known>();
  private readonly silence: LearnedSilence;
  private readonly pulse: OwnPulse;

  constructor(
    options: LivenessOptions,
    private readonly events: LivenessEvents<Peer>,
    private readonly startedMs: number,
  ) {
    this.silence = new LearnedSilence(options, startedMs);
    this.pulse = new OwnPulse(options.tickMs, startedMs);
  }

  /** Once per tick. judge() follows when the sockets have been read: after a stall, what peers said meanwhile waits in them. */
  tick(nowMs: number): Beat {
    const beat = this.pulse.tick(nowMs);
    if (beat.stallMs > 0) this.silence.stalled(beat.stallMs, nowMs);
    return beat;
  }

  /** Finds peers that are connected and silent. */
  judge(nowMs: number): void {
    const awakeMs = this.pulse.awakeAt(nowMs);
    for (const [peer, known] of this.peers) {
      const silentMs = awakeMs - known.heardAwakeMs;
      if (known.isAlive && silentMs > this.silence.allowedMs(known.pauses, nowMs)) this.lose(peer, known, nowMs - silentMs, 'silent');
    }
  }

  isAlive(peer: Peer): boolean {
    return this.peers.get(peer)?.isAlive ?? false;
  }

  /** Alive, and has no trouble by its own word: something may be handed to it. */
  isWell(peer: Peer): boolean {
    return this.verdict(peer).kind === 'well';
  }

  verdict(peer: Peer): PeerVerdict {
    const known = this.peers.get(peer);
    if (known?.isConnected !== true) return { kind: 'gone' };
    return known.isAlive ? known.condition : { kind: 'silent' };
  }

  /** The silence that is allowed this peer now. */
  allowedSilenceMs(peer: Peer, nowMs: number): number {
    return this.silence.allowedMs(this.known(peer).pauses, nowMs);
  }

  /** How long without interruption; 0 for a peer that is not alive. */
  aliveForMs(peer: Peer, nowMs: number): number {
    const known = this.peers.get(peer);
    return known?.isAlive === true ? nowMs - known.aliveSinceMs : 0;
  }

  /** Null for a peer that is alive; a peer that was never heard has been gone since the start. */
  goneForMs(peer: Peer, nowMs: number): number | null {
    const known = this.peers.get(peer);
    if (known?.isAlive === true) return null;
    return nowMs - (known?.goneSinceMs ?? this.startedMs);
  }

  /** Time awake since it was last heard; null for a peer that is not alive. */
  heardAgoMs(peer: Peer, nowMs: number): number | null {
    const known = this.peers.get(peer);
    return known?.isAlive === true ? this.pulse.awakeAt(nowMs) - known.heardAwakeMs : null;
  }

  connected(peer: Peer, nowMs: number): void {
    const known = this.known(peer);
    known.isConnected = true;
    // The time without a connection was no pause.
    known.heardAwakeMs = this.pulse.awakeAt(nowMs);
    this.heard(peer, nowMs);
  }

  disconnected(peer: Peer, nowMs: number): void {
    const known = this.known(peer);
    known.isConnected = false;
    this.lose(peer, known, nowMs, 'gone');
  }

  /** Its word about itself holds until its next one. */
  heard(peer: Peer, nowMs: number, says?: Condition): void {
    const known = this.known(peer);
    const awakeMs = this.pulse.awakeAt(nowMs);
    if (known.isConnected) this.silence.paused(known.pauses, awakeMs - known.heardAwakeMs, nowMs);
    known.heardAwakeMs = awakeMs;
    if (says !== undefined) known.condition = says;
    if (known.isAlive || !known.isConnected) return;
    known.isAlive = true;
    known.aliveSinceMs = nowMs;
    this.events.gained(peer);
  }

  private lose(peer: Peer, known: Known, sinceMs: number, how: 'gone' | 'silent'): void {
    if (!known.isAlive) return;
    known.isAlive = false;
    known.goneSinceMs = sinceMs;
    this.events.lost(peer, how);
  }

  private known(peer: Peer): Known {
    let known = this.peers.get(peer);
    if (known === undefined) {
      known = {
        isConnected: false,
        isAlive: false,
        heardAwakeMs: 0,
        aliveSinceMs: 0,
        goneSinceMs: this.startedMs,
        condition: WELL,
        pauses: new LongestPause(),
      };
      this.peers.set(peer, known);
    }
    return known;
  }
}
