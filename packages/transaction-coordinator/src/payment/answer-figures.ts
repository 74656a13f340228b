/** How payments were answered since the start: why they aborted, and how long they took. Counted on the hot path, read rarely. */
import type { TransactionAnswer } from '@mas/two-phase-commit';
import type { CoordinatorStatus } from '../coordinator-service';

/** Upper ends in milliseconds; what takes longer is in a last bin without one. */
const LATENCY_BINS_MS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1_024, 2_048, 4_096, 8_192, 16_384];
/** Reasons are names of the protocol; a peer that invents some fills one line, not the memory. */
const MAX_REASONS = 100;
const OTHER = 'OTHER';

export class AnswerFigures {
  private readonly aborts = new Map<string, number>();
  private readonly bins = new Array<number>(LATENCY_BINS_MS.length + 1).fill(0);

  note(answer: Extract<TransactionAnswer, { readonly kind: 'recorded' }>, tookMs: number): void {
    const { decision } = answer.outcome;
    if (decision.kind === 'aborted') {
      const { name } = decision.reason;
      const reason = this.aborts.has(name) || this.aborts.size < MAX_REASONS ? name : OTHER;
      this.aborts.set(reason, (this.aborts.get(reason) ?? 0) + 1);
    }
    let at = 0;
    while (at < LATENCY_BINS_MS.length && tookMs > (LATENCY_BINS_MS[at] ?? 0)) at += 1;
    this.bins[at] = (this.bins[at] ?? 0) + 1;
  }

  report(): Pick<CoordinatorStatus, 'aborted' | 'latency'> {
    return {
      aborted: [...this.aborts].map(([reason, count]) => ({ reason, count })),
      latency: this.bins.map((count, at) => ({ upToMs: LATENCY_BINS_MS[at] ?? null, count })),
    };
  }
}
