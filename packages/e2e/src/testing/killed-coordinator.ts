/**
 * Transaction Managers that die at a named step of the protocol, and what becomes of the payments that they had in hand:
 * nobody asks again, no coordinator comes back, and still everything ends. A second TM only watches.
 */
import { expect } from '@jest/globals';
import type { Failpoint, PaymentResult } from '@mas/transaction-coordinator';
import { waitUntil } from '@mas/test-servers';
import type { Cluster } from '../harness/cluster';
import type { MasProcess } from '../harness/mas-process';
import { DoubtWatch } from '../fire/doubt-watch';
import { OPENING_MINOR, type Bank } from './bank';

export interface Killed {
  readonly point: Failpoint;
  /** How long each payment that was in doubt stayed so. */
  readonly resolutionsMs: readonly number[];
  /** From the death of the coordinator until no hold, pending credit or lock was left on any of the accounts. */
  readonly settledMs: number;
}

export interface Victim {
  readonly tm: MasProcess;
  readonly address: string;
}

/** The promise of 10 s is for a machine that is not busy: test:long and the simulator hold it, here it must end. */
const SETTLED_WITHIN_MS = 180_000;
/** Long enough to reach any point. */
const CALL_TIMEOUT_MS = 20_000;
const DIES_WITHIN_MS = 60_000;
/** Points that are passed only where payments take their accounts' locks themselves, or wait for one. */
const EXCLUSIVE: ReadonlySet<Failpoint> = new Set(['lock:before', 'lock:after', 'unlock:before', 'unlock:after']);
/** From here on the decision is recorded: whatever the first caller heard, the payment has committed. */
const DECIDED: ReadonlySet<Failpoint> = new Set([
  'decide:after',
  'reply:before',
  'reply:after',
  'phase-2:before',
  'phase-2:after',
  'unlock:before',
  'unlock:after',
  'end:before',
  'end:after',
]);

/** @param pairs accounts of different buckets, untouched, one payment each; the TM dies when the last of them passes the point */
export async function killAt(
  point: Failpoint,
  { tm, address }: Victim,
  cluster: Cluster,
  observer: Bank,
  pairs: readonly (readonly [string, string])[],
): Promise<Killed> {
  if (tm.running()) await tm.kill();
  tm.start({ MAS_FAILPOINT: `${point}@${pairs.length}`, ...(EXCLUSIVE.has(point) ? { MAS_ACCOUNT_LOCK: 'exclusive' } : {}) });
  await tm.ready();
  const doubts = new DoubtWatch(observer.client);
  doubts.start();
  const client = cluster.client({ addresses: [address], timeoutMs: CALL_TIMEOUT_MS });
  const ids = pairs.map(([from]) => observer.mint(from));
  const calls = pairs.map(([from, to], at) => observer.pay(from, to, 100n, { id: ids[at] ?? '' }, client).catch(() => null));
  await waitUntil(`${tm.name} dies at ${point}`, () => !tm.running(), { timeoutMs: DIES_WITHIN_MS, diagnostics: () => tm.logTail() });
  const diedAtMs = performance.now();
  expect(tm.exitStatus()).toEqual({ code: null, signal: 'SIGKILL' });
  const accounts = pairs.flat();
  await observer.settled(accounts, SETTLED_WITHIN_MS);
  const settledMs = performance.now() - diedAtMs;
  await doubts.stop();
  const heard = await Promise.all(calls);
  for (const [at, pair] of pairs.entries()) await expectOneEnd(observer, point, pair, ids[at] ?? '', heard[at] ?? null);
  return { point, settledMs, resolutionsMs: doubts.resolutionsMs(diedAtMs, diedAtMs, false) };
}

/** The same id asked again through the living: one answer, the one that was heard if any, and balances that fit it. */
async function expectOneEnd(observer: Bank, point: Failpoint, [from, to]: readonly [string, string], id: string, heard: PaymentResult | null): Promise<void> {
  const answer = await observer.pay(from, to, 100n, { id });
  if (heard !== null && heard.kind !== 'unknown') expect(answer).toEqual(heard);
  if (DECIDED.has(point)) expect(answer.kind).toBe('committed');
  expect(answer.kind === 'aborted' ? answer.reason.name : answer.kind).toMatch(/^(committed|ABANDONED)$/);
  const moved = answer.kind === 'committed' ? 100n : 0n;
  await observer.settled([from, to]);
  expect(await observer.balances([from, to])).toEqual([OPENING_MINOR - moved, OPENING_MINOR + moved]);
  expect((await observer.client.getPayment({ id })).state).toBe(answer.kind === 'committed' ? 'COMMITTED' : 'ABORTED');
}
