/** How much of the methods without a token is in use, by all strangers together and by each connection. */
import type { GuestLimits } from './methods';

export class GuestBook {
  private readonly open = new Map<GuestLimits, number>();

  /** @returns what ends the visit, or null when there is no place. */
  enter(limits: GuestLimits, ofConnection: Map<GuestLimits, number>): (() => void) | null {
    const all = this.open.get(limits) ?? 0;
    const own = ofConnection.get(limits) ?? 0;
    if (all >= limits.maxOpen || own >= limits.maxOpenPerConnection) return null;
    this.open.set(limits, all + 1);
    ofConnection.set(limits, own + 1);
    return () => {
      this.open.set(limits, (this.open.get(limits) ?? 0) - 1);
      ofConnection.set(limits, (ofConnection.get(limits) ?? 0) - 1);
    };
  }
}
