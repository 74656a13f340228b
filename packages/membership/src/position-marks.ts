/**
 * The highest position of each RM's log that anybody is known to have had from it. They only rise; the marks of an
 * incarnation are of no use for the next one, whose log begins again.
 */
import type { RmId } from '@mas/values';
import type { Ordinal } from './identity';

export interface PositionMark {
  readonly rm: RmId;
  readonly ordinal: Ordinal;
  readonly position: number;
}

export class PositionMarks {
  private readonly byRm = new Map<RmId, PositionMark>();

  constructor(marks: readonly PositionMark[] = []) {
    for (const mark of marks) this.raise(mark);
  }

  /** 0 for an incarnation that nothing was heard of. */
  of(rm: RmId, ordinal: Ordinal): number {
    const mark = this.byRm.get(rm);
    return mark?.ordinal === ordinal ? mark.position : 0;
  }

  /** True when it says something new. */
  raise(mark: PositionMark): boolean {
    const known = this.byRm.get(mark.rm);
    if (known !== undefined && (known.ordinal > mark.ordinal || (known.ordinal === mark.ordinal && known.position >= mark.position))) return false;
    this.byRm.set(mark.rm, mark);
    return true;
  }

  /** In ascending order of RM. */
  all(): readonly PositionMark[] {
    return [...this.byRm.values()].sort((a, b) => a.rm - b.rm);
  }
}
