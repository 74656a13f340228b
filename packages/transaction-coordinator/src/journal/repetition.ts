/**
 * What is kept of several attempts at one payment: the trace of the one that decided it stays, and what a retry did, or whoever
 * finished what another had begun, is added to it. So a retry tells more of the payment, and never less. Nothing is kept of
 * attempts that all began after the decision: what decided has expired, and its buckets tell more of it than a retry could.
 */
import { MAX_TIMELINE_STEPS } from '@mas/two-phase-commit';
import type { TimelineStep, TransactionEntry } from '../txn-coordinator-dao';

/**
 * @param known what is there; the entry of another transaction under the same id, which lost, is nothing to add to.
 * @returns null: an entry that is there is of no use, a PENDING one.
 */
export function withRepetition(known: TransactionEntry | null, repeated: TransactionEntry): TransactionEntry | null {
  const beganMs = Math.min(known?.createdAtMs ?? Infinity, repeated.createdAtMs);
  if ((known === null || known.state === 'PENDING') && repeated.endedAtMs !== null && repeated.endedAtMs < beganMs) return null;
  if (known === null) return repeated;
  if (known.txn !== repeated.txn) return known.state === 'PENDING' ? repeated : known;
  const isOwn = known.coordinator === repeated.coordinator && known.createdAtMs === repeated.createdAtMs;
  const added = isOwn
    ? repeated.timeline
    : repeated.timeline.map((step, i) => (i === 0 ? { ...step, detail: step.detail ?? `again, by ${repeated.coordinator}` } : step));
  const base = known.state === 'PENDING' ? repeated : known;
  return { ...base, createdAtMs: beganMs, timeline: joined(known.timeline, added) };
}

/** In the order of their times; the earlier ones where there is no room for all. */
function joined(known: readonly TimelineStep[], added: readonly TimelineStep[]): readonly TimelineStep[] {
  const seen = new Set(known.map(textOf));
  const news = added.filter((step) => !seen.has(textOf(step)));
  return [...known, ...news].sort((a, b) => a.atMs - b.atMs).slice(0, MAX_TIMELINE_STEPS);
}

function textOf({ atMs, step, bucket, detail }: TimelineStep): string {
  return JSON.stringify([atMs, step, bucket, detail]);
}
