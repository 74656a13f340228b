/**
 * A process's judgement of itself, once per tick of its own. It speaks of the process as a whole: one disk, one event
 * loop and one database serve all its groups.
 */
import { Complaint } from './complaint';
import { AILMENTS, WELL, type Ailment, type Condition } from './condition';
import type { Beat } from './own-pulse';

export interface OwnSignals extends Beat {
  /** Age of the oldest write that waits for its fsync; 0: none waits. */
  readonly oldestWriteMs: number;
  /** The database has failed and not answered since. */
  readonly storeFails: boolean;
  /** Its wall clock is off. What it stamps follows the majority's all the same, so it only goes behind others. */
  readonly clockIsOff: boolean;
}

/** A write that waits longer is trouble; fsyncs of a busy disk take tens of milliseconds. */
const SLOW_WRITE_MS = 200;
/** A shorter stall is a collection of garbage or a neighbour's burst. */
const STALL_MS = 250;

/** Half a second of trouble within two. */
const HALF_A_SECOND = { enough: 500, windowMs: 2_000, doubtMs: 2_000 };
/**
 * Four stalls within three seconds: one alone, however long, is over when it is noticed. Where a machine has too much to do, all stall by
 * turns: who stalled lately is no better place.
 */
const FOUR_STALLS = { enough: 4, windowMs: 3_000, doubtMs: 15_000 };

export class SelfJudge {
  private readonly complaints: Readonly<Record<Exclude<Ailment, 'clock'>, Complaint>> = {
    disk: new Complaint(HALF_A_SECOND),
    stall: new Complaint(FOUR_STALLS),
    store: new Complaint(HALF_A_SECOND),
  };
  private judged: Condition = WELL;

  get condition(): Condition {
    return this.judged;
  }

  tick({ awakeMs, stallMs, oldestWriteMs, storeFails, clockIsOff }: OwnSignals, nowMs: number): Condition {
    const { disk, stall, store } = this.complaints;
    if (stallMs >= STALL_MS) stall.note(1, nowMs);
    // After a stall the word of a finished fsync is still unread: its age says nothing of the disk.
    if (stallMs === 0 && oldestWriteMs >= SLOW_WRITE_MS) disk.note(awakeMs, nowMs);
    if (storeFails) store.note(awakeMs, nowMs);
    this.judged = this.judge(clockIsOff, nowMs);
    return this.judged;
  }

  private judge(clockIsOff: boolean, nowMs: number): Condition {
    const [declared, doubted]: [Ailment[], Ailment[]] = [[], []];
    for (const ailment of AILMENTS) {
      const state = ailment === 'clock' ? (clockIsOff ? 'doubtful' : 'none') : this.complaints[ailment].at(nowMs);
      if (state === 'declared') declared.push(ailment);
      else if (state === 'doubtful') doubted.push(ailment);
    }
    if (declared.length > 0) return { kind: 'ailing', of: declared };
    return doubted.length > 0 ? { kind: 'doubtful', of: doubted } : WELL;
  }
}
