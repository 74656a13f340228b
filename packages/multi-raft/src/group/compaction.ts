/** How far a group's log may be compacted: a decision over numbers, carried out in maintenance.ts. */
export interface CompactionView {
  /** Index of the last compacted entry. */
  readonly baseIndex: number;
  /** Applied and durable in the applied state's own store. */
  readonly durableIndex: number;
  /** On the leader: followers that are reachable and what they have. */
  readonly followers: readonly { readonly matchIndex: number; readonly lagBytes: number }[];
  /** Snapshots under way: the log behind them is still to be sent. */
  readonly pinnedIndexes: readonly number[];
  /** The log store is out of space for old segments: only what must stay does. */
  readonly isPressing: boolean;
}

export interface CompactionLimits {
  readonly retainedEntries: number;
  readonly compactionStepEntries: number;
  readonly maxFollowerLagBytes: number;
}

/** @returns the index up to which entries are no longer needed; undefined: nothing worth doing. */
export function compactionTarget(view: CompactionView, limits: CompactionLimits): number | undefined {
  const retained = view.isPressing ? 0 : limits.retainedEntries;
  let target = view.durableIndex - retained;
  for (const pinned of view.pinnedIndexes) target = Math.min(target, pinned);
  for (const follower of view.followers) {
    // A follower that is further behind than this is cheaper to bring up by a snapshot.
    if (follower.lagBytes <= limits.maxFollowerLagBytes) target = Math.min(target, follower.matchIndex);
  }
  const least = view.isPressing ? 1 : limits.compactionStepEntries;
  return target - view.baseIndex >= least ? target : undefined;
}
