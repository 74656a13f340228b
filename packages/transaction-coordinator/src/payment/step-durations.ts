/** How long the steps of payments took: all payments of this coordinator since it started. */
import type { TransactionStep } from '@mas/two-phase-commit';
import { Durations } from '@mas/values';

export class StepDurations {
  /** Until it is noted in Redis, or known that it will not be. */
  readonly begin = new Durations();
  /** Until the last of the other buckets has promised. */
  readonly prepare = new Durations();
  /** Until the home has decided. */
  readonly decide = new Durations();
  /** Until the last leg is told. */
  readonly tell = new Durations();
  /** From the request to the answer. */
  readonly answer = new Durations();

  /** Of a payment that did not go the plain way, from what its timeline says; a step that was not finished is not counted. */
  note(timeline: readonly TransactionStep[]): void {
    const at = (...steps: readonly string[]): number | null => timeline.findLast(({ step }) => steps.includes(step))?.atMs ?? null;
    const received = at('received');
    const begun = at('journaled', 'redis-silent');
    const prepared = at('prepared');
    const decided = at('decided');
    addBetween(this.begin, received, begun);
    addBetween(this.prepare, begun, prepared);
    addBetween(this.decide, prepared ?? begun, decided);
    addBetween(this.tell, decided, at('told'));
    addBetween(this.answer, received, at('answered'));
  }
}

function addBetween(to: Durations, fromMs: number | null, untilMs: number | null): void {
  if (fromMs !== null && untilMs !== null) to.add(Math.max(0, untilMs - fromMs));
}
