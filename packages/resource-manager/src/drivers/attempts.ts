/** When a driver may try a thing again: doubling waits, forgotten once the thing is gone. */
import type { Clock } from '@mas/values';

export class Attempts<Key> {
  private readonly byKey = new Map<Key, { readonly nextMs: number; readonly waitMs: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly firstWaitMs: number,
    private readonly maxWaitMs: number,
  ) {}

  due(key: Key): boolean {
    const attempt = this.byKey.get(key);
    return attempt === undefined || attempt.nextMs <= this.clock.monotonicMs();
  }

  made(key: Key): void {
    const before = this.byKey.get(key);
    const waitMs = before === undefined ? this.firstWaitMs : Math.min(before.waitMs * 2, this.maxWaitMs);
    this.byKey.set(key, { nextMs: this.clock.monotonicMs() + waitMs, waitMs });
  }

  /** Only what `stillThere` has is worth remembering. */
  prune(stillThere: ReadonlySet<Key>): void {
    for (const key of this.byKey.keys()) if (!stillThere.has(key)) this.byKey.delete(key);
  }
}
