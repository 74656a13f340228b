/** One form of load on a cluster for a counted time: rate, latency, outcomes, and what each process used for it. */
import { encodePayment, type MasClient, type PaymentInput } from '@mas/client';
import { UsageMeter, type ProcessUsage } from '../measure/process-usage';
import type { Progress } from '../progress';
import { closedLoop, type LoadResult } from './closed-loop';
import type { Mix, PaymentSource } from './payment-load';

export interface PaymentScenario {
  readonly name: string;
  /** `shared`: each caller asks for one payment at a time, and the client makes batches of them by itself. */
  readonly form: 'unary' | 'batch' | 'shared';
  readonly callers: number;
  readonly mix: Mix;
}

export interface ScenarioOptions {
  readonly durationMs: number;
  /** Not counted; default a tenth of the duration. */
  readonly warmUpMs?: number;
  readonly pids: ReadonlyMap<string, number>;
}

export interface ScenarioResult extends LoadResult {
  readonly name: string;
  /** Of all payments, the warm-up's included. */
  readonly aborted: number;
  readonly unknown: number;
  /** Within the counted time. */
  readonly usage: Readonly<Record<string, ProcessUsage>>;
}

export const BATCH_SIZE = 200;

export async function runScenario(
  client: MasClient,
  load: PaymentSource,
  scenario: PaymentScenario,
  options: ScenarioOptions,
  progress: Progress,
): Promise<ScenarioResult> {
  progress.phase(scenario.name);
  const counts = { aborted: 0, unknown: 0 };
  const count = (kind: string): void => {
    if (kind === 'aborted') counts.aborted += 1;
    else if (kind !== 'committed') counts.unknown += 1;
  };
  const unary = async (): Promise<void> => count((await client.createPayment(load.next(scenario.mix))).kind);
  const batch = async (): Promise<void> => {
    const payments: PaymentInput[] = Array.from({ length: BATCH_SIZE }, () => load.next(scenario.mix));
    for (const reply of await client.createPayments(payments)) count(reply.ok ? reply.value.kind : 'error');
  };
  const shared = async (): Promise<void> => count((await client.payments.pay(encodePayment(load.next(scenario.mix)))).kind);
  const { durationMs, warmUpMs, pids } = options;
  let meter = new UsageMeter(pids);
  let usage: ScenarioResult['usage'] = {};
  const result = await closedLoop({
    callers: scenario.callers,
    durationMs,
    ...(warmUpMs === undefined ? {} : { warmUpMs }),
    unitsPerCall: scenario.form === 'batch' ? BATCH_SIZE : 1,
    call: { unary, batch, shared }[scenario.form],
    onCounting: () => {
      meter = new UsageMeter(pids);
    },
    onCounted: () => {
      usage = meter.since();
    },
    onProgress: (fraction) => progress.advance(fraction),
  });
  return { name: scenario.name, ...result, ...counts, usage };
}

/** Of all processes together. */
export function cpuMicrosOf({ units, usage }: Pick<ScenarioResult, 'units' | 'usage'>): number {
  return (Object.values(usage).reduce((sum, one) => sum + one.cpuSeconds, 0) * 1e6) / Math.max(1, units);
}
