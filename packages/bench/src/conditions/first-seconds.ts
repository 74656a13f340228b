/** What the first callers after a start see: everything is stopped and started on its data, and paid from the moment that all say "ready". */
import { Books, type Cluster } from '@mas/e2e';
import type { MasClient } from '@mas/client';
import { countOf, latencies, PaymentFlow } from '../failover/payment-flow';
import { UNIFORM, type PaymentLoad } from '../load/payment-load';
import type { WarmUp } from '../load/warm-up';
import type { Ground } from './ground';

/** Payments at a steady pace, whatever becomes of those before. */
export interface PacedLoad {
  readonly payments: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What was not committed, by outcome and reason. */
  readonly failed: Readonly<Record<string, number>>;
}

export interface Restart {
  /** From the start of the processes until all have said "ready". */
  readonly readyMs: number;
  readonly first: PacedLoad;
  readonly warmUp: WarmUp;
  readonly warm: PacedLoad;
}

export interface FirstSecondsFigures {
  readonly perSecond: number;
  readonly restarts: readonly Restart[];
}

const PER_SECOND = 60;
const ACCOUNTS = 3_000;
const NO_BUCKETS: ReadonlySet<number> = new Set();

export async function firstSeconds(ground: Ground, times: number): Promise<FirstSecondsFigures> {
  const { cluster, progress } = ground;
  const before = ground.client();
  await ground.growTo(ACCOUNTS, before);
  const load = await ground.load(before);
  // Data; and the client's own code is compiled, for it is not what is started again.
  await ground.warmUp(before, load);
  await paced(ground, before, load, 'paying at the pace, not counted');
  before.close();
  const restarts: Restart[] = [];
  for (let at = 1; at <= times; at += 1) {
    progress.phase(`restart ${at} of ${times}`);
    ground.notePeaks();
    const readyMs = await restarted(cluster);
    const client = ground.client();
    const first = await paced(ground, client, load, `restart ${at} of ${times}: the first seconds`);
    const warmUp = await ground.warmUp(client, load);
    await ground.atRest(client);
    const warm = await paced(ground, client, load, `restart ${at} of ${times}: the same, warm`);
    client.close();
    restarts.push({ readyMs, first, warmUp, warm });
  }
  return { perSecond: PER_SECOND, restarts };
}

/** In order, as an operator does; databases go on. */
async function restarted({ tms, rms }: Cluster): Promise<number> {
  for (const kind of [tms, rms]) await Promise.all(kind.map((one) => one.stop()));
  const startedMs = performance.now();
  for (const one of [...rms, ...tms]) one.start();
  await Promise.all([...rms, ...tms].map((one) => one.ready()));
  return performance.now() - startedMs;
}

async function paced({ progress, options }: Ground, client: MasClient, load: PaymentLoad, name: string): Promise<PacedLoad> {
  progress.phase(name);
  const flow = new PaymentFlow(
    client,
    new Books(),
    () => load.next(UNIFORM),
    () => NO_BUCKETS,
    PER_SECOND,
  );
  flow.start();
  await new Promise((resolve) => setTimeout(resolve, options.durationMs));
  flow.stop();
  await flow.ended();
  const failed = flow.paid.filter(({ outcome }) => outcome !== 'committed').map(({ outcome, reason }) => `${outcome} ${reason}`);
  return { payments: flow.paid.length, ...latencies(flow.paid), failed: countOf(failed) };
}
