/**
 * The trace of the payment that nearly every one is: two legs, one of them at home and one prepared elsewhere, committed by the attempt
 * that began it. Its ten steps and both local transactions follow from seven numbers, so only those are kept. A trace that
 * differs in anything at all is no such one and is kept step by step.
 */
import type { LegSpec } from '@mas/ledger';
import type { SubTransactionEntry, TimelineStep, TransactionEntry } from '@mas/transaction-coordinator';
import { bucketId } from '@mas/values';

/** Buckets, the place of the remote leg in the body, and four times after createdAtMs: noted in Redis, prepared, decided, told. */
export type PlainTrace = readonly [home: number, remote: number, place: number, journaledMs: number, preparedMs: number, decidedMs: number, toldMs: number];

export function plainTraceOf({ state, reason, createdAtMs, body: { legs }, subTransactions, timeline }: TransactionEntry): PlainTrace | null {
  if (state !== 'COMMITTED' || reason !== null || legs.length !== 2 || subTransactions.length !== 2 || timeline.length !== 10) return null;
  const [received, journaled, prepareSent, prepared, decideSent, decided, answered, tellSent, told, ended] = timeline as readonly TimelineStep[] & {
    readonly length: 10;
  };
  const place = prepared?.detail === legs[0]?.account ? 0 : 1;
  const remote = prepared?.bucket ?? null;
  const home = decided?.bucket ?? null;
  const account = legs[place]?.account ?? null;
  if (home === null || remote === null || account === null) return null;
  if (!isCommitted(subTransactions[place], legs[place], remote) || !isCommitted(subTransactions[1 - place], legs[1 - place], home)) return null;
  const journaledAt = timeOf(journaled);
  const preparedAt = timeOf(prepared);
  const decidedAt = timeOf(decided);
  const toldAt = timeOf(told);
  const isPlain =
    is(received, createdAtMs, 'received', null, null) &&
    is(journaled, journaledAt, 'journaled', null, null) &&
    is(prepareSent, journaledAt, 'prepare-sent', remote, account) &&
    is(prepared, preparedAt, 'prepared', remote, account) &&
    is(decideSent, preparedAt, 'decide-sent', home, 'commit') &&
    is(decided, decidedAt, 'decided', home, 'COMMITTED') &&
    is(answered, decidedAt, 'answered', null, null) &&
    is(tellSent, decidedAt, 'tell-sent', null, null) &&
    is(told, toldAt, 'told', remote, account) &&
    is(ended, toldAt, 'ended', null, null);
  return isPlain ? [home, remote, place, journaledAt - createdAtMs, preparedAt - createdAtMs, decidedAt - createdAtMs, toldAt - createdAtMs] : null;
}

/** @throws where it is not the trace of these legs */
export function entryPartsOf(trace: PlainTrace, legs: readonly LegSpec[], createdAtMs: number): Pick<TransactionEntry, 'subTransactions' | 'timeline'> {
  if (trace.length !== 7 || !trace.every((each) => Number.isSafeInteger(each))) throw new RangeError('a plain trace is seven whole numbers');
  const [homeId, remoteId, place, journaledMs, preparedMs, decidedMs, toldMs] = trace;
  const account = legs[place]?.account;
  if (account === undefined || legs.length !== 2) throw new RangeError('a plain trace is that of two legs');
  const [home, remote] = [bucketId(homeId), bucketId(remoteId)];
  const step = (afterMs: number, name: string, bucket: TimelineStep['bucket'] = null, detail: string | null = null): TimelineStep => ({
    atMs: createdAtMs + afterMs,
    step: name,
    bucket,
    detail,
  });
  return {
    subTransactions: legs.map((leg, at): SubTransactionEntry => ({ account: leg.account, bucket: at === place ? remote : home, state: 'COMMITTED' })),
    timeline: [
      step(0, 'received'),
      step(journaledMs, 'journaled'),
      step(journaledMs, 'prepare-sent', remote, account),
      step(preparedMs, 'prepared', remote, account),
      step(preparedMs, 'decide-sent', home, 'commit'),
      step(decidedMs, 'decided', home, 'COMMITTED'),
      step(decidedMs, 'answered'),
      step(decidedMs, 'tell-sent'),
      step(toldMs, 'told', remote, account),
      step(toldMs, 'ended'),
    ],
  };
}

function isCommitted(sub: SubTransactionEntry | undefined, leg: LegSpec | undefined, bucket: number): boolean {
  return sub !== undefined && sub.state === 'COMMITTED' && sub.account === leg?.account && sub.bucket === bucket;
}

function is(step: TimelineStep | undefined, atMs: number, name: string, bucket: number | null, detail: string | null): boolean {
  return step !== undefined && step.atMs === atMs && step.step === name && step.bucket === bucket && step.detail === detail;
}

function timeOf(step: TimelineStep | undefined): number {
  return step?.atMs ?? NaN;
}
