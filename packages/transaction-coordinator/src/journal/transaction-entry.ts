/** A global transaction as its entry in Redis. */
import { timelineOf, type GlobalTransaction, type LocalTransaction } from '@mas/two-phase-commit';
import type { SubTransactionEntry, TransactionEntry, TransactionState } from '../txn-coordinator-dao';

export function entryOf(transaction: GlobalTransaction, coordinator: string): TransactionEntry {
  const { plan, phase } = transaction;
  const verdict = phase.kind === 'telling' || phase.kind === 'ended' ? phase.verdict : null;
  // The id belongs to another transaction: its entry is repaired to show that one.
  const record = verdict === null ? null : verdict.kind === 'recorded' ? verdict.outcome : verdict.bound;
  const decision = record?.decision ?? null;
  const state: TransactionState = decision === null ? 'PENDING' : decision.kind === 'committed' ? 'COMMITTED' : 'ABORTED';
  const own = verdict === null || verdict.kind === 'recorded';
  return {
    key: plan.key,
    txn: record?.txn ?? plan.txn,
    body: record?.body ?? plan.body,
    coordinator,
    state,
    reason: decision?.kind === 'aborted' ? decision.reason : null,
    createdAtMs: plan.createdAtMs,
    endedAtMs: decision?.atMs ?? null,
    commitUs: decision?.kind === 'committed' ? decision.commitUs : null,
    subTransactions: own ? transaction.legs.map((leg) => subTransaction(leg, state)) : [],
    timeline: own ? timelineOf(transaction) : [],
  };
}

function subTransaction(leg: LocalTransaction, state: TransactionState): SubTransactionEntry {
  return { account: leg.spec.account, bucket: leg.bucket, state: subState(leg, state) };
}

function subState(leg: LocalTransaction, state: TransactionState): SubTransactionEntry['state'] {
  switch (leg.state) {
    case 'at-home':
    case 'told':
      return state;
    case 'telling':
    case 'left-to-home':
      return state === 'COMMITTED' ? 'PREPARED' : 'PENDING';
    case 'prepared':
      return state === 'PENDING' ? 'PREPARED' : state;
    case 'idle':
    case 'preparing':
    case 'held-up':
    case 'failed':
      return 'PENDING';
  }
}
