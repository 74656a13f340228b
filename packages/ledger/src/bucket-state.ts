/**
 * The mutable form of BucketMeta and the pinned rows, owned by one Ledger. Everything here is replicated state:
 * only applying an instruction changes it.
 */
import {
  invariant,
  slot,
  SLOT_COUNT,
  type AccountNumber,
  type AmountMinor,
  type BucketId,
  type Currency,
  type PaymentKey,
  type Slot,
  type SlotRange,
} from '@mas/values';
import type { BucketMeta, PinnedRows } from './ledger-state';
import { MovesState } from './moves-state';
import { PinnedIndex } from './pinned-index';
import type { Policy } from './policy';
import { RecentMoves } from './recent-moves';
import { MOMENTS_SINCE } from './semantics';
import { NO_MOVES, type MovedSums } from './slot-moves';

export type SlotOf = (number: AccountNumber) => Slot;
/** The one slot in which a key's outcome is recorded and looked for. */
export type HomeOf = (key: PaymentKey) => Slot;

export class BucketState {
  readonly bucket: BucketId;
  /** Of slots that are owned. */
  readonly memory: PinnedIndex;
  readonly moves: MovesState;
  recent: RecentMoves;
  stampMs: number;
  momentUs: number;
  momentsSinceUs: number;
  rev: number;
  lockSeq: number;
  policy: Policy | null;
  semanticsVersion: number;
  accountCount: number;
  private ranges: readonly SlotRange[];
  private ownershipEpoch: number;
  private owned: Uint8Array;
  private readonly issued: Map<Currency, AmountMinor>;
  private readonly totals: Map<Currency, AmountMinor>;

  constructor(
    meta: BucketMeta,
    pinned: PinnedRows,
    readonly slotOf: SlotOf,
    readonly homeOf: HomeOf,
  ) {
    this.bucket = meta.bucket;
    this.moves = new MovesState(meta.moves, pinned);
    this.memory = new PinnedIndex(this.moves.restOf(pinned));
    this.recent = new RecentMoves(meta.momentUs);
    this.stampMs = meta.stampMs;
    this.momentUs = meta.momentUs;
    this.momentsSinceUs = meta.momentsSinceUs;
    this.rev = meta.rev;
    this.lockSeq = meta.lockSeq;
    this.policy = meta.policy;
    this.semanticsVersion = meta.semanticsVersion;
    this.accountCount = meta.accountCount;
    this.ranges = meta.slots;
    this.ownershipEpoch = meta.epoch;
    this.owned = ownership(meta.slots);
    this.issued = new Map(meta.issued);
    this.totals = new Map(meta.totals);
  }

  get epoch(): number {
    return this.ownershipEpoch;
  }

  owns(ofSlot: Slot): boolean {
    return this.owned[ofSlot] === 1;
  }

  /** The same object for as long as nothing has been gained or lost. */
  get slots(): readonly SlotRange[] {
    return this.ranges;
  }

  ownsAll({ from, to }: SlotRange): boolean {
    return this.owned.subarray(from, to + 1).every((each) => each === 1);
  }

  ownsAny({ from, to }: SlotRange): boolean {
    return this.owned.subarray(from, to + 1).includes(1);
  }

  /** The bucket's instructions have moments from here on. A version is never taken back. */
  raiseSemantics(version: number): void {
    if (this.semanticsVersion < MOMENTS_SINCE && version >= MOMENTS_SINCE) {
      // Legs that were told commit times before have none: they lie before all moments of the bucket.
      this.momentUs = Math.max(this.momentUs, this.stampMs * 1000);
      this.momentsSinceUs = this.momentUs;
      this.recent = new RecentMoves(this.momentUs);
    }
    this.semanticsVersion = Math.max(this.semanticsVersion, version);
  }

  /** Closed at `behindUs`: what is applied from here on lies behind it. Nothing before the bucket has moments. */
  closeAt(behindUs: number): void {
    if (this.hasMoments && behindUs > this.momentUs) this.momentUs = behindUs;
  }

  /** The moment of the next instruction, which lies at `notBeforeUs` or behind; null: the bucket has none yet. */
  nextMoment(notBeforeUs: number): number | null {
    if (!this.hasMoments) {
      this.momentUs = Math.max(this.momentUs, notBeforeUs);
      return null;
    }
    this.momentUs = Math.max(this.momentUs + 1, this.stampMs * 1000, notBeforeUs);
    return this.momentUs;
  }

  /** Something was decided up to now that no other bucket puts at the same moment. */
  forgetMoments(): void {
    this.momentsSinceUs = this.momentUs;
  }

  get hasMoments(): boolean {
    return this.semanticsVersion >= MOMENTS_SINCE;
  }

  takeSlots(ranges: readonly SlotRange[], epoch: number): void {
    this.ranges = ranges;
    this.ownershipEpoch = epoch;
    this.owned = ownership(ranges);
  }

  gain({ from, to }: SlotRange): void {
    this.owned.fill(1, from, to + 1);
    this.ranges = rangesOf(this.owned);
  }

  lose({ from, to }: SlotRange): void {
    this.owned.fill(0, from, to + 1);
    this.ranges = rangesOf(this.owned);
  }

  /** Money that has come with slots, or gone. What has moved lately is not known of the accounts that came, and is of those that went. */
  takeOver({ accounts, balances, openings }: MovedSums, sign: 1 | -1): void {
    this.accountCount += sign * accounts;
    for (const [currency, amountMinor] of balances) this.addToTotal(currency, BigInt(sign) * amountMinor);
    for (const [currency, amountMinor] of openings) this.issued.set(currency, this.issuedOf(currency) + BigInt(sign) * amountMinor);
    this.recent = new RecentMoves(this.momentUs);
  }

  issuedOf(currency: Currency): AmountMinor {
    return this.issued.get(currency) ?? 0n;
  }

  issue(currency: Currency, amountMinor: AmountMinor): void {
    this.issued.set(currency, this.issuedOf(currency) + amountMinor);
    this.addToTotal(currency, amountMinor);
  }

  addToTotal(currency: Currency, deltaMinor: AmountMinor): void {
    if (deltaMinor !== 0n || !this.totals.has(currency)) this.totals.set(currency, (this.totals.get(currency) ?? 0n) + deltaMinor);
  }

  /** An immutable copy; maps sorted by currency, so that equal states have equal copies. */
  meta(): BucketMeta {
    const { bucket, stampMs, momentUs, momentsSinceUs, rev, lockSeq, policy, semanticsVersion, accountCount } = this;
    return {
      bucket,
      stampMs,
      momentUs,
      momentsSinceUs,
      rev,
      lockSeq,
      policy,
      semanticsVersion,
      slots: this.ranges,
      epoch: this.ownershipEpoch,
      issued: sorted(this.issued),
      totals: sorted(this.totals),
      accountCount,
      moves: this.moves.copy(),
    };
  }
}

export function emptyBucket(bucket: BucketId): BucketMeta {
  return {
    bucket,
    stampMs: 0,
    momentUs: 0,
    momentsSinceUs: 0,
    rev: 0,
    lockSeq: 0,
    policy: null,
    semanticsVersion: 0,
    slots: [],
    epoch: 0,
    issued: new Map(),
    totals: new Map(),
    accountCount: 0,
    moves: NO_MOVES,
  };
}

function ownership(ranges: readonly SlotRange[]): Uint8Array {
  const owned = new Uint8Array(SLOT_COUNT);
  for (const { from, to } of ranges) {
    invariant(from <= to, 'a slot range ends behind its start', { from, to });
    owned.fill(1, slot(from), slot(to) + 1);
  }
  return owned;
}

function rangesOf(owned: Uint8Array): readonly SlotRange[] {
  const ranges: SlotRange[] = [];
  for (let from = owned.indexOf(1); from >= 0; ) {
    const end = owned.indexOf(0, from);
    ranges.push({ from: slot(from), to: slot((end < 0 ? SLOT_COUNT : end) - 1) });
    from = end < 0 ? -1 : owned.indexOf(1, end);
  }
  return ranges;
}

function sorted(amounts: ReadonlyMap<Currency, AmountMinor>): ReadonlyMap<Currency, AmountMinor> {
  return new Map([...amounts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
