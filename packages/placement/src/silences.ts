/**
 * Who does not answer this process. Per Resource Manager, shared by all that asks: what one exchange has found out spares the
 * others the wait. It always heals: whoever is silent is asked a question twice a second, and any answer at all ends it.
 */
import type { RmId } from '@mas/values';

/** Whoever is silent is asked so often whether it still is. */
export const ASK_AGAIN_MS = 500;

interface Unanswered {
  /** When the first was asked that has had no answer. */
  readonly sinceMs: number;
  askedMs: number;
  isSilent: boolean;
  /** When it was known to live although it had been asked and did not answer: somebody else has heard it. */
  livedMs: number | null;
}

export class Silences {
  private readonly unanswered = new Map<RmId, Unanswered>();

  isSilent(rm: RmId): boolean {
    return this.unanswered.get(rm)?.isSilent ?? false;
  }

  /** Whatever it said. */
  answered(rm: RmId): void {
    this.unanswered.delete(rm);
  }

  asked(rm: RmId, nowMs: number): void {
    const known = this.unanswered.get(rm);
    if (known === undefined) this.unanswered.set(rm, { sinceMs: nowMs, askedMs: nowMs, isSilent: false, livedMs: null });
    else known.askedMs = nowMs;
  }

  /** What was asked at `sinceMs` has had no answer, and it is no longer waited for. */
  silent(rm: RmId, sinceMs: number): void {
    const known = this.unanswered.get(rm);
    if (known === undefined) this.unanswered.set(rm, { sinceMs, askedMs: sinceMs, isSilent: true, livedMs: null });
    else known.isSilent = true;
  }

  /** Somebody else has heard it at `atMs`. */
  livedAt(rm: RmId, atMs: number): void {
    const known = this.unanswered.get(rm);
    if (known !== undefined && known.livedMs === null && atMs > known.sinceMs) known.livedMs = atMs;
  }

  /** For how long it has been known to live and has not answered; null: it has answered, or nobody has heard it either. */
  livesUnansweredMs(rm: RmId, nowMs: number): number | null {
    const livedMs = this.unanswered.get(rm)?.livedMs ?? null;
    return livedMs === null ? null : nowMs - livedMs;
  }

  /** True twice a second for one that is silent; then it counts as asked. */
  isDue(rm: RmId, nowMs: number): boolean {
    const known = this.unanswered.get(rm);
    if (known === undefined || !known.isSilent || nowMs - known.askedMs < ASK_AGAIN_MS) return false;
    known.askedMs = nowMs;
    return true;
  }
}
