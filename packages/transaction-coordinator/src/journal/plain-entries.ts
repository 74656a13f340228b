/** The entries of a payment on its plain way, at its beginning and its end; what `entryOf` would say of its transaction then. */
import type { HomeRecord, Placing, RemoteLeg, TransactionPlan } from '@mas/two-phase-commit';
import type { SubTransactionEntry, TimelineStep, TransactionEntry } from '../txn-coordinator-dao';

interface PlainPayment {
  readonly plan: TransactionPlan;
  readonly placing: Placing;
  readonly remote: RemoteLeg | null;
}

export function beganEntry({ plan, placing }: PlainPayment, coordinator: string): TransactionEntry {
  return {
    key: plan.key,
    txn: plan.txn,
    body: plan.body,
    coordinator,
    state: 'PENDING',
    reason: null,
    createdAtMs: plan.createdAtMs,
    endedAtMs: null,
    commitUs: null,
    subTransactions: subTransactions(plan, placing, 'PENDING'),
    timeline: [stepAt(plan.createdAtMs, 'received')],
  };
}

/** Times of the monotonic clock: noted in Redis, the home asked, decided, told. */
export function committedEntry(
  { plan, placing, remote }: PlainPayment,
  journaled: { readonly atMs: number; readonly written: boolean },
  askedMs: number,
  decidedMs: number,
  endedMs: number,
  { decision }: HomeRecord,
  coordinator: string,
): TransactionEntry {
  const wall = (nowMs: number): number => plan.createdAtMs + Math.max(0, Math.round(nowMs - plan.startedAtMs));
  const { homeBucket } = placing;
  const [noted, asked, decided, ended] = [wall(journaled.atMs), wall(askedMs), wall(decidedMs), wall(endedMs)];
  const timeline: TimelineStep[] = [stepAt(plan.createdAtMs, 'received'), stepAt(noted, journaled.written ? 'journaled' : 'redis-silent')];
  if (remote !== null)
    timeline.push(
      { atMs: noted, step: 'prepare-sent', bucket: remote.bucket, detail: remote.account },
      { atMs: asked, step: 'prepared', bucket: remote.bucket, detail: remote.account },
    );
  timeline.push(
    { atMs: asked, step: 'decide-sent', bucket: homeBucket, detail: 'commit' },
    { atMs: decided, step: 'decided', bucket: homeBucket, detail: 'COMMITTED' },
    stepAt(decided, 'answered'),
  );
  if (remote !== null) timeline.push(stepAt(decided, 'tell-sent'), { atMs: ended, step: 'told', bucket: remote.bucket, detail: remote.account });
  timeline.push(stepAt(ended, 'ended'));
  return {
    key: plan.key,
    txn: plan.txn,
    body: plan.body,
    coordinator,
    state: 'COMMITTED',
    reason: null,
    createdAtMs: plan.createdAtMs,
    endedAtMs: decision.atMs,
    commitUs: decision.kind === 'committed' ? decision.commitUs : null,
    subTransactions: subTransactions(plan, placing, 'COMMITTED'),
    timeline,
  };
}

function subTransactions({ body }: TransactionPlan, { homeBucket, legBuckets }: Placing, state: SubTransactionEntry['state']): readonly SubTransactionEntry[] {
  return body.legs.map(({ account }, place) => ({ account, bucket: legBuckets[place] ?? homeBucket, state }));
}

function stepAt(atMs: number, step: string): TimelineStep {
  return { atMs, step, bucket: null, detail: null };
}
