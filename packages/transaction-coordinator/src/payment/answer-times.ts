/** How long answers to payments took since the start. Counted on the hot path, read rarely. */
import type { CoordinatorStatus } from '../coordinator-service';

/** Upper ends in milliseconds; what takes longer is in a last bin without one. */
const LATENCY_BINS_MS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1_024, 2_048, 4_096, 8_192, 16_384];

export class AnswerTimes {
  private readonly bins = new Array<number>(LATENCY_BINS_MS.length + 1).fill(0);

  add(tookMs: number): void {
    let at = 0;
    while (at < LATENCY_BINS_MS.length && tookMs > (LATENCY_BINS_MS[at] ?? 0)) at += 1;
    this.bins[at] = (this.bins[at] ?? 0) + 1;
  }

  report(): CoordinatorStatus['latency'] {
    return this.bins.map((count, at) => ({ upToMs: LATENCY_BINS_MS[at] ?? null, count }));
  }
}
