/**
 * How long entries of ended payments are kept, by age and by number: whatever comes first. They answer GetPayment without the
 * buckets, with the coordinator's own steps; after that the home's record answers. Open payments are kept until they end.
 */
export interface Retention {
  /** Since its end, or since it was noted. */
  readonly ageMs: number;
  /** Of all coordinators that share a store, those that ended last. */
  readonly entries: number;
}

export const DEFAULT_RETENTION: Retention = { ageMs: 24 * 3_600_000, entries: 100_000 };
