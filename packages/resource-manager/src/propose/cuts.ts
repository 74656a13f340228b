/**
 * Moments at which the bucket is going to be cut (docs/adr/0028). A leader that knows of one proposes no entry with instructions on both sides of it: it closes the bucket there
 * first. So all replicas stand exactly at the moment between two entries.
 */
import { entryMoments, type LedgerEntry } from '@mas/ledger';

/** Who announces a cut needs it soon, or not at all. */
const KEPT_MS = 60_000;
const MAX_CUTS = 16;

export class Cuts {
  private announced: { readonly us: number; readonly untilMs: number }[] = [];

  announce(us: number, nowMs: number): void {
    this.announced = [...this.announced.filter((cut) => cut.untilMs > nowMs && cut.us !== us), { us, untilMs: nowMs + KEPT_MS }].slice(-MAX_CUTS);
  }

  /** @param at the bucket before the entry @returns what the entry has to lie behind */
  behind(entry: LedgerEntry, at: { readonly stampMs: number; readonly momentUs: number }, nowMs: number): number | null {
    if (this.announced.length === 0) return entry.behindUs;
    this.announced = this.announced.filter((cut) => cut.untilMs > nowMs && cut.us > at.momentUs);
    const { lastUs } = entryMoments(entry, at);
    return this.announced.reduce((behindUs: number | null, { us }) => (us < lastUs ? Math.max(behindUs ?? 0, us) : behindUs), entry.behindUs);
  }
}
