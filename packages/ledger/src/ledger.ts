/**
 * One bucket as a state machine: entries in, outcomes and changed rows out. Deterministic: equal rows, equal entries
 * and equal log indexes give equal rows and outcomes on every replica and on every replay. It reads no clock, flag or
 * token; time is the entry's stamp. The host owns loading, pinning, checkpoints and the applied index.
 */
import { invariant, type AccountNumber, type PaymentKey, type Slot, type TxnId, type SlotRange } from '@mas/values';
import { Applying } from './applying';
import { BucketState, type HomeOf, type SlotOf } from './bucket-state';
import { entryProblem } from './entry-problem';
import type { Instruction, LedgerEntry } from './instruction';
import { instructionProblem, knownSince, liesBehind, traitsOf } from './instruction-traits';
import type { BucketMeta, PinnedRows, Rows } from './ledger-state';
import { isMany } from './members';
import type { Outcome } from './outcome';
import { lent, lentOutcome } from './own-rows';
import type { Move } from './recent-moves';
import type { LegRow, LockRow, OutcomeRow } from './rows';
import type { LedgerKnowledge } from './rows-touched';
import { requireKnownSemantics } from './semantics';
import type { MoveNumber, SlotMoves } from './slot-moves';

export class Ledger implements LedgerKnowledge {
  private readonly state: BucketState;

  /**
   * @param slotOf the cluster's account → slot function; pure.
   * @param homeOf its key → home slot function; pure.
   * @throws UnknownSemantics for rows that a newer build has written.
   */
  constructor(meta: BucketMeta, pinned: PinnedRows, slotOf: SlotOf, homeOf: HomeOf) {
    requireKnownSemantics(meta.bucket, meta.semanticsVersion);
    this.state = new BucketState(meta, pinned, slotOf, homeOf);
  }

  /**
   * Applies one committed entry, instruction by instruction, in order; an outcome each, whose rows do not change any more.
   * @param rows holds everything that rowsTouched names for its instructions.
   * @param raftIndex the entry's log index; part of the sequence given to legs.
   * @throws InvariantViolation when the state or the entry cannot be, UnknownSemantics when a newer build is needed; the replica must stop.
   */
  apply(entry: LedgerEntry, rows: Rows, raftIndex: number): Outcome[] {
    const problem = entryProblem(entry);
    invariant(problem === null, 'an entry is well-formed', { problem, raftIndex });
    // Leaders' clocks differ; the bucket's time does not go back.
    if (entry.stampMs > this.state.stampMs) this.state.stampMs = entry.stampMs;
    if (entry.behindUs !== null) this.state.closeAt(entry.behindUs);
    const applying = new Applying(this.state, rows, this.state.stampMs, raftIndex);
    return entry.instructions.map((instruction, position) => {
      applying.position = position;
      const impossible = instructionProblem(instruction);
      if (impossible !== null) invariant(false, 'an instruction is well-formed', { impossible, kind: instruction.kind, raftIndex, position });
      if (!isMany(instruction)) applying.beginAt(liesBehind(instruction)[0] ?? 0);
      // Before the next instruction, which may change the same rows.
      return lentOutcome(applyOne(applying, instruction));
    });
  }

  /** An immutable copy of the scalars, for a checkpoint. */
  meta(): BucketMeta {
    return this.state.meta();
  }

  /** The rows that are always in memory, for a rebuild; in no particular order. */
  pinned(): PinnedRows {
    const all = [this.state.memory.rows(), ...this.state.moves.pinned()];
    return {
      prepared: all.flatMap(({ prepared }) => prepared.map(lent)),
      openAuthorizations: all.flatMap(({ openAuthorizations }) => openAuthorizations.map(lent)),
      undelivered: all.flatMap(({ undelivered }) => undelivered.map(lent)),
      locks: all.flatMap(({ locks }) => locks),
    };
  }

  /** The last applied moment: the bucket is closed there. 0: it has none yet. */
  get momentUs(): number {
    return this.state.hasMoments ? this.state.momentUs : 0;
  }

  /** Reads at earlier moments are not answered. */
  get momentsSinceUs(): number {
    return this.state.momentsSinceUs;
  }

  /** What has moved at commit times behind this moment; null where that is no longer known. */
  movesBehind(us: number): readonly Move[] | null {
    return this.state.recent.behind(us);
  }

  get stampMs(): number {
    return this.state.stampMs;
  }

  /** What instructions mean here; see semantics.ts. */
  get semanticsVersion(): number {
    return this.state.semanticsVersion;
  }

  /** Raised by everything that changes money or promises in the bucket. */
  get rev(): number {
    return this.state.rev;
  }

  ownsSlot(slot: Slot): boolean {
    return this.state.owns(slot);
  }

  /** Sorted; the same object for as long as none is gained or lost: what an instruction touches depends on it. */
  get slots(): readonly SlotRange[] {
    return this.state.slots;
  }

  /** Prepared legs whose money the bucket counts: its own, and those of slots that it has released and does not know to be adopted. Lent. */
  *countedPreparedLegs(): IterableIterator<LegRow> {
    yield* this.preparedLegs();
    for (const { pinned } of this.state.moves.departing.values()) yield* eachLent(pinned.preparedLegs());
  }

  /** What is under way, and which move of each slot was the last; an immutable copy. */
  get moves(): SlotMoves {
    return this.state.moves.copy();
  }

  /** Locks of slots that have been released by this move, as they were then. */
  departingLocks(move: MoveNumber): readonly LockRow[] {
    return [...(this.state.moves.departing.get(move)?.pinned.locks.values() ?? [])];
  }

  isLocal(account: AccountNumber): boolean {
    return this.state.owns(this.state.slotOf(account));
  }

  /** A prepared leg, or an open or capturing authorization. Not lent: to be looked at before the next entry is applied, and not to be kept. */
  pinnedLeg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.state.memory.leg(account, txn);
  }

  get preparedCount(): number {
    return this.state.memory.preparedCount;
  }

  preparedOn(account: AccountNumber): readonly LegRow[] {
    return Array.from(this.state.memory.preparedOn(account), lent);
  }

  preparedLegs(): IterableIterator<LegRow> {
    return eachLent(this.state.memory.preparedLegs());
  }

  openAuthorizations(): IterableIterator<LegRow> {
    return eachLent(this.state.memory.openAuthorizations());
  }

  /** Outcomes with legs that have not acknowledged the decision. */
  undelivered(): IterableIterator<OutcomeRow> {
    return eachLent(this.state.memory.undelivered.values());
  }

  /** Not lent, as pinnedLeg. */
  undeliveredOf(key: PaymentKey): OutcomeRow | undefined {
    return this.state.memory.undelivered.get(key);
  }

  /** Lock rows, also those whose time is over. */
  locks(): IterableIterator<LockRow> {
    return this.state.memory.locks.values();
  }
}

function* eachLent<Row extends object>(rows: Iterable<Row>): IterableIterator<Row> {
  for (const row of rows) yield lent(row);
}

function applyOne(applying: Applying, instruction: Instruction): Outcome {
  const { semanticsVersion: version } = applying.state;
  const since = knownSince(instruction);
  // A replica of an older program could not have applied it: no leader of ours proposes it to such a bucket.
  if (version < since) invariant(false, 'an instruction comes to buckets that know it', { kind: instruction.kind, version, since });
  return traitsOf(instruction).apply(applying, instruction);
}
