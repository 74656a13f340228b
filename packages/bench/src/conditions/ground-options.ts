/** What the benchmarks on a `Ground` are asked for alike. */
import type { GroundOptions } from './ground';

const STEADY = 'steady';
const MAX_SECONDS = 600;
const MAX_WARM_UP_PAYMENTS = 10_000_000;

export const GROUND_ARGUMENTS = {
  mysql: { type: 'boolean', default: false },
  redis: { type: 'boolean', default: false },
  seconds: { type: 'string', default: '10' },
  seed: { type: 'string', default: '1' },
  'warm-up': { type: 'string', default: STEADY },
  only: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export interface GroundValues {
  readonly mysql: boolean;
  readonly redis: boolean;
  readonly seconds: string;
  readonly seed: string;
  readonly 'warm-up': string;
  readonly only?: string;
}

export function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** @param names of the parts, of which --only leaves those that match @throws TypeError with `usage` */
export function groundOf(values: GroundValues, names: readonly string[], usage: string): { readonly ground: GroundOptions; readonly only: RegExp | null } {
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  const warmUpPayments = values['warm-up'] === STEADY ? null : Number(values['warm-up']);
  const isRight =
    seconds > 0 && seconds <= MAX_SECONDS && Number.isSafeInteger(seed) && (warmUpPayments === null || isWithin(warmUpPayments, 0, MAX_WARM_UP_PAYMENTS));
  if (!isRight) throw new TypeError(usage);
  if (values.mysql !== values.redis) throw new TypeError('give --mysql and --redis together, or neither for the embedded stores');
  const only = values.only === undefined ? null : new RegExp(values.only);
  if (only !== null && !names.some((name) => only.test(name))) throw new TypeError(usage);
  return { ground: { storage: values.mysql ? 'servers' : 'embedded', seed, durationMs: seconds * 1000, warmUpPayments }, only };
}
