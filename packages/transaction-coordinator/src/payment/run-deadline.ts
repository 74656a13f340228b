/** The two moments of a caller's deadline that a run must know: the last one to begin anything, and the last one to answer. One timer entry at a time. */
import type { TimerWheel, WheelEntry } from '../transport/timer-wheel';

/** Between the last moment for an answer and the caller's deadline. */
const ANSWER_MARGIN_MS = 25;

export class RunDeadline {
  private entry: WheelEntry | null = null;

  /** @param reserveMs kept of the deadline for recording an abort at home and answering */
  constructor(
    private readonly wheel: TimerWheel,
    private readonly deadlineMs: number,
    private readonly reserveMs: number,
  ) {}

  arm(beginsNoMore: () => void, answerBy: () => void): void {
    this.entry = this.wheel.add(this.deadlineMs - this.reserveMs, () => {
      this.entry = this.wheel.add(this.deadlineMs - Math.min(ANSWER_MARGIN_MS, this.reserveMs), () => {
        this.entry = null;
        answerBy();
      });
      beginsNoMore();
    });
  }

  disarm(): void {
    if (this.entry !== null) this.wheel.remove(this.entry);
    this.entry = null;
  }
}
