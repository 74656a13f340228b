/**
 * Every bound of the coordinator, with its default, and the relations between them that must hold. A wrong setting
 * is reported by name at start-up; all wrong ones at once.
 */
import { DEFAULT_LOCK_PROPERTIES } from '@mas/global-lock';
import { err, ok, type Result } from '@mas/values';

export interface CoordinatorConfig {
  /** Unique among the cluster's coordinators and kept over restarts: whose PENDING entries are whose. */
  readonly coordinatorId: string;
  /** `exclusive`: the seed's flow, one writer per account, through the lock service. */
  readonly accountLock: 'shared' | 'exclusive';
  readonly lockAttempts: number;
  readonly lockAttemptDelayMs: number;
  readonly lockTimeoutMs: number;
  /** LOCKED after the wait for locks is retried for so long, then the payment aborts. */
  readonly lockedRetryMs: number;
  /** Redis silent for so long, in which this process has listened: go on without it. */
  readonly redisSilenceMs: number;
  /** One exchange with a Resource Manager; then the answer counts as unknown and another replica is asked. */
  readonly requestTimeoutMs: number;
  /** Without an answer for so long phase 1 of a leg has failed. */
  readonly prepareTimeoutMs: number;
  /** How long the home is asked for its decision, also past the caller's deadline. */
  readonly decideTimeoutMs: number;
  /** How long a leg is told; afterwards it is the home leader's alone. */
  readonly tellTimeoutMs: number;
  /** Kept of the caller's deadline for recording an abort at home and answering. */
  readonly deadlineReserveMs: number;
  readonly retryBackoffMinMs: number;
  readonly retryBackoffMaxMs: number;
  /** Requests in flight per bucket. */
  readonly requestsInFlight: number;
  /** A request that has no answer after so long no longer keeps the next from leaving. */
  readonly slowRequestMs: number;
  /** What nobody waits for (legs to be told, acknowledgements, what Redis shows of the end) waits so long for company where nothing else is said. */
  readonly idleGatherMs: number;
  /** Instructions in one request. */
  readonly batchCap: number;
  /** Payments that go together where they touch the same buckets; 0: each goes alone. */
  readonly maxFlightPayments: number;
  readonly maxPaymentsInFlight: number;
  /** Transactions that have not ended, answered or not: legs that have yet to be told, homes that have yet to answer. */
  readonly maxPaymentsRunning: number;
  /** Accounts that are being read, by all reads together; the reading of one payment counts as one. */
  readonly maxAccountsInReads: number;
  /** Pages of lists under way: each holds up to 500 rows. */
  readonly maxListsInFlight: number;
  /** Creations and changes of accounts under way. */
  readonly maxAccountOperationsInFlight: number;
  /** Audits under way: each has every replica read all its rows. */
  readonly maxAuditsInFlight: number;
  /** Status, lists of what is undecided, resolutions and replacements under way. */
  readonly maxOperationsInFlight: number;
  /**
   * Instructions that somebody waits for, per bucket. Nothing new begins on a bucket of which half of it is taken: the other half is
   * for the steps of what has begun.
   */
  readonly maxUrgentQueued: number;
  /** Questions to homes waiting per bucket. */
  readonly maxQueriesQueued: number;
  /** Payments whose callers heard UNKNOWN, kept to be finished; what does not fit is left to the journal's sweeps. */
  readonly maxUnfinished: number;
  /** Phase 2 instructions waiting per bucket; what does not fit is left to the home's leader. */
  readonly maxPhase2Queued: number;
  /** Terminal entries waiting for Redis; what does not fit is dropped, because Redis is an index. */
  readonly maxRecordsQueued: number;
  /** A foreign coordinator's PENDING entry of this age is taken for orphaned; above every deadline. */
  readonly orphanAgeMs: number;
  readonly recoveryIntervalMs: number;
  readonly recoveryBatch: number;
}

/** One read may ask for so many accounts. */
export const MAX_ACCOUNTS_PER_READ = 1_000;
/** Homes that one look at what is undecided asks at once. */
export const HOMES_ASKED_FOR_DOUBTS = 3_000;

const DEFAULTS: Omit<CoordinatorConfig, 'coordinatorId'> = {
  accountLock: 'shared',
  lockAttempts: DEFAULT_LOCK_PROPERTIES.lockAttempts,
  lockAttemptDelayMs: DEFAULT_LOCK_PROPERTIES.lockAttemptDelayMs,
  lockTimeoutMs: DEFAULT_LOCK_PROPERTIES.lockTimeoutMs,
  lockedRetryMs: 2_000,
  redisSilenceMs: 20,
  requestTimeoutMs: 2_000,
  prepareTimeoutMs: 8_000,
  decideTimeoutMs: 10_000,
  tellTimeoutMs: 10_000,
  deadlineReserveMs: 400,
  retryBackoffMinMs: 10,
  retryBackoffMaxMs: 200,
  requestsInFlight: 1,
  slowRequestMs: 100,
  idleGatherMs: 10,
  batchCap: 2_000,
  maxFlightPayments: 500,
  maxPaymentsInFlight: 20_000,
  maxPaymentsRunning: 50_000,
  maxAccountsInReads: 100_000,
  maxListsInFlight: 500,
  maxAccountOperationsInFlight: 5_000,
  maxAuditsInFlight: 2,
  maxOperationsInFlight: 16,
  maxUrgentQueued: 100_000,
  maxQueriesQueued: 100_000,
  maxUnfinished: 20_000,
  maxPhase2Queued: 100_000,
  maxRecordsQueued: 50_000,
  orphanAgeMs: 120_000,
  recoveryIntervalMs: 15_000,
  recoveryBatch: 1_000,
};

export interface ConfigProblem {
  readonly setting: keyof CoordinatorConfig;
  readonly message: string;
}

type NumericSetting = { [Setting in keyof CoordinatorConfig]: CoordinatorConfig[Setting] extends number ? Setting : never }[keyof CoordinatorConfig];

/** Inclusive ranges. */
const RANGES: Readonly<Record<NumericSetting, readonly [number, number]>> = {
  lockAttempts: [1, 1_000],
  lockAttemptDelayMs: [1, 60_000],
  lockTimeoutMs: [100, 3_600_000],
  lockedRetryMs: [0, 60_000],
  redisSilenceMs: [1, 5_000],
  requestTimeoutMs: [10, 60_000],
  prepareTimeoutMs: [10, 120_000],
  decideTimeoutMs: [10, 300_000],
  tellTimeoutMs: [10, 300_000],
  deadlineReserveMs: [0, 10_000],
  retryBackoffMinMs: [1, 10_000],
  retryBackoffMaxMs: [1, 60_000],
  requestsInFlight: [1, 64],
  slowRequestMs: [1, 60_000],
  idleGatherMs: [0, 500],
  batchCap: [1, 2_000],
  maxFlightPayments: [0, 2_000],
  maxPaymentsInFlight: [1, 1_000_000],
  maxPaymentsRunning: [1, 1_000_000],
  maxAccountsInReads: [1, 10_000_000],
  maxListsInFlight: [1, 100_000],
  maxAccountOperationsInFlight: [1, 1_000_000],
  maxAuditsInFlight: [1, 100],
  maxOperationsInFlight: [1, 10_000],
  maxUrgentQueued: [2, 10_000_000],
  maxQueriesQueued: [1, 10_000_000],
  maxUnfinished: [1, 1_000_000],
  maxPhase2Queued: [1, 10_000_000],
  maxRecordsQueued: [1, 10_000_000],
  orphanAgeMs: [1_000, 86_400_000],
  recoveryIntervalMs: [100, 3_600_000],
  recoveryBatch: [1, 100_000],
};

/** Completes `overrides` with defaults; answers every problem, not only the first. */
export function coordinatorConfig(
  overrides: Partial<CoordinatorConfig> & Pick<CoordinatorConfig, 'coordinatorId'>,
): Result<CoordinatorConfig, readonly ConfigProblem[]> {
  const config: CoordinatorConfig = { ...DEFAULTS, ...overrides };
  const problems = configProblems(config);
  return problems.length === 0 ? ok(config) : err(problems);
}

export function configProblems(config: CoordinatorConfig): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const complain = (setting: keyof CoordinatorConfig, message: string): void => {
    problems.push({ setting, message: `${setting} ${message}` });
  };
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(config.coordinatorId)) complain('coordinatorId', 'must be 1 to 64 letters, digits, dots, dashes or underscores');
  if (config.accountLock !== 'shared' && config.accountLock !== 'exclusive') complain('accountLock', 'must be shared or exclusive');
  for (const [name, [min, max]] of Object.entries(RANGES) as [NumericSetting, readonly [number, number]][]) {
    const value = config[name];
    if (!Number.isSafeInteger(value) || value < min || value > max) complain(name, `must be a whole number from ${min} to ${max}, not ${String(value)}`);
  }
  if (config.retryBackoffMaxMs < config.retryBackoffMinMs) complain('retryBackoffMaxMs', 'must not be below retryBackoffMinMs');
  if (config.prepareTimeoutMs < config.requestTimeoutMs) complain('prepareTimeoutMs', 'must leave room for one request (requestTimeoutMs)');
  if (config.decideTimeoutMs < config.requestTimeoutMs) complain('decideTimeoutMs', 'must leave room for one request (requestTimeoutMs)');
  if (config.orphanAgeMs <= config.prepareTimeoutMs + config.decideTimeoutMs)
    complain('orphanAgeMs', 'must exceed prepareTimeoutMs + decideTimeoutMs, or living payments would be resolved');
  if (config.maxPaymentsRunning < config.maxPaymentsInFlight)
    complain('maxPaymentsRunning', 'must not be below maxPaymentsInFlight: what is not answered has not ended');
  if (config.maxUrgentQueued < 2 * config.maxPaymentsRunning)
    complain('maxUrgentQueued', 'must not be below twice maxPaymentsRunning, or the decision of a payment that has begun might find no place');
  if (config.maxAccountsInReads < MAX_ACCOUNTS_PER_READ)
    complain('maxAccountsInReads', `must not be below ${MAX_ACCOUNTS_PER_READ}, or the largest read could never begin`);
  if (config.maxQueriesQueued < config.maxOperationsInFlight * HOMES_ASKED_FOR_DOUBTS) {
    complain('maxQueriesQueued', `must not be below maxOperationsInFlight * ${HOMES_ASKED_FOR_DOUBTS}, which may all ask one bucket`);
  }
  return problems;
}
