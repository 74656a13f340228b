/**
 * A token bucket per subject: `perSecond` refills, `burst` caps. Refilled lazily when asked, so that idle subjects cost
 * nothing. The map keeps the order of last use, so that the longest silent subject is the one to forget.
 */
interface Bucket {
  level: number;
  atMs: number;
}

export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly maxSubjects: number,
  ) {}

  /** Takes `cost` and answers true, or takes nothing and answers false. `nowMs` is monotonic. */
  take(subject: string, cost: number, nowMs: number): boolean {
    const bucket = this.buckets.get(subject) ?? { level: this.burst, atMs: nowMs };
    this.buckets.delete(subject);
    const level = Math.min(this.burst, bucket.level + ((nowMs - bucket.atMs) * this.perSecond) / 1000);
    const allowed = level >= cost;
    bucket.level = allowed ? level - cost : level;
    bucket.atMs = nowMs;
    this.buckets.set(subject, bucket);
    if (this.buckets.size > this.maxSubjects) this.forgetOldest();
    return allowed;
  }

  private forgetOldest(): void {
    const oldest = this.buckets.keys().next();
    if (oldest.done !== true) this.buckets.delete(oldest.value);
  }
}
