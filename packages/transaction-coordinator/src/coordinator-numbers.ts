/** What a coordinator can say of itself at one moment, for metrics: copies of numbers that exist anyway. */
import type { CoordinatorCounters } from './coordinator-counters';
import type { QueuedInstructions } from './transport/bucket-link';

export interface CoordinatorNumbers {
  readonly counters: CoordinatorCounters;
  /** Payments that have not ended, answered or not. */
  readonly paymentsOpen: number;
  /** Payments whose callers heard UNKNOWN and that have not ended here since. */
  readonly unfinished: { readonly count: number; readonly oldestAgeMs: number };
  readonly queuedInstructions: readonly QueuedInstructions[];
  /** Entries that wait for Redis. */
  readonly queuedEntries: number;
  /** Redis takes entries, as far as was seen last. */
  readonly redisIsHeard: boolean;
  /** The last audit that this coordinator made; null: none since it started. */
  readonly lastAudit: { readonly endedAtMs: number; readonly differences: number; readonly missed: number } | null;
}
