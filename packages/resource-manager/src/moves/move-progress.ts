/** How far the moves of slots that a bucket's leader carries out are, for operators and metrics. Nothing is decided by it. */
import type { SlotsMove } from '@mas/placement';
import type { MoveStatus } from '@mas/two-phase-commit';
import { Durations, type Clock } from '@mas/values';

/** Nothing has come of a move for so long: it is called stalled. */
const STALLED_MS = 5_000;

/** Since the process started, of one bucket. */
export interface MoveNumbers {
  /** Ordered, or with slots that have no owner. */
  readonly underWay: number;
  readonly stalled: number;
  readonly rowsSent: number;
  readonly adopted: number;
  readonly declined: number;
  /** From release to adoption, or until the slots were taken back. */
  readonly blockedTimes: Durations;
}

export const NO_MOVE_NUMBERS: MoveNumbers = { underWay: 0, stalled: 0, rowsSent: 0, adopted: 0, declined: 0, blockedTimes: new Durations() };

/** One move, as far as this process has carried it. */
export class MoveProgress {
  stage: MoveStatus['stage'] = 'waiting';
  private attempts = 0;
  private rowsSent = 0;
  private rowsCopied: number | null = null;
  private begunMs: number;
  private progressMs: number;
  private why = '';

  constructor(
    readonly move: SlotsMove,
    private readonly clock: Clock,
    private readonly onRows: (count: number) => void,
  ) {
    this.begunMs = this.progressMs = clock.monotonicMs();
  }

  begins(): void {
    this.stage = 'copying';
    this.attempts += 1;
    [this.rowsSent, this.rowsCopied] = [0, null];
    this.begunMs = this.clock.monotonicMs();
  }

  copied(rows: number): void {
    this.rowsCopied = rows;
    this.goesOn();
  }

  sent(rows: number): void {
    this.rowsSent += rows;
    this.onRows(rows);
    this.goesOn();
  }

  entered(stage: MoveStatus['stage']): void {
    this.stage = stage;
    this.goesOn();
  }

  /** It does not go on for now. */
  waits(why: string): void {
    this.why = why;
  }

  /** It is not its turn, so it is not stalled. */
  rests(): void {
    this.stage = 'waiting';
    this.goesOn();
  }

  status(blockedMs: number | null): MoveStatus {
    const nowMs = this.clock.monotonicMs();
    const { number, slots, to } = this.move;
    const forMs = nowMs - this.progressMs;
    return {
      move: number,
      slots,
      to,
      stage: blockedMs === null ? this.stage : 'released',
      attempts: this.attempts,
      rowsSent: this.rowsSent,
      rowsCopied: this.rowsCopied,
      elapsedMs: this.attempts === 0 ? 0 : nowMs - this.begunMs,
      blockedMs,
      stalled: forMs < STALLED_MS ? null : { forMs, why: this.why },
    };
  }

  private goesOn(): void {
    this.progressMs = this.clock.monotonicMs();
    this.why = '';
  }
}

/** Of one bucket. */
export class MovesProgress {
  private readonly byMove = new Map<number, MoveProgress>();
  private readonly blockedTimes = new Durations();
  private rowsSent = 0;
  private readonly ended = { adopted: 0, declined: 0 };

  constructor(private readonly clock: Clock) {}

  of(move: SlotsMove): MoveProgress {
    const known = this.byMove.get(move.number) ?? new MoveProgress(move, this.clock, (count) => (this.rowsSent += count));
    this.byMove.set(move.number, known);
    return known;
  }

  /** What is ordered or departing now; whatever else was is over. */
  keep(moves: readonly SlotsMove[]): void {
    for (const number of this.byMove.keys()) if (!moves.some((move) => move.number === number)) this.byMove.delete(number);
    for (const move of moves) this.of(move);
  }

  /** Nobody carries any here. */
  forget(): void {
    this.byMove.clear();
  }

  /** @param blockedMs null: the slots were not released by what this process did */
  over(end: 'adopted' | 'declined', blockedMs: number | null): void {
    this.ended[end] += 1;
    if (blockedMs !== null) this.blockedTimes.add(blockedMs);
  }

  /** @param blockedMsOf for so long its slots have had no owner; null: they have one */
  statuses(blockedMsOf: (move: number) => number | null): readonly MoveStatus[] {
    return [...this.byMove.values()].map((one) => one.status(blockedMsOf(one.move.number)));
  }

  numbers(statuses: readonly MoveStatus[]): MoveNumbers {
    const { rowsSent, blockedTimes } = this;
    return { underWay: statuses.length, stalled: statuses.filter(({ stalled }) => stalled !== null).length, rowsSent, ...this.ended, blockedTimes };
  }
}
