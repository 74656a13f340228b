/**
 * Who has signed in: a random name in a cookie, and behind it the token with which the cluster is asked. Bounded in number and
 * time; the one that was used longest ago makes room for a new one. Kept in memory only.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '@mas/values';
import type { Viewer } from './viewer';

export const MAX_SESSIONS = 64;
export const IDLE_MS = 3_600_000;
export const LONGEST_MS = 12 * 3_600_000;
const NAME_BYTES = 32;
const SWEEP_MS = 30_000;

interface Session {
  readonly viewer: Viewer;
  /** Of the wall clock, as a token's end is. */
  readonly endsAtMs: number;
  usedAtMs: number;
}

export class Sessions {
  private readonly sessions = new Map<string, Session>();
  private sweep: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly randomName: () => string = () => randomBytes(NAME_BYTES).toString('base64url'),
  ) {}

  /** @returns the session's name */
  open(viewer: Viewer): string {
    this.dropEnded();
    if (this.sessions.size >= MAX_SESSIONS) {
      const [longestUnused] = [...this.sessions].sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
      if (longestUnused !== undefined) this.close(longestUnused[0]);
    }
    const nowMs = this.clock.wallMs();
    const name = this.randomName();
    this.sessions.set(name, { viewer, usedAtMs: nowMs, endsAtMs: Math.min(nowMs + LONGEST_MS, viewer.tokenEndsAtMs) });
    this.sweep ??= this.clock.schedule(SWEEP_MS, () => this.swept());
    return name;
  }

  /** A request in its name, which keeps it from being idle. */
  find(name: string): Viewer | null {
    const session = this.sessions.get(name);
    if (session === undefined) return null;
    if (this.isOver(session)) {
      this.close(name);
      return null;
    }
    session.usedAtMs = this.clock.wallMs();
    return session.viewer;
  }

  close(name: string): void {
    const session = this.sessions.get(name);
    this.sessions.delete(name);
    session?.viewer.close();
  }

  closeAll(): void {
    this.sweep?.cancel();
    this.sweep = null;
    for (const name of [...this.sessions.keys()]) this.close(name);
  }

  /** Also those that nobody asks for any more: their streams and connections end with them. */
  private swept(): void {
    this.dropEnded();
    this.sweep = this.sessions.size === 0 ? null : this.clock.schedule(SWEEP_MS, () => this.swept());
  }

  private dropEnded(): void {
    for (const [name, session] of [...this.sessions]) if (this.isOver(session)) this.close(name);
  }

  private isOver({ usedAtMs, endsAtMs, viewer }: Session): boolean {
    const nowMs = this.clock.wallMs();
    return nowMs >= endsAtMs || (nowMs - usedAtMs >= IDLE_MS && !viewer.isWatching());
  }
}
