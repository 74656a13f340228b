/**
 * The home's side: DECIDE COMMIT, DECIDE ABORT and RESOLVE. The first entry for a key wins and never flips; what is
 * recorded here is the payment's outcome, whatever its coordinator intended. The legs that live at home are checked
 * and applied in the deciding entry itself, or consumed where an earlier attempt prepared them.
 */
import { present, type AccountNumber, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import type { Applying } from './applying';
import { checkLeg, checkLock, checkSubject } from './checks';
import type { BindId, DecideAbort, DecideCommit, Resolve } from './instruction';
import { committedChange, preparedChange, type LegChange } from './leg-changes';
import type { Outcome } from './outcome';
import { OwnOutcome } from './own-rows';
import type { LegSpec, PaymentBody } from './payment-body';
import { abortPrepared, alarm, commitPrepared, putTombstone } from './phases';
import type { AbortReason } from './refusal';
import { checkRoomInBucket } from './room';
import type { Decision, ForcedResolution, LegRow, OutcomeRow, UntoldLeg } from './rows';
import type { Subject } from './subject';
import { joinWaits, type LegPass, type Wait } from './verdict';

interface Payment {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  readonly subject: Subject;
}

/** A body's legs: in this bucket, and in others. */
interface PlacedLegs {
  readonly local: readonly LegSpec[];
  readonly remote: readonly LegSpec[];
}

/** A local leg that will be committed: applied now, consumed, or (never, if all keep the protocol) already committed. */
type LegPlan =
  | { readonly kind: 'apply'; readonly spec: LegSpec; readonly pass: LegPass }
  | { readonly kind: 'consume'; readonly leg: LegRow }
  | { readonly kind: 'already'; readonly leg: LegRow };

type Survey =
  | { readonly kind: 'commit'; readonly plans: readonly LegPlan[] }
  | { readonly kind: 'abort'; readonly reason: AbortReason }
  /** Answered without a record. */
  | { readonly kind: 'stop'; readonly outcome: Outcome };

/** Kept in one record; a record is one row. */
export const MAX_FORCED_RESOLUTIONS = 32;

const NEVER_FORCED: readonly ForcedResolution[] = [];

const NO_LEGS: readonly LegSpec[] = [];

const ABANDONED: AbortReason = { name: 'ABANDONED', account: null, facts: {} };

export function decideCommit(a: Applying, instruction: DecideCommit): Outcome {
  const earlier = recorded(a, instruction);
  if (earlier !== null) return earlier;
  const legs = placedLegs(a, instruction.body);
  const stopped = checkSubject(instruction.subject, instruction.body) ?? checkRoomInBucket(a) ?? missingLeg(a, legs, instruction);
  if (stopped !== null) return stopped;
  const survey = surveyLegs(a, legs, instruction);
  switch (survey.kind) {
    case 'stop':
      return survey.outcome;
    case 'abort':
      return recordAbort(a, instruction, survey.reason, legs);
    case 'commit':
      return recordCommit(a, instruction, legs, survey.plans);
    default:
      return survey satisfies never;
  }
}

export function decideAbort(a: Applying, instruction: DecideAbort): Outcome {
  return recorded(a, instruction) ?? recordAbort(a, instruction, instruction.reason);
}

/** Presumed abort: a participant asked, nobody has decided, so from now on nobody can decide otherwise. */
export function resolve(a: Applying, instruction: Resolve): Outcome {
  const outcome = recorded(a, instruction) ?? recordAbort(a, instruction, ABANDONED);
  switch (outcome.kind) {
    case 'decided':
      return { ...outcome, outcome: noteForced(a, instruction, outcome.outcome) };
    case 'conflict':
      return { ...outcome, bound: noteForced(a, instruction, outcome.bound) };
    default:
      return outcome;
  }
}

/** What an operator does to a payment stays with its record, also where it changed nothing. */
function noteForced(a: Applying, { subject, askedAtMs, txn }: Resolve, row: OutcomeRow): OutcomeRow {
  if (subject.kind !== 'operator' || askedAtMs === null) return row;
  const action: ForcedResolution = { operator: subject.name, askedAtMs, txn };
  if (row.forced.some((earlier) => earlier.operator === action.operator && earlier.askedAtMs === askedAtMs && earlier.txn === txn)) return row;
  const noted = { ...row, forced: [...row.forced, action].slice(-MAX_FORCED_RESOLUTIONS) };
  a.putOutcome(noted);
  return noted;
}

/** The id belongs to this request from here on. */
export function bindId(a: Applying, instruction: BindId): Outcome {
  return (
    recorded(a, instruction) ??
    checkRoomInBucket(a) ??
    record(a, instruction, placedLegs(a, instruction.body), { kind: 'committed', atMs: a.stampMs, commitUs: a.momentUs }, [])
  );
}

/** Asked once for an instruction: which legs live here is a hash of each. */
function placedLegs(a: Applying, { legs }: PaymentBody): PlacedLegs {
  const local = legs.filter(({ account }) => a.isLocal(account));
  return { local, remote: local.length === legs.length ? NO_LEGS : legs.filter((spec) => !local.includes(spec)) };
}

/** What the home says without deciding anew. */
function recorded(a: Applying, { homeSlot, key, txn }: Payment): Outcome | null {
  const wrong = a.wrongBucket(homeSlot) ?? a.wrongHome(key, homeSlot);
  if (wrong !== null) return wrong;
  const outcome = a.outcome(key);
  if (outcome === undefined) return null;
  return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : { kind: 'conflict', bound: outcome };
}

/**
 * A leg that lives elsewhere and was not prepared there, as when its slot moved after the coordinator chose to have
 * it applied at home. Nothing is wrong with the payment, so nothing is recorded: the coordinator looks the slot up,
 * prepares the leg where it lives now and asks again.
 */
function missingLeg(a: Applying, { remote }: PlacedLegs, { remotePrepared }: DecideCommit): Outcome | null {
  for (const { account } of remote) {
    if (remotePrepared.includes(account)) continue;
    return a.wrongBucket(a.state.slotOf(account));
  }
  return null;
}

/** All locks, then all refusals, then all waits: nothing is changed before every leg has passed. */
function surveyLegs(a: Applying, { local }: PlacedLegs, instruction: DecideCommit): Survey {
  const { txn, body, undecided } = instruction;
  const existing = local.map((spec) => a.leg(spec.account, txn));
  for (let i = 0; i < local.length; i += 1) {
    const spec = present(local[i], 'local leg');
    // A promise is not stopped by a lock that came after it.
    const verdict = existing[i] === undefined ? checkLock(a, spec.account, tokenFor(instruction, spec.account)) : null;
    if (verdict?.kind === 'locked') return { kind: 'stop', outcome: verdict };
    if (verdict?.kind === 'refused') return { kind: 'abort', reason: verdict.refusal };
  }
  const plans: LegPlan[] = [];
  const waits: Wait[] = [];
  for (let i = 0; i < local.length; i += 1) {
    const spec = present(local[i], 'local leg');
    const leg = existing[i];
    if (leg !== undefined) {
      if (leg.state === 'aborted') return { kind: 'abort', reason: leg.reason ?? ABANDONED };
      plans.push(leg.state === 'prepared' ? { kind: 'consume', leg } : { kind: 'already', leg });
      continue;
    }
    const verdict = checkLeg(a, { txn, body, spec, undecided });
    if (verdict.kind === 'refused') return { kind: 'abort', reason: verdict.refusal };
    if (verdict.kind === 'wait') waits.push(verdict);
    else plans.push({ kind: 'apply', spec, pass: verdict });
  }
  return waits.length > 0 ? { kind: 'stop', outcome: joinWaits(waits) } : { kind: 'commit', plans };
}

function tokenFor({ lockTokens }: DecideCommit, account: AccountNumber): number | null {
  return lockTokens.find((held) => held.account === account)?.token ?? null;
}

function recordCommit(a: Applying, payment: DecideCommit, legs: PlacedLegs, plans: readonly LegPlan[]): Outcome {
  const balances: { account: AccountNumber; balanceMinor: bigint; rev: number }[] = [];
  for (const plan of plans) {
    if (plan.kind === 'already') continue;
    const { account } = plan.kind === 'consume' ? commitPrepared(a, plan.leg, a.momentUs) : applyLeg(a, payment, plan.spec, plan.pass);
    balances.push({ account: account.number, balanceMinor: account.balanceMinor, rev: account.rev });
  }
  return record(a, payment, legs, { kind: 'committed', atMs: a.stampMs, commitUs: a.momentUs }, balances);
}

function applyLeg(a: Applying, payment: Payment, spec: LegSpec, { account, reference }: LegPass): LegChange {
  const promised = preparedChange(account, reference, payment, spec, a.nextSeq(account), a);
  const change = committedChange(promised, a.stampMs, a.momentUs);
  a.store(change);
  return change;
}

/** Legs that live here end in the same entry, prepared or not; a tombstone keeps a late PREPARE out. */
function recordAbort(a: Applying, payment: Payment, reason: AbortReason, legs = placedLegs(a, payment.body)): Outcome {
  const { local } = legs;
  const existing = local.map((spec) => a.leg(spec.account, payment.txn));
  const committed = existing.find((leg) => leg?.state === 'committed');
  if (committed !== undefined) return alarm('ROLLBACK_OF_COMMITTED_LEG', payment.txn, committed.account);
  for (const [i, spec] of local.entries()) {
    const leg = existing[i];
    if (leg === undefined) putTombstone(a, payment, spec, reason);
    else if (leg.state === 'prepared') abortPrepared(a, leg, reason);
  }
  return record(a, payment, legs, { kind: 'aborted', atMs: a.stampMs, reason }, []);
}

function record(
  a: Applying,
  { key, txn, body, subject, homeSlot }: Payment,
  { remote }: PlacedLegs,
  decision: Decision,
  balances: OutcomeRow['balances'],
): Outcome {
  const untold: UntoldLeg[] = remote.map(({ account }) => ({ account }));
  const outcome = new OwnOutcome({ slot: homeSlot, key, txn, body, subject, decision, balances, untold, forced: NEVER_FORCED });
  a.putOutcome(outcome);
  a.state.rev += 1;
  return { kind: 'decided', outcome, fresh: true };
}
