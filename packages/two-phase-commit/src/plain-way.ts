/**
 * The way that nearly every payment goes: journaled, one remote leg promised (or none), committed by the home, told. A host may walk
 * many payments along it together without a state machine for each; what must be so at each step is said here. One that leaves the
 * way becomes a transaction of its own, in the very state that the machine would have brought it to: it is brought there by the
 * machine, from what has happened.
 */
import type { AccountNumber, BucketId } from '@mas/values';
import { advance, globalTransaction } from './global-transaction';
import type { HomeRecord, ItemOutcome } from './participant-protocol';
import type { InstructionReply } from './transaction-event';
import type { Placing, TransactionPlan } from './transaction-plan';
import type { GlobalTransaction } from './transaction-state';

/** The leg that does not live at home. */
export interface RemoteLeg {
  readonly account: AccountNumber;
  readonly bucket: BucketId;
}

/** Null: every leg lives at home. `off`: more than one leg lives elsewhere, which the plain way does not know. */
export function remoteLegOf({ body }: Pick<TransactionPlan, 'body'>, { homeBucket, legBuckets }: Placing): RemoteLeg | null | 'off' {
  let remote: RemoteLeg | null = null;
  for (let place = 0; place < body.legs.length; place += 1) {
    const leg = body.legs[place];
    const bucket = legBuckets[place] ?? homeBucket;
    if (leg === undefined || bucket === homeBucket) continue;
    if (remote !== null) return 'off';
    remote = { account: leg.account, bucket };
  }
  return remote;
}

/** What is kept of the answer to PREPARE. */
export type LegPromise = Extract<ItemOutcome, { readonly kind: 'prepared' }>;

/** To PREPARE; null: something else than the promise. */
export function promiseOf(reply: InstructionReply): LegPromise | null {
  return reply.kind === 'outcome' && reply.outcome.kind === 'prepared' ? reply.outcome : null;
}

/** To DECIDE COMMIT: decided by this very question, and as it asked; else null. */
export function freshCommit(reply: InstructionReply): HomeRecord | null {
  return reply.kind === 'outcome' && reply.outcome.kind === 'decided' && reply.outcome.fresh && reply.outcome.outcome.decision.kind === 'committed'
    ? reply.outcome.outcome
    : null;
}

/** To COMMIT. */
export function isTold(reply: InstructionReply): boolean {
  return reply.kind === 'outcome' && reply.outcome.kind === 'leg-ended';
}

/** What has happened to a payment on its plain way so far; times of the monotonic clock, null: not yet. */
export interface PlainCourse {
  readonly journaled: { readonly atMs: number; readonly written: boolean } | null;
  readonly prepared: { readonly atMs: number; readonly promise: LegPromise } | null;
  readonly decided: { readonly atMs: number; readonly record: HomeRecord } | null;
}

/** The transaction that has come so far. What it asked for on the way has been done. */
export function transactionAfter(plan: TransactionPlan, placing: Placing, { journaled, prepared, decided }: PlainCourse): GlobalTransaction {
  let { txn } = advance(globalTransaction(plan, placing), { kind: 'begin', nowMs: plan.startedAtMs });
  if (journaled !== null) ({ txn } = advance(txn, { kind: 'journaled', nowMs: journaled.atMs, written: journaled.written, exclusivelyLocked: [] }));
  if (prepared !== null)
    for (const leg of txn.legs)
      if (leg.state === 'preparing')
        ({ txn } = advance(txn, {
          kind: 'leg-replied',
          nowMs: prepared.atMs,
          account: leg.spec.account,
          reply: { kind: 'outcome', outcome: prepared.promise },
        }));
  if (decided === null) return txn;
  return advance(txn, {
    kind: 'home-replied',
    nowMs: decided.atMs,
    reply: { kind: 'outcome', outcome: { kind: 'decided', outcome: decided.record, fresh: true } },
  }).txn;
}
