/**
 * Who has signed in: a random name in a cookie, and behind it the token with which the cluster is asked. Bounded in number, for each
 * viewer and for all, and in time; the one that was used longest ago makes room for a new one. Kept in memory only.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '@mas/values';
import type { Claims } from './claims';

export const MAX_SESSIONS = 64;
/** Whoever signs in again and again pushes out himself, and nobody else. */
export const MAX_SESSIONS_PER_VIEWER = 8;
export const IDLE_MS = 3_600_000;
export const LONGEST_MS = 12 * 3_600_000;
const NAME_BYTES = 32;
const SWEEP_MS = 30_000;

/** What a session needs to know of who has signed in. */
export interface Visitor {
  readonly claims: Pick<Claims, 'name' | 'isOperator'>;
  readonly tokenEndsAtMs: number;
  isWatching(): boolean;
  close(): void;
}

interface Session<Who extends Visitor> {
  readonly viewer: Who;
  /** Of the wall clock, as a token's end is. */
  readonly endsAtMs: number;
  usedAtMs: number;
}

export class Sessions<Who extends Visitor> {
  private readonly sessions = new Map<string, Session<Who>>();
  private sweep: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly randomName: () => string = () => randomBytes(NAME_BYTES).toString('base64url'),
  ) {}

  /** @returns the session's name */
  open(viewer: Who): string {
    this.dropEnded();
    const own = [...this.sessions].filter(([, one]) => isSame(one.viewer, viewer));
    if (own.length >= MAX_SESSIONS_PER_VIEWER) this.closeLongestUnused(own);
    if (this.sessions.size >= MAX_SESSIONS) this.closeLongestUnused([...this.sessions]);
    const nowMs = this.clock.wallMs();
    const name = this.randomName();
    this.sessions.set(name, { viewer, usedAtMs: nowMs, endsAtMs: Math.min(nowMs + LONGEST_MS, viewer.tokenEndsAtMs) });
    this.sweep ??= this.clock.schedule(SWEEP_MS, () => this.swept());
    return name;
  }

  /** A request in its name, which keeps it from being idle. */
  find(name: string): Who | null {
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

  private closeLongestUnused(some: readonly (readonly [string, Session<Who>])[]): void {
    const [first] = [...some].sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    if (first !== undefined) this.close(first[0]);
  }

  /** Also those that nobody asks for any more: their streams and connections end with them. */
  private swept(): void {
    this.dropEnded();
    this.sweep = this.sessions.size === 0 ? null : this.clock.schedule(SWEEP_MS, () => this.swept());
  }

  private dropEnded(): void {
    for (const [name, session] of [...this.sessions]) if (this.isOver(session)) this.close(name);
  }

  private isOver({ usedAtMs, endsAtMs, viewer }: Session<Who>): boolean {
    const nowMs = this.clock.wallMs();
    return nowMs >= endsAtMs || (nowMs - usedAtMs >= IDLE_MS && !viewer.isWatching());
  }
}

function isSame(a: Visitor, b: Visitor): boolean {
  return a.claims.name === b.claims.name && a.claims.isOperator === b.claims.isOperator;
}
