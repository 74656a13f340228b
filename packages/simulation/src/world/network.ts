/**
 * The network between processes: which directions are blocked, what is lost, doubled or late. It decides the fate of single
 * messages; raft-transport.ts and sessions.ts keep what their streams promise.
 */
import type { SeededRandom } from '@mas/values';
import type { World } from './world';

export interface NetworkConditions {
  /** 0 … 1, of single messages. */
  readonly lossRate: number;
  readonly duplicateRate: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** So many messages are late, by up to lateMs. */
  readonly lateRate: number;
  readonly lateMs: number;
}

export interface Lag {
  readonly sinceMs: number;
  /** Milliseconds that each second adds. */
  readonly perS: number;
  readonly maxMs: number;
}

export const CALM_NETWORK: NetworkConditions = { lossRate: 0, duplicateRate: 0, minDelayMs: 0.2, maxDelayMs: 1.5, lateRate: 0, lateMs: 0 };

const ECHO_RATE = 0.3;
const ECHO_MS = 8_000;

export class Network {
  conditions: NetworkConditions = CALM_NETWORK;
  /** Link → what is counted for each message that it swallows. */
  private readonly blocked = new Map<string, string>();
  private readonly lagging = new Map<string, Lag>();
  private readonly random: SeededRandom;

  constructor(readonly world: World) {
    this.random = world.chance();
  }

  block(from: string, to: string, counted = 'messages blocked'): void {
    this.blocked.set(`${from}>${to}`, counted);
  }

  unblock(from: string, to: string): void {
    this.blocked.delete(`${from}>${to}`);
  }

  heal(): void {
    this.blocked.clear();
  }

  isBlocked(from: string, to: string): boolean {
    return this.blocked.has(`${from}>${to}`);
  }

  delayMs(): number {
    const { minDelayMs, maxDelayMs, lateRate, lateMs } = this.conditions;
    const usual = minDelayMs + this.random.unit() * (maxDelayMs - minDelayMs);
    if (!this.random.chance(lateRate)) return usual;
    this.world.counters.add('messages late');
    const delayMs = usual + this.random.unit() * lateMs;
    this.world.isSlow(delayMs);
    return delayMs;
  }

  /** Raft's streams from here to there take longer and longer; null: no more. */
  lags(from: string, to: string, lag: Lag | null): void {
    if (lag === null) this.lagging.delete(`${from}>${to}`);
    else this.lagging.set(`${from}>${to}`, lag);
  }

  /** How much longer than usual a message takes that leaves now. */
  lagMs(from: string, to: string): number {
    const lag = this.lagging.get(`${from}>${to}`);
    if (lag === undefined) return 0;
    this.world.counters.add('messages of followers behind');
    const lagMs = Math.min(lag.maxMs, ((this.world.time.nowMs() - lag.sinceMs) * lag.perS) / 1_000);
    this.world.isSlow(lagMs);
    return lagMs;
  }

  /** Of a second copy of a message: some come when everybody has long gone on. */
  echoMs(): number {
    if (!this.random.chance(ECHO_RATE)) return this.delayMs();
    this.world.counters.add('old messages replayed');
    return this.random.unit() * ECHO_MS;
  }

  /** How many copies of a message arrive: 0, 1 or 2. */
  copies(from: string, to: string): number {
    const { counters } = this.world;
    const blocked = this.blocked.get(`${from}>${to}`);
    if (blocked !== undefined) {
      counters.add(blocked);
      return 0;
    }
    if (this.random.chance(this.conditions.lossRate)) {
      counters.add('messages lost');
      return 0;
    }
    if (this.random.chance(this.conditions.duplicateRate)) {
      counters.add('messages doubled');
      return 2;
    }
    return 1;
  }
}
