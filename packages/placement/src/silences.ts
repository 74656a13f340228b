/**
 * Who does not answer this process. Per Resource Manager, shared by all that asks: what one exchange has found out spares the
 * others the wait. It always heals: whoever is silent is asked a question twice a second, and any answer at all ends it.
 */
import { LearnedSilence, LongestPause } from '@mas/health';
import type { RmId } from '@mas/values';

/** Whoever is silent is asked so often whether it still is. */
export const ASK_AGAIN_MS = 500;

/** How long one that lives may take to answer a question: on a quiet machine, and at most. A busy one answers late, and is learned. */
const ANSWER = { floorMs: 150, capMs: 1_500 };

/** From the verdict to the answer that ended it. */
interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Unanswered {
  /** When the first was asked that has had no answer. */
  readonly sinceMs: number;
  askedMs: number;
  /** When it was judged silent; null: it is not. */
  silentFromMs: number | null;
  /** When it was known to live although it had been asked and did not answer: somebody else has heard it. */
  livedMs: number | null;
}

export class Silences {
  private readonly unanswered = new Map<RmId, Unanswered>();
  private readonly learned = new LearnedSilence(ANSWER, -Infinity);
  private readonly pauses = new Map<RmId, LongestPause>();
  /** The last one of each. */
  private readonly outages = new Map<RmId, Outage>();

  isSilent(rm: RmId): boolean {
    return (this.unanswered.get(rm)?.silentFromMs ?? null) !== null;
  }

  /** Whatever it said. */
  answered(rm: RmId, nowMs: number): void {
    const fromMs = this.unanswered.get(rm)?.silentFromMs ?? null;
    if (fromMs !== null) this.outages.set(rm, { fromMs, toMs: nowMs });
    this.unanswered.delete(rm);
  }

  asked(rm: RmId, nowMs: number): void {
    const known = this.unanswered.get(rm);
    if (known === undefined) this.unanswered.set(rm, { sinceMs: nowMs, askedMs: nowMs, silentFromMs: null, livedMs: null });
    else known.askedMs = nowMs;
  }

  /** What was asked at `sinceMs` has had no answer, and it is no longer waited for. */
  silent(rm: RmId, sinceMs: number, nowMs: number): void {
    const known = this.unanswered.get(rm);
    if (known === undefined) this.unanswered.set(rm, { sinceMs, askedMs: sinceMs, silentFromMs: nowMs, livedMs: null });
    else known.silentFromMs ??= nowMs;
  }

  /** Somebody else has heard it at `atMs`. */
  livedAt(rm: RmId, atMs: number): void {
    const known = this.unanswered.get(rm);
    if (known !== undefined && known.livedMs === null && atMs > known.sinceMs) known.livedMs = atMs;
  }

  /**
   * It has answered, at `nowMs`, a question that was put at `askedMs`. One that was put while it was judged silent found out whether it is back:
   * it took as long as the network was broken, which says nothing about how fast it answers.
   */
  took(rm: RmId, askedMs: number, nowMs: number): void {
    const outage = this.outages.get(rm);
    if (outage !== undefined && askedMs >= outage.fromMs && askedMs <= outage.toMs) return;
    this.learned.paused(this.pausesOf(rm), nowMs - askedMs, nowMs);
  }

  /** It is known to live, and has had time to answer since, and has not: the way to it is broken. */
  isOutOfReach(rm: RmId, nowMs: number): boolean {
    const livedMs = this.unanswered.get(rm)?.livedMs ?? null;
    return livedMs !== null && nowMs - livedMs >= this.learned.allowedMs(this.pausesOf(rm), nowMs);
  }

  /** True twice a second for one that is silent; then it counts as asked. */
  isDue(rm: RmId, nowMs: number): boolean {
    const known = this.unanswered.get(rm);
    if (known === undefined || known.silentFromMs === null || nowMs - known.askedMs < ASK_AGAIN_MS) return false;
    known.askedMs = nowMs;
    return true;
  }

  private pausesOf(rm: RmId): LongestPause {
    let pauses = this.pauses.get(rm);
    if (pauses === undefined) {
      pauses = new LongestPause();
      this.pauses.set(rm, pauses);
    }
    return pauses;
  }
}
