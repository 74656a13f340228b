/**
 * One strike: payments run, the leader of a bucket is struck, the strike lasts and is lifted; everything that was asked is asked again
 * until it has an answer, and money is counted. What was seen from outside, and what the logs say of leaders.
 */
import { waitUntil } from '@mas/test-servers';
import { MasCallFailed, type MasClient } from '@mas/client';
import type { Strike } from '@mas/e2e';
import { leadersOf } from '../measure/leaders';
import type { ElectionWatch } from './election-watch';
import { countOf, latencies, type Paid } from './payment-flow';
import type { Bank } from './bank';

export interface StrikeRun {
  readonly struck: string;
  readonly bucket: number;
  /** Until the first payment, begun after the strike, that touches the bucket has committed; null: none did while it lasted. */
  readonly firstSuccessMs: number | null;
  /** What the logs say: somebody noticed, somebody else leads. */
  readonly noticedMs: number | null;
  readonly newLeaderMs: number | null;
  /** Of payments begun while it lasted, whatever became of them. */
  readonly payments: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly committed: number;
  readonly abandoned: number;
  /** Other aborts, and calls that failed, by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** Without an answer for more than a second when the strike was lifted. */
  readonly openAtEnd: number;
  /** From then until nothing was open or in doubt. */
  readonly allEndedMs: number;
  readonly elections: number;
  readonly falseElections: number;
  readonly falseAlarms: number;
  /** What the processes said while it lasted. */
  readonly story: readonly string[];
  /** Of callers with a second's patience: what they heard, by reason. Only where the store is struck. */
  readonly heardWithinOneSecond: Readonly<Record<string, number>> | null;
  /** What the audit found; nothing when all is well. */
  readonly findings: readonly string[];
}

const WARM_WINDOW_MS = 2_000;
const WARM_SHARE = 0.8;
const WARM_TIMEOUT_MS = 240_000;
const BALANCED_TIMEOUT_MS = 60_000;
const OPEN_AFTER_MS = 1_000;
const [PROBE_EVERY_MS, PROBE_PATIENCE_MS] = [500, 1_000];

export async function runStrike(bank: Bank, watch: ElectionWatch, strike: Strike, bucket: number): Promise<StrikeRun> {
  const { cluster } = bank;
  await cluster.whole();
  await balanced(bank);
  const flow = bank.flow();
  flow.start();
  try {
    await waitUntil('payments run at full pace', () => flow.rate(WARM_WINDOW_MS) >= WARM_SHARE * bank.perSecond, {
      timeoutMs: WARM_TIMEOUT_MS,
      diagnostics: () => `${flow.rate(WARM_WINDOW_MS)} payments/s\n${cluster.diagnostics()}`,
    });
    const leader = await cluster.leaderOf(bucket, bank.observer);
    const ledBefore = await leadersOf(bank.observer);
    const [fromMs, fromWallMs] = [performance.now(), Date.now()];
    const probe = strike.needs === 'servers' ? new Probe(bank) : null;
    const lift = await strike.inject({ cluster, shim: bank.shim, leader });
    await new Promise((resolve) => setTimeout(resolve, strike.holdMs - (performance.now() - fromMs)));
    const [untilMs, untilWallMs] = [performance.now(), Date.now()];
    const heard = probe === null ? null : await probe.stop();
    const openAtEnd = flow.paid.filter(
      (one) => one.startMs >= fromMs && one.startMs < untilMs - OPEN_AFTER_MS && (one.outcome === 'waits' || one.outcome === 'failed'),
    ).length;
    flow.stop();
    await lift();
    await cluster.whole();
    await flow.ended();
    await bank.auditor.resolveOpen();
    await bank.auditor.settled();
    const allEndedMs = performance.now() - untilMs;
    const during = flow.paid.filter((one) => one.startMs >= fromMs && one.startMs < untilMs);
    const elections = watch.between(fromWallMs, untilWallMs, bucket, ledBefore, new Set(strike.strikes === 'leader' ? [leader.name] : []));
    const { findings } = await bank.auditor.audit();
    bank.books.carryForward();
    return {
      struck: leader.name,
      bucket,
      firstSuccessMs: firstSuccess(during, bucket, fromMs, untilMs),
      noticedMs: elections.noticedMs,
      newLeaderMs: elections.newLeaderMs,
      ...latencies(during),
      payments: during.length,
      committed: during.filter((one) => one.outcome === 'committed').length,
      abandoned: during.filter((one) => one.reason === 'ABANDONED').length,
      failed: countOf(during.filter((one) => one.outcome !== 'committed' && one.reason !== 'ABANDONED').map((one) => `${one.outcome} ${one.reason}`)),
      openAtEnd,
      allEndedMs,
      elections: elections.struck,
      falseElections: elections.others,
      falseAlarms: elections.falseAlarms,
      story: elections.story,
      heardWithinOneSecond: heard,
      findings: [...findings, ...cluster.failures()],
    };
  } finally {
    flow.stop();
    await flow.ended();
  }
}

function firstSuccess(during: readonly Paid[], bucket: number, fromMs: number, untilMs: number): number | null {
  const ends = during.flatMap((one) =>
    one.outcome === 'committed' && one.buckets.has(bucket) && one.endMs !== null && one.endMs < untilMs ? [one.endMs - fromMs] : [],
  );
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Each Resource Manager leads one bucket; where that does not come, the strike falls all the same. */
async function balanced(bank: Bank): Promise<void> {
  const buckets = bank.cluster.placement.map.buckets.length;
  await waitUntil(
    'every Resource Manager leads',
    async () =>
      new Set([...(await leadersOf(bank.observer))].filter(([bucket]) => bucket > 0).map(([, name]) => name)).size ===
      Math.min(buckets, bank.cluster.rms.length),
    { timeoutMs: BALANCED_TIMEOUT_MS, intervalMs: 250 },
  ).catch(() => undefined);
}

/** Callers that give up after a second: what they have heard by then. */
class Probe {
  private readonly heard: Promise<string>[] = [];
  private readonly client: MasClient;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly bank: Bank) {
    this.client = bank.cluster.client({ timeoutMs: PROBE_PATIENCE_MS });
    this.timer = setInterval(() => this.heard.push(this.ask()), PROBE_EVERY_MS);
  }

  async stop(): Promise<Readonly<Record<string, number>>> {
    clearInterval(this.timer);
    return countOf(await Promise.all(this.heard));
  }

  private async ask(): Promise<string> {
    const payment = this.bank.next();
    const entry = this.bank.books.asked(payment);
    try {
      const result = await this.client.createPayment(payment);
      if (result.kind === 'unknown') return 'unknown';
      const reason = result.kind === 'aborted' ? result.reason.name : null;
      this.bank.books.answered(entry, result.kind, reason);
      return reason ?? result.kind;
    } catch (error) {
      return error instanceof MasCallFailed ? `${error.error.kind} ${error.error.reason}` : String(error);
    }
  }
}
