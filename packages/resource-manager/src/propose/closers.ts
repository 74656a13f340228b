/** Who waits for the bucket to be closed at a moment: all share the next entry, which closes it at the latest of theirs. */
import type { ParticipantFailure } from '@mas/two-phase-commit';

/** Null: it is closed. */
export type Closed = ParticipantFailure | null;

export class Closers {
  private waiting: ((closed: Closed) => void)[] = [];
  private latestUs: number | null = null;

  get count(): number {
    return this.waiting.length;
  }

  get any(): boolean {
    return this.latestUs !== null;
  }

  wait(us: number): Promise<Closed> {
    this.latestUs = Math.max(this.latestUs ?? 0, us);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Those who wait now, and the moment that the next entry has to lie behind; null: nobody waits. */
  take(): { readonly behindUs: number | null; readonly settle: (closed: Closed) => void } {
    const { waiting, latestUs } = this;
    this.waiting = [];
    this.latestUs = null;
    return {
      behindUs: latestUs,
      settle: (closed) => {
        for (const resolve of waiting) resolve(closed);
      },
    };
  }
}
