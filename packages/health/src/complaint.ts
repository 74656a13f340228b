/**
 * One ailment over time: doubtful with the first trouble, declared once there was enough of it within the window, withdrawn
 * only after a while without any. Who relapses soon after must be well for twice as long the next time. It always heals:
 * after at most MAX_HOLD_MS without trouble there is no complaint, whatever was before.
 */
export interface ComplaintRule {
  /** So much trouble, in whatever unit it is noted, … */
  readonly enough: number;
  /** … within so long. */
  readonly windowMs: number;
  /** Since the last trouble; at least the window. */
  readonly doubtMs: number;
}

/** Time without trouble until a complaint is withdrawn. */
export const HOLD_MS = 5_000;
export const MAX_HOLD_MS = 60_000;
/** Declared again so soon after it was withdrawn: a relapse. */
const RELAPSE_MS = 60_000;

export class Complaint {
  private recent: { readonly amount: number; readonly atMs: number }[] = [];
  private isDeclared = false;
  private troubledMs: number | null = null;
  private withdrawnMs: number | null = null;
  private holdMs = HOLD_MS;

  constructor(private readonly rule: ComplaintRule) {}

  note(amount: number, nowMs: number): void {
    this.recent.push({ amount, atMs: nowMs });
    this.troubledMs = nowMs;
  }

  at(nowMs: number): 'none' | 'doubtful' | 'declared' {
    this.recent = this.recent.filter(({ atMs }) => nowMs - atMs < this.rule.windowMs);
    const sum = this.recent.reduce((total, { amount }) => total + amount, 0);
    if (!this.isDeclared && sum >= this.rule.enough) this.declare(nowMs);
    else if (this.isDeclared && this.quietMs(nowMs) >= this.holdMs) this.withdraw(nowMs);
    if (this.isDeclared) return 'declared';
    return this.quietMs(nowMs) < this.rule.doubtMs ? 'doubtful' : 'none';
  }

  private quietMs(nowMs: number): number {
    return this.troubledMs === null ? Infinity : nowMs - this.troubledMs;
  }

  private declare(nowMs: number): void {
    const isRelapse = this.withdrawnMs !== null && nowMs - this.withdrawnMs < RELAPSE_MS;
    this.holdMs = isRelapse ? Math.min(MAX_HOLD_MS, 2 * this.holdMs) : HOLD_MS;
    this.isDeclared = true;
  }

  private withdraw(nowMs: number): void {
    this.isDeclared = false;
    this.withdrawnMs = nowMs;
    this.recent = [];
  }
}
