/**
 * When somebody has to leave a flight: at the earliest deadline of those that wait for a decision, and when legs should have been told.
 * Two entries in the wheel for a whole flight, however many are on board.
 */
import type { TimerWheel, WheelEntry } from '../transport/timer-wheel';

export class FlightWatch {
  private undecided = 0;
  private telling = 0;
  private deadline: { readonly atMs: number; readonly entry: WheelEntry } | null = null;
  private grace: WheelEntry | null = null;

  /**
   * @param onLate the earliest deadline has come; whoever is left is watched again with `until`.
   * @param onSlow legs are not told yet.
   */
  constructor(
    private readonly wheel: TimerWheel,
    private readonly onLate: () => void,
    private readonly onSlow: () => void,
  ) {}

  /** One more waits for a decision, until `atMs` (monotonic). */
  boarded(atMs: number): void {
    this.undecided += 1;
    this.until(atMs);
  }

  until(atMs: number): void {
    if (this.deadline !== null) {
      if (this.deadline.atMs <= atMs) return;
      this.wheel.remove(this.deadline.entry);
    }
    const due = (): void => {
      this.deadline = null;
      this.onLate();
    };
    this.deadline = { atMs, entry: this.wheel.add(atMs, due) };
  }

  /** One has its decision, or somebody else who watches its deadline. */
  decided(): void {
    this.undecided -= 1;
    if (this.undecided > 0 || this.deadline === null) return;
    this.wheel.remove(this.deadline.entry);
    this.deadline = null;
  }

  /** One more leg is being told; all should have been by `atMs`, of the first one's. */
  tells(atMs: number): void {
    this.telling += 1;
    this.grace ??= this.wheel.add(atMs, () => {
      this.grace = null;
      this.onSlow();
    });
  }

  /** It has been, or somebody else goes on telling it. */
  told(): void {
    this.telling -= 1;
    if (this.telling > 0 || this.grace === null) return;
    this.wheel.remove(this.grace);
    this.grace = null;
  }
}
