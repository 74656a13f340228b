/**
 * The highest position of each RM's log that anybody is known to have had from it, and in which run. They only rise; the marks of an
 * incarnation are of no use for the next one, whose log begins again.
 */
import type { RmId } from '@mas/values';
import type { Ordinal } from './identity';
import type { Run } from './run-history';

export interface PositionMark {
  readonly rm: RmId;
  readonly ordinal: Ordinal;
  /** In which run of it. */
  readonly run: Run;
  readonly position: number;
}

export class PositionMarks {
  private readonly byRm = new Map<RmId, PositionMark>();

  constructor(marks: readonly PositionMark[] = []) {
    for (const mark of marks) this.raise(mark);
  }

  /** Null for an incarnation that nothing was heard of. */
  of(rm: RmId, ordinal: Ordinal): PositionMark | null {
    const mark = this.byRm.get(rm);
    return mark?.ordinal === ordinal ? mark : null;
  }

  /** True when it says something new. */
  raise(mark: PositionMark): boolean {
    const known = this.byRm.get(mark.rm);
    if (known !== undefined && !isHigher(mark, known)) return false;
    this.byRm.set(mark.rm, mark);
    return true;
  }

  /** In ascending order of RM. */
  all(): readonly PositionMark[] {
    return [...this.byRm.values()].sort((a, b) => a.rm - b.rm);
  }
}

/** At the same position the later run counts: a copy made before it knows nothing of it. */
function isHigher(mark: PositionMark, known: PositionMark): boolean {
  if (mark.ordinal !== known.ordinal) return mark.ordinal > known.ordinal;
  return mark.position > known.position || (mark.position === known.position && mark.run > known.run);
}
