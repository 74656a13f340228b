/**
 * The moment of an audit: the latest of all buckets' last moments. All are closed there and say their sums, and which slots these count. While slots move two buckets may count
 * one for an instant, or none; then another moment is chosen, until each slot is counted once (docs/adr/0033).
 */
import { countedSlots, lastMoveOf, NO_MOVES, SlotCover, type Holder, type SlotHoldings } from '@mas/ledger';
import { bucketsWithRows, type LeaderDirectory } from '@mas/placement';
import type { BucketTotals } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type SlotSet } from '@mas/values';
import type { AuditWatch, Reply } from '../coordinator-service';
import { failure, success, unanswered } from '../reply';
import type { BucketLink } from '../transport/bucket-link';

/** For all buckets to say their sums of one moment, where the caller has set no deadline. */
const WITHIN_MS = 60_000;
const AGAIN_MS = 250;
/** Reasons that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['MOMENT_GONE', 'SLOTS_BETWEEN_OWNERS']);

export interface AuditMoment {
  readonly us: number;
  readonly timesSinceUs: number;
  readonly totals: readonly BucketTotals[];
  /** In ascending order. */
  readonly shares: readonly AuditShare[];
}

/** What a bucket counts at the moment; of all buckets together, every slot once. */
export interface AuditShare {
  readonly bucket: BucketId;
  readonly slots: SlotSet;
  /** The last move of slots that it has had a part in; 0: none. */
  readonly lastMove: number;
}

export class AuditMoments {
  constructor(
    private readonly link: BucketLink,
    private readonly directory: LeaderDirectory,
    private readonly clock: Clock,
  ) {}

  async choose(untilMs: number, { signal, onProgress }: Pick<AuditWatch, 'signal' | 'onProgress'>): Promise<Reply<AuditMoment>> {
    const lastMs = Math.min(untilMs, this.clock.monotonicMs() + WITHIN_MS);
    let why: Reply<AuditMoment> | null = null;
    for (;;) {
      const moment = await this.latest(lastMs);
      if (moment.ok) return moment;
      const isPassing = PASSING.has(moment.error.reason);
      if (isPassing) why = moment;
      // Who has no time left to answer is not what it was about.
      if (this.clock.monotonicMs() + AGAIN_MS >= lastMs) return why ?? moment;
      if (signal.aborted || !isPassing) return moment;
      onProgress({ momentUs: 0, replicas: [], waitsFor: moment.error.message });
      await delay(this.clock, AGAIN_MS);
      // A bucket that has adopted slots may be newer than the map here.
      if (moment.error.reason === 'SLOTS_BETWEEN_OWNERS') await this.link.placedAgain(lastMs);
    }
  }

  /** What each bucket holds now; of one that does not answer in time nothing. */
  async holders(untilMs: number): Promise<readonly Holder[]> {
    const replies = await Promise.all(this.buckets().map((bucket) => this.link.read(bucket, { kind: 'totals', bucket, atUs: null }, untilMs)));
    return replies.flatMap((reply) => (reply.kind === 'totals' ? [this.holder(reply.totals)] : []));
  }

  private async latest(untilMs: number): Promise<Reply<AuditMoment>> {
    const buckets = this.buckets();
    const latest = await this.totals(buckets, null, untilMs);
    if (!latest.ok) return latest;
    if (latest.value.some(({ momentUs }) => momentUs === null))
      return failure('unavailable', 'NO_COMMON_MOMENT', 'The buckets have no moments in common yet, which they do a few seconds after an upgrade; try again.');
    const us = Math.max(...latest.value.map(({ momentUs }) => momentUs ?? 0));
    const totals = await this.totals(buckets, us, untilMs);
    if (!totals.ok) return totals;
    const holders = totals.value.map((each) => this.holder(each));
    const cover = new SlotCover(holders);
    const [missing, twice] = [cover.missing().size, cover.countedTwice().size];
    if (missing + twice > 0)
      return failure(
        'unavailable',
        'SLOTS_BETWEEN_OWNERS',
        `${missing + twice} slots are just changing hands: ${missing} are counted by no bucket and ${twice} by two; a later moment is chosen.`,
      );
    const shares = holders.map(({ bucket, holdings }) => ({ bucket, slots: cover.of(bucket), lastMove: lastMoveOf(holdings) }));
    return success({ us, timesSinceUs: Math.max(...totals.value.map(({ momentsSinceUs }) => momentsSinceUs)), totals: totals.value, shares });
  }

  private async totals(buckets: readonly BucketId[], atUs: number | null, untilMs: number): Promise<Reply<readonly BucketTotals[]>> {
    const replies = await Promise.all(buckets.map((bucket) => this.link.read(bucket, { kind: 'totals', bucket, atUs }, untilMs)));
    const silent = replies.find(({ kind }) => kind !== 'totals');
    if (silent?.kind === 'no-moment')
      return failure(
        'unavailable',
        'MOMENT_GONE',
        'The buckets could not be summed at one moment, because payments or slots that move overtook the audit; try again.',
      );
    if (silent !== undefined) return unanswered(silent, 'A bucket did not answer; the ledger cannot be audited without it.');
    return success(replies.flatMap((reply) => (reply.kind === 'totals' ? [reply.totals] : [])));
  }

  private buckets(): readonly BucketId[] {
    return [...bucketsWithRows(this.directory.placement().map)].sort((a, b) => a - b);
  }

  private holder({ bucket, holdings }: Pick<BucketTotals, 'bucket' | 'holdings'>): Holder {
    return { bucket, holdings: holdingsOf(this.directory, bucket, holdings) };
  }
}

/** What is still counted by the bucket of what it was to be asked about. */
export function stillCounted(directory: LeaderDirectory, { bucket, holdings }: Pick<BucketTotals, 'bucket' | 'holdings'>, slots: SlotSet): SlotSet {
  return slots.common(countedSlots(holdingsOf(directory, bucket, holdings)));
}

/** A Resource Manager of a version that does not say has no slots that move. */
export function holdingsOf(directory: LeaderDirectory, bucket: BucketId, holdings: SlotHoldings | null): SlotHoldings {
  return holdings ?? { slots: directory.placement().map.buckets.find((placed) => placed.bucket === bucket)?.slots ?? [], moves: NO_MOVES };
}
