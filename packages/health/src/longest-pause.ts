/** The longest pause of the recent past: a sliding maximum. */
interface Pause {
  readonly durationMs: number;
  readonly untilMs: number;
}

export class LongestPause {
  /** None is outlived by one that is as long: what is left of a minute of pauses worth remembering is a short list. */
  private pauses: readonly Pause[] = [];

  note(durationMs: number, nowMs: number, keptMs: number): void {
    const untilMs = nowMs + keptMs;
    if (this.pauses.some((other) => other.durationMs >= durationMs && other.untilMs >= untilMs)) return;
    this.pauses = [
      ...this.pauses.filter((other) => other.untilMs > nowMs && (other.durationMs > durationMs || other.untilMs > untilMs)),
      { durationMs, untilMs },
    ];
  }

  /** 0: none. */
  at(nowMs: number): number {
    return this.pauses.reduce((longest, { durationMs, untilMs }) => (untilMs > nowMs ? Math.max(longest, durationMs) : longest), 0);
  }
}
