/**
 * Phase 1: every remote leg is asked for its promise, in parallel; the home's own legs wait for the decision. The
 * first leg that says no ends it. A leg that does not answer may still hold the money, so silence is never an abort
 * by itself: the home records one, and the leg hears of it or asks.
 */
import type { AbortReason } from '@mas/ledger';
import { unreachable } from '@mas/values';
import { decideIfAllPrepared, heldUp, lookUp, startDecision, timeUp } from './instructing';
import type { LocalTransaction } from './local-transaction';
import type { ItemOutcome } from './participant-protocol';
import { notAuthorized, rejected } from './rejection';
import type { TransactionEvent, Unreachable } from './transaction-event';
import { legsWith, withLeg, withStep, type Advance, type GlobalTransaction } from './transaction-state';

export function legReplied(txn: GlobalTransaction, event: Extract<TransactionEvent, { kind: 'leg-replied' }>): Advance {
  const leg = txn.legs.find((candidate) => candidate.spec.account === event.account);
  if (leg === undefined || leg.state !== 'preparing') return { txn, effects: [] };
  const reply = event.reply;
  switch (reply.kind) {
    case 'outcome':
      return legAnswered(txn, leg, reply.outcome, event.nowMs);
    case 'unauthenticated':
    case 'permission-denied':
      return rejected(
        withLeg(txn, leg.spec.account, { state: 'failed', touched: false }),
        { kind: 'rejected', error: reply.kind, reason: reply.reason },
        event.nowMs,
      );
    case 'unreachable': {
      const reason: AbortReason = {
        name: 'PARTICIPANT_UNAVAILABLE',
        account: leg.spec.account,
        facts: { bucket: String(leg.bucket), detail: reply.reason, ...quorumFacts(reply) },
      };
      return fail(txn, leg, reason, event.nowMs, true);
    }
    default:
      return unreachable(reply, 'reply to PREPARE');
  }
}

function legAnswered(txn: GlobalTransaction, leg: LocalTransaction, outcome: ItemOutcome, nowMs: number): Advance {
  const account = leg.spec.account;
  switch (outcome.kind) {
    case 'prepared':
      return decideIfAllPrepared(
        withStep(txn, nowMs, 'prepared', leg.bucket, account, { legs: legsWith(txn, account, { state: 'prepared', preparedUs: outcome.leg.preparedUs }) }),
        nowMs,
      );
    case 'leg-ended':
      // An earlier attempt ended it: the home knows how, and is asked in the direction that the leg remembers.
      if (outcome.leg.state === 'committed')
        return decideIfAllPrepared(withStep(withLeg(txn, account, { state: 'prepared' }), nowMs, 'prepared-earlier', leg.bucket, account), nowMs);
      return fail(txn, leg, outcome.leg.reason ?? { name: 'ABANDONED', account, facts: {} }, nowMs, true);
    case 'refused':
      if (outcome.refusal.name === 'NOT_AUTHORIZED')
        return rejected(withLeg(txn, account, { state: 'failed', touched: false }), notAuthorized(outcome.refusal), nowMs);
      return fail(txn, leg, { ...outcome.refusal }, nowMs, false);
    case 'locked': {
      const reason: AbortReason = { name: 'LOCK_TIMEOUT', account, facts: { lock: outcome.lock.lockId } };
      if (timeUp(txn, nowMs)) return fail(txn, leg, reason, nowMs, false);
      return heldUp(withLeg(txn, account, { state: 'held-up', retries: leg.retries + 1 }), account, leg.retries, nowMs, 'locked', leg.bucket);
    }
    case 'wait': {
      const reason: AbortReason = { name: 'PARTICIPANT_UNAVAILABLE', account, facts: { detail: 'the homes of undecided credits did not answer' } };
      if (timeUp(txn, nowMs)) return fail(txn, leg, reason, nowMs, false);
      const waiting = withStep(
        withLeg({ ...txn, heldUpSinceMs: txn.heldUpSinceMs ?? nowMs }, account, { state: 'held-up', retries: leg.retries + 1 }),
        nowMs,
        'wait',
        leg.bucket,
        account,
      );
      return { txn: waiting, effects: [{ kind: 'query-homes', waiter: account, undecided: outcome.undecided }] };
    }
    case 'wrong-bucket':
      return lookUp(withStep(withLeg(txn, account, { state: 'held-up', retries: leg.retries + 1 }), nowMs, 'wrong-bucket', leg.bucket, account), nowMs);
    case 'decided':
    case 'conflict':
    case 'account':
    case 'lock':
    case 'lock-released':
    case 'done':
    case 'each':
    case 'move':
    case 'alarm':
      // No bucket answers a PREPARE so; a peer of another version may. Its leg counts as unknown.
      return fail(
        txn,
        leg,
        { name: 'PARTICIPANT_UNAVAILABLE', account, facts: { bucket: String(leg.bucket), detail: `unexpected answer ${outcome.kind}` } },
        nowMs,
        true,
      );
    default:
      return unreachable(outcome, 'outcome of PREPARE');
  }
}

/** One leg said no or nothing: nobody waits for the others, the home records the abort. */
function fail(txn: GlobalTransaction, leg: LocalTransaction, reason: AbortReason, nowMs: number, touched: boolean): Advance {
  const failed = withLeg(txn, leg.spec.account, { state: 'failed', touched });
  return startDecision(withStep(failed, nowMs, 'prepare-failed', leg.bucket, reason.name), nowMs, { kind: 'abort', reason });
}

function quorumFacts({ noQuorum, noStore }: Unreachable): Readonly<Record<string, string>> {
  if (noStore !== undefined) return { rm: `rm-${noStore.rm}` };
  return noQuorum === undefined ? {} : { up: String(noQuorum.up), replicas: String(noQuorum.of), needed: String(noQuorum.needed) };
}
