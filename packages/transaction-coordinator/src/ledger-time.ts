/**
 * The time on which most Resource Managers agree (docs/adr/0016), for what is promised until a moment: this machine's clock may be
 * wrong. Any of them tells it; between two answers the monotonic clock goes on from the last one.
 */
import type { LeaderDirectory } from '@mas/placement';
import type { Clock } from '@mas/values';
import type { LeaderFollower } from './transport/leader-follower';

/** Nobody waits longer for it. */
const PATIENCE_MS = 500;
/** Two clocks that drift apart by 200 ppm differ by 2 ms after that. */
const KEPT_MS = 10_000;

export class LedgerTime {
  private known: { readonly offsetMs: number; readonly atMs: number } | null = null;
  private asking: Promise<void> | null = null;

  constructor(
    private readonly follower: Pick<LeaderFollower, 'send'>,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
  ) {}

  /** Milliseconds since the Unix epoch. Where no Resource Manager has ever told one in this process, this machine's own. */
  async nowMs(): Promise<number> {
    if (this.known === null || this.clock.monotonicMs() - this.known.atMs > KEPT_MS) await (this.asking ??= this.ask().finally(() => (this.asking = null)));
    return this.known === null ? this.clock.wallMs() : Math.floor(this.clock.monotonicMs() + this.known.offsetMs);
  }

  /** Until the first that knows, or all have answered. */
  private ask(): Promise<void> {
    const rms = this.directory.placement().map.resourceManagers.map(({ rm }) => rm);
    return new Promise((resolve) => {
      let silent = rms.length;
      const done = (isKnown: boolean): void => {
        silent -= 1;
        if (isKnown || silent === 0) resolve();
      };
      for (const rm of rms) {
        const sentMs = this.clock.monotonicMs();
        void this.follower.send(rm, { kind: 'placement' }, PATIENCE_MS).then((reply) => {
          const agreedMs = reply.kind === 'placement' ? reply.agreedMs : null;
          if (agreedMs !== null) this.heard(agreedMs, sentMs);
          done(agreedMs !== null);
        });
      }
    });
  }

  /** It was told somewhere on the way. */
  private heard(agreedMs: number, sentMs: number): void {
    const nowMs = this.clock.monotonicMs();
    this.known = { offsetMs: agreedMs - (sentMs + nowMs) / 2, atMs: nowMs };
  }
}
