/** Every bound of a Resource Manager, by name, and the relations between them that start-up asserts. */
import { MAX_INSTRUCTIONS_PER_ENTRY, type Policy } from '@mas/ledger';
import { err, MAX_AMOUNT_MINOR, ok, type Result } from '@mas/values';

export interface ResourceManagerConfig {
  /** Set at a bucket's first start; a rising version changes it later. */
  readonly policy: Policy;

  /** Instructions of one entry. */
  readonly maxBatchInstructions: number;
  /** Bytes of one entry; a batch ends where the next instruction would pass it. */
  readonly maxBatchBytes: number;
  /** Instructions of one bucket that wait to be proposed; more are answered unavailable. */
  readonly maxQueuedInstructions: number;
  /** Times that a WAIT is looked into before its answer is final. */
  readonly maxWaitRounds: number;

  /** Rows of each kind kept in memory per bucket beyond those pinned or dirty. */
  readonly cachedAccounts: number;
  /** A leg or an outcome that has ended and is in SQL is asked for again seldom; what lives long makes collecting garbage dear (docs/performance.md). */
  readonly cachedLegs: number;
  readonly cachedOutcomes: number;
  /** Identities that a bucket's filter remembers one by one, 6 to 12 bytes each; see id-filter.ts. */
  readonly filteredIdentities: number;

  /** A checkpoint starts this long after the first change, so that rows that change again are written once. */
  readonly checkpointDelayMs: number;
  /** … or at once when so many rows wait. */
  readonly checkpointRows: number;
  /** Rows that may wait for SQL: from here on a leader takes no more instructions. */
  readonly backlogRows: number;
  /** … and from here on applying waits. Leaves room for the batch in flight. */
  readonly backlogCapRows: number;
  /** A store that fails and has not answered for so long is away: nobody waits for it. */
  readonly storeAwayMs: number;
  /** It is asked so often whether it is there. */
  readonly storeProbeMs: number;
  readonly storeRetryMs: number;
  readonly storeRetryMaxMs: number;
  /** How long an instruction or read waits for its rows. */
  readonly loadTimeoutMs: number;

  readonly readTimeoutMs: number;
  /** One exchange with another Resource Manager. */
  readonly exchangeTimeoutMs: number;
  /** Requests that this process passes on to other leaders at a time; more are refused. */
  readonly maxRelayed: number;

  /** How often the drivers look round. */
  readonly driverTickMs: number;
  /** The coordinator tells the legs first; the home's leader tells those that are left after so long. */
  readonly deliverAfterMs: number;
  /** A leg prepared for longer asks its home. */
  readonly resolveAfterMs: number;
  readonly driverRetryMs: number;
  readonly driverRetryMaxMs: number;
  /** Instructions in one request of a driver. */
  readonly maxDriverItems: number;
  /** An expired lock's row is cleared so long after its end. */
  readonly lockLingerMs: number;

  /** Rows of slots that move are copied at this pace while the slots have an owner. */
  readonly moveRowsPerSecond: number;
  /** Of one part of them, in the log of the bucket that takes them; a row that is larger goes alone. */
  readonly movePartBytes: number;
  /** So few rows that have changed may be left for behind the release; after some rounds as many as one part takes. */
  readonly moveFewRows: number;
  /** Slots that are released have no owner for so long; then the move is called off. */
  readonly moveBlockedMs: number;
  /** Accounts of the slots that go together; with more they do not go. */
  readonly maxMovedAccounts: number;
  /** Changes of rows while they are copied that are remembered; beyond them the copy is begun anew. */
  readonly maxNotedRows: number;

  /** A node that has been silent for so long is replaced on others, where there are any. */
  readonly replaceAfterMs: number;

  /** Rows of a reply that lists. */
  readonly maxListed: number;
  /** A final checkpoint at stop gives up after so long; the log has what it did not write. */
  readonly stopTimeoutMs: number;
}

export type ResourceManagerConfigInput = Partial<ResourceManagerConfig>;

export interface ConfigError {
  readonly field: string;
  readonly message: string;
}

const DEFAULTS: ResourceManagerConfig = {
  policy: { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: MAX_AMOUNT_MINOR },
  maxBatchInstructions: 2_000,
  maxBatchBytes: 2 * 1024 * 1024,
  maxQueuedInstructions: 20_000,
  maxWaitRounds: 3,
  cachedAccounts: 100_000,
  cachedLegs: 2_000,
  cachedOutcomes: 2_000,
  filteredIdentities: 32_000_000,
  checkpointDelayMs: 4_000,
  checkpointRows: 40_000,
  backlogRows: 200_000,
  backlogCapRows: 260_000,
  storeAwayMs: 500,
  storeProbeMs: 250,
  storeRetryMs: 50,
  storeRetryMaxMs: 1_000,
  loadTimeoutMs: 500,
  readTimeoutMs: 2_000,
  exchangeTimeoutMs: 1_000,
  maxRelayed: 512,
  driverTickMs: 250,
  deliverAfterMs: 1_000,
  resolveAfterMs: 3_000,
  driverRetryMs: 250,
  driverRetryMaxMs: 2_000,
  maxDriverItems: 500,
  lockLingerMs: 30_000,
  moveRowsPerSecond: 4_000,
  movePartBytes: 256 * 1_024,
  moveFewRows: 128,
  moveBlockedMs: 2_000,
  maxMovedAccounts: 250_000,
  maxNotedRows: 200_000,
  replaceAfterMs: 600_000,
  maxListed: 1_000,
  stopTimeoutMs: 5_000,
};

/** Fills in the defaults and checks everything: one error per wrong field. */
export function resourceManagerConfig(input: ResourceManagerConfigInput): Result<ResourceManagerConfig, readonly ConfigError[]> {
  const config = { ...DEFAULTS, ...input };
  const errors: ConfigError[] = [];
  for (const [field, value] of Object.entries(config)) {
    if (field !== 'policy' && !(typeof value === 'number' && Number.isSafeInteger(value) && value > 0)) {
      errors.push({ field, message: `must be a positive whole number, is ${String(value)}` });
    }
  }
  const relation = (field: keyof ResourceManagerConfig, holds: boolean, message: string): void => {
    if (!holds) errors.push({ field, message });
  };
  relation(
    'maxBatchInstructions',
    config.maxBatchInstructions <= MAX_INSTRUCTIONS_PER_ENTRY,
    `at most ${MAX_INSTRUCTIONS_PER_ENTRY}: a leg's sequence has no room for more`,
  );
  relation('maxQueuedInstructions', config.maxQueuedInstructions >= config.maxBatchInstructions, 'at least one full batch must fit into the queue');
  relation('backlogRows', config.backlogRows > config.checkpointRows, 'must exceed checkpointRows, else a checkpoint never starts before the leader refuses');
  relation(
    'backlogCapRows',
    config.backlogCapRows >= config.backlogRows + ROWS_PER_INSTRUCTION * config.maxBatchInstructions,
    'must leave room above backlogRows for one full batch: an entry that the leader proposed must be applied without waiting',
  );
  relation('storeRetryMaxMs', config.storeRetryMaxMs >= config.storeRetryMs, 'must not be below storeRetryMs');
  relation('driverRetryMaxMs', config.driverRetryMaxMs >= config.driverRetryMs, 'must not be below driverRetryMs');
  relation('resolveAfterMs', config.resolveAfterMs > config.deliverAfterMs, "must exceed deliverAfterMs: the home's leader tells before a leg has to ask");
  relation('maxDriverItems', config.maxDriverItems <= config.maxBatchInstructions, 'a request of a driver must fit into one batch');
  return errors.length === 0 ? ok(config) : err(errors);
}

/** A two-leg decision writes two accounts, two legs and an outcome; more legs are rarer than what this leaves. */
const ROWS_PER_INSTRUCTION = 5;
