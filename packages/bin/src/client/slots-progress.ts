/** How far slots are from where operators want them, look by look: what is left by the map, and how fast it has become less. */
import { countSlots, movesOf, planWishes, type PlacementMap } from '@mas/placement';

const BAR = 30;

export interface Progress {
  /** Slots that have moved since the first look, of so many. */
  readonly slotsMoved: number;
  readonly slotsTotal: number;
  readonly slotsPerSecond: number | null;
  readonly leftMs: number | null;
}

export class SlotsProgress {
  private total = 0;
  private first: { readonly left: number; readonly atMs: number } | null = null;

  looked(map: PlacementMap, atMs: number): Progress {
    const left = slotsLeft(map);
    // More is wanted than before: it counts from here on.
    this.total = Math.max(this.total, left);
    this.first ??= { left, atMs };
    if (left > this.first.left) this.first = { left, atMs };
    const [moved, tookMs] = [this.first.left - left, atMs - this.first.atMs];
    const slotsPerSecond = moved > 0 && tookMs > 0 ? (moved * 1_000) / tookMs : null;
    return {
      slotsMoved: this.total - left,
      slotsTotal: this.total,
      slotsPerSecond,
      leftMs: slotsPerSecond === null ? null : Math.round((left * 1_000) / slotsPerSecond),
    };
  }

  /** Null: no slots move. */
  text({ slotsMoved, slotsTotal, slotsPerSecond, leftMs }: Progress): string | null {
    if (slotsTotal === 0 || slotsMoved === slotsTotal) return null;
    const filled = Math.floor((slotsMoved * BAR) / slotsTotal);
    const rate = slotsPerSecond === null || leftMs === null ? '' : `, ${slotsPerSecond.toFixed(0)} slots/s, about ${Math.ceil(leftMs / 1_000)} s left`;
    return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${Math.floor((slotsMoved * 100) / slotsTotal)} %, ${slotsMoved} of ${slotsTotal} slots${rate}`;
  }
}

/** On their way, or still to be ordered. */
function slotsLeft(map: PlacementMap): number {
  const moving = movesOf(map).filter(({ calledOff }) => !calledOff);
  return countSlots([...moving, ...planWishes(map)].map(({ slots }) => slots));
}
