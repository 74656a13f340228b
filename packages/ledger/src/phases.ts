/**
 * The participant's side of two-phase commit: PREPARE, COMMIT and ROLLBACK of one leg. PREPARE may refuse; what it
 * promised is then kept whatever happens: locks, freezes and expiry do not stop a decision.
 */
import { invariant, present, type AccountNumber, type TxnId } from '@mas/values';
import type { Applying } from './applying';
import { checkLeg, checkLock, checkSubject } from './checks';
import { isOtherCommitTime, recordedCommitTime } from './commit-time';
import type { CommittedLeg, Prepare, RollbackLeg } from './instruction';
import { abortedChange, committedChange, preparedChange, tombstone, type LegChange, type LegOrigin, type PromisedLeg } from './leg-changes';
import { buildsOnLeg } from './leg-effect';
import type { AlarmName, Outcome } from './outcome';
import type { LegSpec } from './payment-body';
import type { AbortReason } from './refusal';
import { checkRoomInBucket } from './room';
import type { AccountRow, LegRow } from './rows';

export function prepare(a: Applying, instruction: Prepare): Outcome {
  const { txn, account, body, lockToken, undecided } = instruction;
  const wrong = a.wrongBucket(a.state.slotOf(account));
  if (wrong !== null) return wrong;
  const existing = a.leg(account, txn);
  // Also the tombstone of a rollback that overtook this prepare.
  if (existing !== undefined) return legStands(existing);
  const stopped = checkSubject(instruction.subject, body) ?? checkRoomInBucket(a) ?? checkLock(a, account, lockToken);
  if (stopped !== null) return stopped;
  const spec = present(
    body.legs.find((leg) => leg.account === account),
    'leg of the account in the body',
  );
  const verdict = checkLeg(a, { txn, body, spec, undecided });
  if (verdict.kind !== 'pass') return verdict;

  const change = preparedChange(verdict.account, verdict.reference, instruction, spec, a.nextSeq(verdict.account), a);
  a.store(change);
  return { kind: 'prepared', leg: change.leg };
}

export function commit(a: Applying, { txn, account, commitUs }: CommittedLeg): Outcome {
  const wrong = a.wrongBucket(a.state.slotOf(account));
  if (wrong !== null) return wrong;
  const leg = a.leg(account, txn);
  // A decision without our promise: money would come from nowhere. Never OK.
  if (leg === undefined) return alarm('COMMIT_WITHOUT_PREPARE', txn, account);
  if (leg.state === 'aborted') return alarm('COMMIT_OF_ABORTED_LEG', txn, account);
  if (leg.state === 'committed') return isOtherCommitTime(leg.commitUs, commitUs) ? alarm('COMMIT_TIMES_DIFFER', txn, account) : legStands(leg);
  const { leg: ended } = commitPrepared(a, leg, recordedCommitTime(a, commitUs));
  // The decision stands, and the money has moved; only its place in the order of payments is wrong.
  if (ended.commitUs !== null && ended.preparedUs !== null && ended.commitUs <= ended.preparedUs) return alarm('COMMIT_NOT_BEHIND_PREPARE', txn, account);
  return { kind: 'leg-ended', leg: ended };
}

export function rollback(a: Applying, instruction: RollbackLeg): Outcome {
  const { txn, account, key, homeSlot, spec, reason } = instruction;
  const wrong = a.wrongBucket(a.state.slotOf(account));
  if (wrong !== null) return wrong;
  const leg = a.leg(account, txn);
  if (leg === undefined) {
    const origin: LegOrigin = { txn, key, homeSlot, subject: { kind: 'system' }, body: null };
    return { kind: 'leg-ended', leg: putTombstone(a, origin, spec, reason) };
  }
  if (leg.state === 'committed') return alarm('ROLLBACK_OF_COMMITTED_LEG', txn, account);
  if (leg.state === 'aborted') return legStands(leg);
  return { kind: 'leg-ended', leg: abortPrepared(a, leg, reason) };
}

export function commitPrepared(a: Applying, leg: LegRow, commitUs: number | null): LegChange {
  const change = committedChange(promise(a, leg), a.stampMs, commitUs);
  a.store(change);
  return change;
}

export function abortPrepared(a: Applying, leg: LegRow, reason: AbortReason): LegRow {
  const change = abortedChange(promise(a, leg), a.stampMs, reason);
  a.store(change);
  return change.leg;
}

/** Also for a number without an account: it is what refuses the late PREPARE should the account come to be. */
export function putTombstone(a: Applying, origin: LegOrigin, spec: LegSpec, reason: AbortReason): LegRow {
  const account = a.account(spec.account);
  const seq = a.nextSeq(account);
  const leg = tombstone(a.state.slotOf(spec.account), spec.account, origin, spec, seq, a.stampMs, reason);
  if (account !== undefined) a.putAccount({ ...account, rev: account.rev + 1, lastSeq: seq }, account);
  a.putLeg(leg);
  a.state.rev += 1;
  return leg;
}

export function alarm(name: AlarmName, txn: TxnId, account: AccountNumber): Outcome {
  return { kind: 'alarm', alarm: { name, txn, account } };
}

function legStands(leg: LegRow): Outcome {
  return leg.state === 'prepared' ? { kind: 'prepared', leg } : { kind: 'leg-ended', leg };
}

/** The rows that stand behind a prepared leg; they exist, or the promise was false. */
function promise(a: Applying, leg: LegRow): PromisedLeg {
  invariant(leg.state === 'prepared', 'only a prepared leg is decided', { account: leg.account, txn: leg.txn });
  const account: AccountRow = present(a.account(leg.account), 'account of a prepared leg');
  const referenceTxn = buildsOnLeg(leg.spec.effect) ? leg.body?.reference?.txn : undefined;
  const reference = referenceTxn === undefined ? null : present(a.leg(leg.account, referenceTxn), 'leg that a prepared leg builds on');
  return { account, leg, reference };
}
