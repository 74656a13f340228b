/**
 * Phase 2: the remote legs hear the decision, after the caller has. The home's leader keeps the list of legs not yet
 * told and tells them as well, so giving up here costs time only; what was acknowledged is struck from that list.
 */
import type { AbortReason, CommitLeg, Outcome, RollbackLeg } from '@mas/ledger';
import { unreachable, type AccountNumber } from '@mas/values';
import { hasMovedTooLong, lookUp } from './instructing';
import { patched, type LegPatch, type LocalTransaction } from './local-transaction';
import type { TransactionEffect } from './transaction-effect';
import type { InstructionReply, TransactionEvent } from './transaction-event';
import { legsWith, withLeg, withStep, type Advance, type GlobalTransaction, type Verdict } from './transaction-state';

export function startTelling(txn: GlobalTransaction, verdict: Verdict, nowMs: number): Advance {
  const legs = txn.legs.map((leg) => (mustHear(leg, verdict) ? patched(leg, TELLING) : leg));
  const effects: TransactionEffect[] = [];
  for (const leg of legs) {
    if (leg.state === 'telling') effects.push({ kind: 'tell', bucket: leg.bucket, instruction: instructionOf(txn, leg, verdict) });
  }
  if (effects.length === 0) return endIfAllTold({ ...txn, legs }, verdict, nowMs);
  return { txn: withStep(txn, nowMs, 'tell-sent', null, null, { legs, phase: { kind: 'telling', verdict } }), effects };
}

const TELLING: LegPatch = { state: 'telling' };

/** After a slot moved: the legs that wait for it are told at their new place. */
export function tellAgain(txn: GlobalTransaction, nowMs: number): Advance {
  if (txn.phase.kind !== 'telling') return { txn, effects: [] };
  const { verdict } = txn.phase;
  const again = txn.legs.filter((leg) => leg.state === 'held-up');
  const legs = txn.legs.map((leg) => (leg.state === 'held-up' ? { ...leg, state: 'telling' as const } : leg));
  const effects = again.map((leg): TransactionEffect => ({ kind: 'tell', bucket: leg.bucket, instruction: instructionOf(txn, leg, verdict) }));
  return { txn: withStep({ ...txn, legs }, nowMs, 'tell-sent'), effects };
}

export function legTold(txn: GlobalTransaction, verdict: Verdict, event: Extract<TransactionEvent, { kind: 'leg-told' }>): Advance {
  const leg = txn.legs.find((candidate) => candidate.spec.account === event.account);
  if (leg === undefined || leg.state !== 'telling') return { txn, effects: [] };
  const hearing = heard(event.reply);
  switch (hearing.kind) {
    case 'told':
      return endIfAllTold(
        withStep(txn, event.nowMs, 'told', leg.bucket, event.account, { legs: legsWith(txn, event.account, { state: 'told' }) }),
        verdict,
        event.nowMs,
      );
    case 'moved':
      if (hasMovedTooLong(txn, event.nowMs)) return giveUp(txn, leg, verdict, 'the slot kept moving', event.nowMs, []);
      return lookUp(withLeg(txn, event.account, { state: 'held-up' }), event.nowMs);
    case 'alarm':
      return giveUp(txn, leg, verdict, hearing.alarm.name, event.nowMs, [{ kind: 'alarm', alarm: hearing.alarm, bucket: leg.bucket }]);
    case 'lost':
      return giveUp(txn, leg, verdict, hearing.reason, event.nowMs, []);
    default:
      return unreachable(hearing, 'hearing');
  }
}

/** Fresh decision: every remote leg. Recorded before: those the home still has to tell, and those touched just now. */
function mustHear(leg: LocalTransaction, verdict: Verdict): boolean {
  if (leg.state === 'at-home') return false;
  if (verdict.kind === 'conflict') return leg.touched;
  return verdict.fresh || leg.touched || verdict.outcome.untold.some((untold) => untold.account === leg.spec.account);
}

function instructionOf(txn: GlobalTransaction, leg: LocalTransaction, verdict: Verdict): CommitLeg | RollbackLeg {
  const { txn: id, key, homeSlot } = txn.plan;
  const account = leg.spec.account;
  const decision = verdict.kind === 'recorded' ? verdict.outcome.decision : null;
  if (decision?.kind === 'committed') return { kind: 'commit', txn: id, account, commitUs: decision.commitUs };
  const reason: AbortReason = decision !== null ? decision.reason : { name: 'ID_CONFLICT', account: null, facts: {} };
  return { kind: 'rollback', txn: id, key, homeSlot, account, spec: leg.spec, reason };
}

type Hearing =
  | { readonly kind: 'told' }
  | { readonly kind: 'moved' }
  | { readonly kind: 'alarm'; readonly alarm: Extract<Outcome, { kind: 'alarm' }>['alarm'] }
  | { readonly kind: 'lost'; readonly reason: string };

function heard(reply: InstructionReply): Hearing {
  if (reply.kind !== 'outcome') return { kind: 'lost', reason: reply.reason };
  switch (reply.outcome.kind) {
    case 'leg-ended':
      return { kind: 'told' };
    case 'wrong-bucket':
      return { kind: 'moved' };
    case 'alarm':
      return { kind: 'alarm', alarm: reply.outcome.alarm };
    default:
      return { kind: 'lost', reason: `unexpected answer ${reply.outcome.kind}` };
  }
}

function giveUp(
  txn: GlobalTransaction,
  leg: LocalTransaction,
  verdict: Verdict,
  reason: string,
  nowMs: number,
  effects: readonly TransactionEffect[],
): Advance {
  const left = withStep(withLeg(txn, leg.spec.account, { state: 'left-to-home' }), nowMs, 'left-to-home', leg.bucket, reason);
  const rest = endIfAllTold(left, verdict, nowMs);
  return { txn: rest.txn, effects: [...effects, ...rest.effects] };
}

function endIfAllTold(txn: GlobalTransaction, verdict: Verdict, nowMs: number): Advance {
  if (txn.legs.some((leg) => leg.state === 'telling' || leg.state === 'held-up')) return { txn, effects: [] };
  const ended = withStep(txn, nowMs, 'ended', null, null, { phase: { kind: 'ended', verdict } });
  const acknowledged = toAcknowledge(ended, verdict);
  const effects: TransactionEffect[] = [];
  if (acknowledged.length > 0) {
    effects.push({
      kind: 'acknowledge',
      bucket: ended.homeBucket,
      instruction: { kind: 'acknowledge', key: txn.plan.key, txn: txn.plan.txn, accounts: acknowledged },
    });
  }
  effects.push({ kind: 'journal-end' }, { kind: 'ended' });
  return { txn: ended, effects };
}

function toAcknowledge(txn: GlobalTransaction, verdict: Verdict): readonly AccountNumber[] {
  if (verdict.kind === 'conflict') return [];
  const told: AccountNumber[] = [];
  for (const { account } of verdict.outcome.untold) if (txn.legs.some((leg) => leg.spec.account === account && leg.state === 'told')) told.push(account);
  return told;
}
