/** Every bound of the client-facing listener, with its default. Checked at start-up, all wrong ones at once. */
import { err, ok, type Result } from '@mas/values';
import { PUBLIC_DOOR, type DoorLimits } from '../door/door-limits';

export interface EdgeLimits extends DoorLimits {
  /** A caller's deadline beyond this is shortened to it. */
  readonly maxDeadlineMs: number;
  readonly maxPaymentsPerBatch: number;
  /** Batches of one StreamPayments call that are worked on or not yet written at the same time. */
  readonly maxBatchesPerStream: number;
  /** Requests (payments count singly) per second and subject, and how many may come at once. */
  readonly ratePerSecond: number;
  readonly rateBurst: number;
  /** Subjects whose rate is remembered; beyond it the longest silent is forgotten. */
  readonly maxRatedSubjects: number;
  /** Lifetime of the token that CreateAccount answers. */
  readonly accountTokenSeconds: number;
}

export const DEFAULT_EDGE_LIMITS: EdgeLimits = {
  ...PUBLIC_DOOR,
  maxDeadlineMs: 60_000,
  maxPaymentsPerBatch: 2_000,
  maxBatchesPerStream: 16,
  ratePerSecond: 100_000,
  rateBurst: 200_000,
  maxRatedSubjects: 100_000,
  accountTokenSeconds: 365 * 24 * 3600,
};

const MIB = 1024 * 1024;
const RANGES: Readonly<Record<keyof EdgeLimits, readonly [min: number, max: number]>> = {
  maxConnections: [1, 100_000],
  maxConnectionsPerAddress: [1, 100_000],
  handshakeTimeoutMs: [100, 600_000],
  strangerTimeoutMs: [100, 3_600_000],
  maxConnectionAgeMs: [1_000, 7 * 86_400_000],
  maxConnectionAgeGraceMs: [1_000, 86_400_000],
  keepaliveTimeMs: [1_000, 3_600_000],
  keepaliveTimeoutMs: [100, 600_000],
  maxCallsPerConnection: [1, 100_000],
  maxCalls: [1, 1_000_000],
  maxCallsPerCaller: [1, 1_000_000],
  maxMessageBytes: [1024, 64 * MIB],
  windowBytes: [65_535, 64 * MIB],
  memoryPerConnectionBytes: [MIB, 4096 * MIB],
  memoryBytes: [MIB, 65_536 * MIB],
  messageTimeoutMs: [100, 600_000],
  unreadAnswerMs: [100, 600_000],
  idleStreamMs: [100, 86_400_000],
  maxDeadlineMs: [100, 600_000],
  maxPaymentsPerBatch: [1, 10_000],
  maxBatchesPerStream: [1, 1_000],
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
  if (limits.memoryPerConnectionBytes < 2 * limits.maxMessageBytes)
    problems.push('memoryPerConnectionBytes must not be below twice maxMessageBytes, or no large message could be answered');
  if (limits.memoryBytes < limits.memoryPerConnectionBytes) problems.push('memoryBytes must not be below memoryPerConnectionBytes');
  return problems.length === 0 ? ok(limits) : err(problems);
}
