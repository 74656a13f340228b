/**
 * Which node has been silent for so long that its replicas are made anew elsewhere (docs/adr/0022). One at a time, and none while more than a third
 * of all are silent: then it is more likely that this process, or a network, is in trouble.
 */
import type { Clock, RmId } from '@mas/values';

/** Of a pause of this process, in which it has heard nobody, so much counts. */
const MAX_STEP_MS = 5_000;
const MAX_SILENT_SHARE = 1 / 3;

export class Absences {
  private readonly silentMs = new Map<RmId, number>();
  private lookedMs: number | null = null;

  constructor(
    private readonly replaceAfterMs: number,
    private readonly clock: Clock,
  ) {}

  /** To be told at each look who answers. @returns whose replicas shall go elsewhere; null: nobody's */
  looked(members: readonly RmId[], up: ReadonlySet<RmId>): RmId | null {
    const nowMs = this.clock.monotonicMs();
    const stepMs = this.lookedMs === null ? 0 : Math.min(MAX_STEP_MS, nowMs - this.lookedMs);
    this.lookedMs = nowMs;
    const silent = members.filter((rm) => !up.has(rm));
    for (const rm of this.silentMs.keys()) if (!silent.includes(rm)) this.silentMs.delete(rm);
    for (const rm of silent) this.silentMs.set(rm, (this.silentMs.get(rm) ?? -stepMs) + stepMs);
    if (silent.length > members.length * MAX_SILENT_SHARE) return null;
    const [longest] = [...this.silentMs].sort(([a, aMs], [b, bMs]) => bMs - aMs || a - b);
    return longest !== undefined && longest[1] >= this.replaceAfterMs ? longest[0] : null;
  }
}
