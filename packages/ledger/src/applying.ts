/**
 * The hands of apply while it works on one entry: reads rows (memory first), stores changes, keeps totals and
 * indexes in step, and checks after every store that the money still obeys its rules. Has no rule of its own about
 * what an instruction may do.
 */
import { fitsInt64, invariant, type AccountNumber, type AmountMinor, type PaymentKey, type Slot, type TxnId, type SlotRange } from '@mas/values';
import type { BucketState } from './bucket-state';
import type { LegChange } from './leg-changes';
import type { Rows } from './ledger-state';
import { lockKey } from './lock-row';
import type { Outcome } from './outcome';
import { OwnLeg } from './own-rows';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';
import { refused, type Refused } from './verdict';

/** Changes of an account's balance between two marks. Part of what instructions mean since MOMENTS_SINCE. */
export const MARK_EVERY = 128;
/** An account with more prepared legs gets none: its next mark comes when it has fewer. */
const MAX_OPEN_IN_MARK = 4_096;

/** Room for the positions of one entry in a leg's seq. */
const SEQ_PER_INDEX = 4096;

export class Applying {
  /** Position in the entry of the instruction that is being applied. */
  position = 0;
  /** Its moment; null: the bucket has none yet. */
  momentUs: number | null = null;

  constructor(
    readonly state: BucketState,
    private readonly rows: Rows,
    readonly stampMs: number,
    readonly raftIndex: number,
  ) {}

  /** The next instruction, or member of one, begins; its moment lies at `behindUs` or behind. */
  beginAt(behindUs: number): void {
    this.momentUs = this.state.nextMoment(behindUs);
  }

  account(number: AccountNumber): AccountRow | undefined {
    return this.rows.accountInPlace(number);
  }

  /** A leg that rowsTouched names. */
  leg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.rows.legInPlace(account, txn);
  }

  /** A leg that rowsTouched need not name: it is prepared, or an authorization that holds money. */
  pinnedLeg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.state.memory.leg(account, txn);
  }

  outcome(key: PaymentKey): OutcomeRow | undefined {
    return this.rows.outcomeInPlace(key);
  }

  /** By lockKey: an exclusive lock by its id. */
  lock(key: string): LockRow | undefined {
    return this.state.memory.locks.get(key);
  }

  sharedInForce(lockId: string): readonly LockRow[] {
    return this.state.memory.sharedOn(lockId).filter((lock) => lock.untilMs > this.stampMs);
  }

  /** The exclusive lock if its time is not over: an expired row is as good as none. */
  lockInForce(lockId: string): LockRow | undefined {
    const lock = this.lock(lockId);
    return lock !== undefined && lock.untilMs > this.stampMs ? lock : undefined;
  }

  /** Ownership is replicated state, asked when applying: an instruction for a slot that has moved is never guessed at. */
  wrongBucket(slot: Slot): Outcome | null {
    return this.state.owns(slot) ? null : { kind: 'wrong-bucket', slot, epoch: this.state.epoch };
  }

  /**
   * An outcome is recorded in the home slot of its key and nowhere else: a second place would be a second decision, which no
   * retry and no participant finds. Leaders refuse it before they propose; a leader that does not still records nothing.
   */
  wrongHome(key: PaymentKey, slot: Slot): Refused | null {
    const home = this.state.homeOf(key);
    return home === slot ? null : refused('NOT_AUTHORIZED', null, { home_slot: String(home), slot: String(slot) });
  }

  isLocal(account: AccountNumber): boolean {
    return this.state.owns(this.state.slotOf(account));
  }

  /** Rises per account, and a range of log indexes is a range of it. */
  nextSeq(account: AccountRow | undefined): number {
    const own = this.seqFloor();
    return account === undefined || account.lastSeq < own ? own : account.lastSeq + 1;
  }

  seqFloor(): number {
    return this.state.moves.seqBase + this.raftIndex * SEQ_PER_INDEX + this.position;
  }

  /** No leg that the bucket has made so far has a greater one, but for those that came one after the other in a single account. */
  seqCeiling(): number {
    return this.state.moves.seqBase + (this.raftIndex + 1) * SEQ_PER_INDEX - 1;
  }

  /** Tombstones of numbers without an account keep no last seq: what comes later must not take their place. */
  raiseSeqAbove(lastSeq: number): void {
    const { moves } = this.state;
    moves.seqBase = Math.max(moves.seqBase, lastSeq + 1 - this.raftIndex * SEQ_PER_INDEX);
  }

  store({ account, leg, reference, movedMinor }: LegChange): void {
    checkMoney(account);
    this.state.addToTotal(account.currency, movedMinor);
    if (movedMinor !== 0n && this.momentUs !== null) this.moved(account, leg, movedMinor, this.momentUs);
    this.rows.putAccount(account);
    this.putLeg(leg);
    if (reference !== null) this.putLeg(reference);
    this.state.rev += 1;
  }

  /** What reads at a moment go back to: lately from memory, long ago from a mark. */
  private moved(account: AccountRow, leg: LegRow, amountMinor: AmountMinor, momentUs: number): void {
    const { number, currency, journalSeq, lastSeq } = account;
    this.state.recent.add({ account: number, currency, amountMinor, commitUs: leg.commitUs ?? momentUs }, momentUs);
    if (journalSeq % MARK_EVERY !== 0 || this.state.memory.preparedCountOn(number) > MAX_OPEN_IN_MARK) return;
    const openSeqs: number[] = [];
    for (const { seq } of this.state.memory.preparedOn(number)) if (seq !== leg.seq) openSeqs.push(seq);
    OwnLeg.of(leg).mark = { momentUs, lastSeq, openSeqs: openSeqs.sort((a, b) => a - b) };
  }

  /** @param before the account as it was, and still is. */
  putAccount(row: AccountRow, before: AccountRow): void {
    checkMoney(row);
    invariant(row.rev > before.rev, 'a changed account has a higher rev', { account: row.number });
    this.state.addToTotal(row.currency, row.balanceMinor - before.balanceMinor);
    this.rows.putAccount(row);
  }

  putNewAccount(row: AccountRow): void {
    checkMoney(row);
    this.state.issue(row.currency, row.balanceMinor);
    this.state.accountCount += 1;
    this.rows.putAccount(row);
  }

  putLeg(row: LegRow): void {
    this.state.memory.legChanged(row);
    this.rows.putLeg(row);
  }

  putOutcome(row: OutcomeRow): void {
    this.state.memory.outcomeChanged(row);
    this.rows.putOutcome(row);
  }

  putLock(row: LockRow): void {
    this.state.memory.lockChanged(row);
    this.rows.putLock(row);
  }

  removeLock(row: LockRow): void {
    this.state.memory.lockRemoved(row);
    this.rows.removeLock(row.slot, lockKey(row));
  }

  /** Rows of slots that are not owned: nothing is counted, and nothing decided by them. */
  stageAccount(row: AccountRow): void {
    checkMoney(row);
    this.rows.putAccount(row);
  }

  stageLeg(row: LegRow): void {
    this.rows.putLeg(row);
  }

  stageOutcome(row: OutcomeRow): void {
    this.rows.putOutcome(row);
  }

  stageLock(row: LockRow): void {
    this.rows.putLock(row);
  }

  dropSlots(slots: SlotRange): void {
    this.rows.dropSlots(slots);
  }
}

function checkMoney(account: AccountRow): void {
  const { balanceMinor, holdsMinor, pendingCreditsMinor, minimumMinor, status } = account;
  const sound =
    holdsMinor >= 0n &&
    fitsInt64(holdsMinor) &&
    pendingCreditsMinor >= 0n &&
    fitsInt64(pendingCreditsMinor) &&
    // With a balance that is not below the minimum this bounds the balance as well.
    fitsInt64(balanceMinor + pendingCreditsMinor) &&
    (status === 'closed' ? balanceMinor === 0n && holdsMinor === 0n && pendingCreditsMinor === 0n : balanceMinor - holdsMinor >= minimumMinor);
  if (!sound)
    invariant(false, 'holds and pending credits are not negative and fit 64 bits, balance less holds is not below the minimum, a closed account is empty', {
      account: account.number,
      balanceMinor,
      holdsMinor,
      pendingCreditsMinor,
      minimumMinor,
      status,
    });
}
