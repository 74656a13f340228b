/** Whom nobody dials for a while, because one end has refused the other; the others ask elsewhere meanwhile. */
import type { Clock, RmId } from '@mas/values';
import { RedialPause } from './redial-pause';

interface Refused {
  readonly pause: RedialPause;
  readonly untilMs: number;
  readonly reason: string;
}

export class RefusedPeers {
  private readonly byRm = new Map<RmId, Refused>();

  constructor(private readonly clock: Clock) {}

  add(rm: RmId, reason: string): void {
    const pause = this.byRm.get(rm)?.pause ?? new RedialPause();
    this.byRm.set(rm, { pause, untilMs: this.clock.monotonicMs() + pause.refused(), reason });
  }

  welcome(rm: RmId): void {
    this.byRm.delete(rm);
  }

  /** Null: it may be dialled. */
  reason(rm: RmId): string | null {
    const refused = this.byRm.get(rm);
    return refused !== undefined && this.clock.monotonicMs() < refused.untilMs ? refused.reason : null;
  }
}
