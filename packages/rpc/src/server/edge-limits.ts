/** Every bound of the client-facing listener, with its default. Checked at start-up, all wrong ones at once. */
import { err, ok, type Result } from '@mas/values';

export interface EdgeLimits {
  readonly maxMessageBytes: number;
  /** A caller's deadline beyond this is shortened to it. */
  readonly maxDeadlineMs: number;
  /** The same for an audit, which reads the whole ledger. */
  readonly maxAuditDeadlineMs: number;
  readonly maxPaymentsPerBatch: number;
  /** Batches of one StreamPayments call that are worked on or not yet written at the same time. */
  readonly maxBatchesPerStream: number;
  readonly maxConcurrentStreams: number;
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionAgeGraceMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Requests (payments count singly) per second and subject, and how many may come at once. */
  readonly ratePerSecond: number;
  readonly rateBurst: number;
  /** Subjects whose rate is remembered; beyond it the longest silent is forgotten. */
  readonly maxRatedSubjects: number;
  /** Lifetime of the token that CreateAccount answers. */
  readonly accountTokenSeconds: number;
}

export const DEFAULT_EDGE_LIMITS: EdgeLimits = {
  maxMessageBytes: 4 * 1024 * 1024,
  maxDeadlineMs: 60_000,
  maxAuditDeadlineMs: 900_000,
  maxPaymentsPerBatch: 2_000,
  maxBatchesPerStream: 16,
  maxConcurrentStreams: 1_000,
  maxConnectionAgeMs: 3_600_000,
  maxConnectionAgeGraceMs: 60_000,
  keepaliveTimeMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  ratePerSecond: 100_000,
  rateBurst: 200_000,
  maxRatedSubjects: 100_000,
  accountTokenSeconds: 365 * 24 * 3600,
};

const RANGES: Readonly<Record<keyof EdgeLimits, readonly [min: number, max: number]>> = {
  maxMessageBytes: [1024, 64 * 1024 * 1024],
  maxDeadlineMs: [100, 600_000],
  maxAuditDeadlineMs: [100, 86_400_000],
  maxPaymentsPerBatch: [1, 10_000],
  maxBatchesPerStream: [1, 1_000],
  maxConcurrentStreams: [1, 100_000],
  maxConnectionAgeMs: [1_000, 7 * 86_400_000],
  maxConnectionAgeGraceMs: [1_000, 86_400_000],
  keepaliveTimeMs: [1_000, 3_600_000],
  keepaliveTimeoutMs: [100, 600_000],
  ratePerSecond: [1, 10_000_000],
  rateBurst: [1, 10_000_000],
  maxRatedSubjects: [1, 10_000_000],
  accountTokenSeconds: [60, 100 * 365 * 86_400],
};

/** Completes `overrides` with defaults. */
export function edgeLimits(overrides: Partial<EdgeLimits> = {}): Result<EdgeLimits, readonly string[]> {
  const limits = { ...DEFAULT_EDGE_LIMITS, ...overrides };
  const problems = (Object.entries(RANGES) as [keyof EdgeLimits, readonly [number, number]][])
    .filter(([name, [min, max]]) => !Number.isSafeInteger(limits[name]) || limits[name] < min || limits[name] > max)
    .map(([name, [min, max]]) => `${name} must be a whole number from ${min} to ${max}, not ${String(limits[name])}`);
  if (limits.rateBurst < limits.maxPaymentsPerBatch) problems.push('rateBurst must not be below maxPaymentsPerBatch, or no full batch could ever pass');
  return problems.length === 0 ? ok(limits) : err(problems);
}
