/**
 * Sending: PREPARE to the legs, the question to the home, and the pause before either is asked again. What comes back
 * is read in phase-one.ts, decision.ts and hold-up.ts.
 */
import type { DecideCommit, Prepare } from '@mas/ledger';
import { unreachable, type AccountNumber, type BucketId, type TxnId } from '@mas/values';
import { patched, type LegPatch } from './local-transaction';
import type { Decide, TransactionEffect } from './transaction-effect';
import type { Waiter } from './transaction-event';
import type { TransactionPlan } from './transaction-plan';
import { withStep, type Advance, type Deciding, type GlobalPhase, type GlobalTransaction, type Intent } from './transaction-state';

/** Sends PREPARE to every remote leg that has not got one; decides at once when there is nothing to prepare. */
export function startPreparing(txn: GlobalTransaction, nowMs: number): Advance {
  const effects: TransactionEffect[] = [];
  let next = txn;
  const legs = txn.legs.map((leg) => (leg.state === 'idle' ? patched(leg, SENT) : leg));
  for (const leg of txn.legs) {
    if (leg.state !== 'idle') continue;
    effects.push({ kind: 'prepare', bucket: leg.bucket, instruction: prepareOf(txn.plan, leg.spec.account, leg.undecided) });
    next = withStep(next, nowMs, 'prepare-sent', leg.bucket, leg.spec.account, { legs, phase: PREPARING });
  }
  if (effects.length > 0) return { txn: next, effects };
  return decideIfAllPrepared(txn.phase.kind === 'preparing' ? txn : { ...txn, phase: PREPARING }, nowMs);
}

const PREPARING: GlobalPhase = { kind: 'preparing' };
const SENT: LegPatch = { state: 'preparing', touched: true };

export function startDecision(txn: GlobalTransaction, nowMs: number, intent: Intent): Advance {
  return askHome(txn, { kind: 'deciding', intent, state: 'asked', undecided: [], retries: 0, late: false }, nowMs);
}

/** The same question once more, with what has been learned since. */
export function askHome(txn: GlobalTransaction, phase: Deciding, nowMs: number): Advance {
  const asked: Deciding = phase.state === 'asked' ? phase : { ...phase, state: 'asked' };
  const noted = withStep(txn, nowMs, 'decide-sent', txn.homeBucket, asked.intent.kind === 'abort' ? asked.intent.reason.name : asked.intent.kind, {
    phase: asked,
  });
  return { txn: noted, effects: [{ kind: 'decide', bucket: txn.homeBucket, instruction: decideOf(txn, asked) }] };
}

export function decideIfAllPrepared(txn: GlobalTransaction, nowMs: number): Advance {
  const ready = txn.legs.every((leg) => leg.state === 'at-home' || leg.state === 'prepared');
  return ready ? startDecision(txn, nowMs, { kind: 'commit' }) : { txn, effects: [] };
}

export function timeUp(txn: GlobalTransaction, nowMs: number): boolean {
  return txn.heldUpSinceMs !== null && nowMs - txn.heldUpSinceMs >= txn.plan.limits.lockedRetryMs;
}

/** A bucket has said WRONG_BUCKET: the slots are looked up, once for all legs that wait for it. */
export function lookUp(txn: GlobalTransaction, nowMs: number): Advance {
  const looking = { ...txn, movedSinceMs: txn.movedSinceMs ?? nowMs, isLookingUp: true };
  return { txn: looking, effects: txn.isLookingUp ? [] : [{ kind: 'refresh-placement' }] };
}

export function hasMovedTooLong(txn: GlobalTransaction, nowMs: number): boolean {
  return txn.movedSinceMs !== null && nowMs - txn.movedSinceMs >= txn.plan.limits.movedRetryMs;
}

/** Tries again after a pause that doubles with every retry. */
export function heldUp(txn: GlobalTransaction, waiter: Waiter, retries: number, nowMs: number, step: string, bucket: BucketId): Advance {
  const noted = withStep({ ...txn, heldUpSinceMs: txn.heldUpSinceMs ?? nowMs }, nowMs, step, bucket);
  return { txn: noted, effects: [{ kind: 'wake', waiter, delayMs: pauseMs(txn, retries) }] };
}

function pauseMs(txn: GlobalTransaction, retries: number): number {
  const { retryMinMs, retryMaxMs } = txn.plan.limits;
  return Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(retries, 16));
}

export function prepareOf(plan: TransactionPlan, account: AccountNumber, undecided: readonly TxnId[]): Prepare {
  const lock = plan.lockTokens.length === 0 ? undefined : plan.lockTokens.find((held) => held.account === account);
  return {
    kind: 'prepare',
    txn: plan.txn,
    key: plan.key,
    homeSlot: plan.homeSlot,
    body: plan.body,
    account,
    subject: plan.subject,
    lockToken: lock?.token ?? null,
    undecided,
  };
}

function decideOf(txn: GlobalTransaction, phase: Deciding): Decide {
  const { plan } = txn;
  switch (phase.intent.kind) {
    case 'commit':
      return decideCommitOf(plan, promisesOf(txn), phase.undecided);
    case 'abort':
      return {
        kind: 'decide-abort',
        txn: plan.txn,
        key: plan.key,
        homeSlot: plan.homeSlot,
        body: plan.body,
        subject: plan.subject,
        reason: phase.intent.reason,
      };
    case 'resolve':
      return phase.intent.resolve;
    default:
      return unreachable(phase.intent, 'intent');
  }
}

/** What buckets other than the home have promised, and the highest moment of that. */
export type Promises = Pick<DecideCommit, 'remotePrepared' | 'notBeforeUs'>;

export const NO_PROMISES: Promises = { remotePrepared: [], notBeforeUs: null };

export function decideCommitOf(
  { txn, key, homeSlot, body, subject, lockTokens }: TransactionPlan,
  { remotePrepared, notBeforeUs }: Promises,
  undecided: readonly TxnId[],
): DecideCommit {
  return { kind: 'decide-commit', txn, key, homeSlot, body, subject, remotePrepared, notBeforeUs, lockTokens, undecided };
}

function promisesOf(txn: GlobalTransaction): Promises {
  const remotePrepared: AccountNumber[] = [];
  let notBeforeUs: number | null = null;
  for (const leg of txn.legs) {
    if (leg.state !== 'prepared') continue;
    remotePrepared.push(leg.spec.account);
    if (leg.preparedUs !== null) notBeforeUs = Math.max(notBeforeUs ?? 0, leg.preparedUs);
  }
  return { remotePrepared, notBeforeUs };
}
