/**
 * The host's parameters, their defaults and their complete validation: one error per field, all at once. Every queue
 * of the host has its bound here. Units are the last word of a name; without one it is a count.
 */
export interface MultiRaftConfig {
  /** Length of a Raft tick. */
  readonly tickMs: number;
  /** A follower campaigns after electionTicks … 2·electionTicks−1 ticks of silence; a peer process silent that long counts as gone. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;

  /** Entries of one append message; a single larger entry still travels. */
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  /** Payload bytes of one group's proposals that are in the log and not yet applied here. */
  readonly maxUncommittedBytes: number;
  /** Entries of one group handed out for applying and not yet applied. */
  readonly maxApplyingBytes: number;
  readonly maxEntriesPerApply: number;

  /** Groups that one turn of the event loop serves before it gives way to I/O. */
  readonly maxGroupsPerTurn: number;
  /** Peer messages of one group that one turn steps, and proposals that it takes into the log. */
  readonly maxMessagesPerTurn: number;
  readonly maxProposalsPerTurn: number;
  /** Queues of one group. Proposals beyond theirs are refused as overloaded, reads are unavailable, peer messages are dropped. */
  readonly maxQueuedMessages: number;
  readonly maxQueuedProposals: number;
  readonly maxQueuedProposalBytes: number;
  readonly maxQueuedReads: number;
  /** One write to a peer is cut above this many payload bytes or this many items. */
  readonly maxBatchBytes: number;
  readonly maxBatchItems: number;
  /** A follower that is this many committed or uncommitted entries ahead of its applied state refuses appends. */
  readonly maxUnappliedEntries: number;

  /** A group is quiet after that many ticks with nothing to do; 0: never. */
  readonly quiesceAfterTicks: number;
  /** A read round that got no answer for so long is asked again. */
  readonly readRetryTicks: number;

  /** Every so many ticks: compaction, checkpoints, health of quiet groups. */
  readonly maintenanceTicks: number;
  /** Entries kept behind the durable applied index, for followers that lag a little. */
  readonly retainedEntries: number;
  /** Compaction moves by at least so many entries at a time. */
  readonly compactionStepEntries: number;
  /** A reachable follower holds compaction back up to so much log; beyond it, it gets a snapshot. */
  readonly maxFollowerLagBytes: number;
  /** More log than this above the durable applied index asks the applier for a checkpoint. */
  readonly maxUncheckpointedBytes: number;

  /** Snapshots being sent at once by this process; one per peer at most. */
  readonly maxSnapshotSends: number;
  /** Snapshots being installed at once by this process. */
  readonly maxSnapshotInstalls: number;
  readonly snapshotRetryMs: number;

  /** Every so many ticks leaders look whether a preferred peer should lead; 0: never. */
  readonly balanceTicks: number;
  /** A leader keeps a group at least so long before it gives it to a preferred peer; doubled whenever that did not last. */
  readonly balanceHoldTicks: number;
  readonly maxTransfersPerRound: number;

  /** A learner is promoted once it is at most so many entries behind. */
  readonly promotionLagEntries: number;
  /** A replica that has got no further for so long, neither its log nor a snapshot, is not promoted; the change is refused. */
  readonly catchUpTimeoutMs: number;
  /** How long stop() waits for other processes to take over leaderships, and then for work in flight. */
  readonly stopHandOverMs: number;
  readonly stopFlushMs: number;
}

export interface MultiRaftConfigError {
  readonly field: keyof MultiRaftConfig;
  readonly problem: string;
}

const MIB = 1024 * 1024;

const DEFAULTS: MultiRaftConfig = {
  tickMs: 100,
  electionTicks: 10,
  heartbeatTicks: 2,
  preVote: true,
  checkQuorum: true,
  maxMessageBytes: MIB,
  maxInflightMessages: 128,
  maxInflightBytes: 16 * MIB,
  maxUncommittedBytes: 64 * MIB,
  maxApplyingBytes: 8 * MIB,
  maxEntriesPerApply: 8192,
  maxGroupsPerTurn: 256,
  maxMessagesPerTurn: 256,
  maxProposalsPerTurn: 4096,
  maxQueuedMessages: 4096,
  maxQueuedProposals: 32_768,
  maxQueuedProposalBytes: 64 * MIB,
  maxQueuedReads: 65_536,
  maxBatchBytes: 4 * MIB,
  maxBatchItems: 4096,
  maxUnappliedEntries: 200_000,
  quiesceAfterTicks: 10,
  readRetryTicks: 5,
  maintenanceTicks: 10,
  retainedEntries: 4096,
  compactionStepEntries: 1024,
  maxFollowerLagBytes: 64 * MIB,
  maxUncheckpointedBytes: 64 * MIB,
  maxSnapshotSends: 2,
  maxSnapshotInstalls: 2,
  snapshotRetryMs: 1000,
  balanceTicks: 20,
  balanceHoldTicks: 30,
  maxTransfersPerRound: 8,
  promotionLagEntries: 256,
  catchUpTimeoutMs: 120_000,
  stopHandOverMs: 2000,
  stopFlushMs: 2000,
};

/** The defaults with what is given in their place; validateMultiRaftConfig says whether the result can be used. */
export function multiRaftConfig(input: Partial<MultiRaftConfig> = {}): MultiRaftConfig {
  return { ...DEFAULTS, ...input };
}

/** @returns every problem found, in the order of the fields; empty when the configuration can be used. */
export function validateMultiRaftConfig(config: MultiRaftConfig): readonly MultiRaftConfigError[] {
  const errors: MultiRaftConfigError[] = [];
  for (const field of Object.keys(DEFAULTS) as (keyof MultiRaftConfig)[]) {
    const problem = typeProblem(field, config[field]) ?? relationProblem(field, config);
    if (problem !== undefined) errors.push({ field, problem });
  }
  return errors;
}

/** Thrown by the host's constructor, with every field that is wrong. */
export class InvalidMultiRaftConfig extends Error {
  readonly kind = 'invalid-multi-raft-config';

  constructor(readonly errors: readonly MultiRaftConfigError[]) {
    super(`the multi-Raft configuration cannot be used: ${errors.map((error) => `${error.field} ${error.problem}`).join('; ')}`);
    this.name = 'InvalidMultiRaftConfig';
  }
}

/** Fields where 0 means "never" or "nothing". */
const ZERO_ALLOWED: ReadonlySet<keyof MultiRaftConfig> = new Set([
  'quiesceAfterTicks',
  'balanceTicks',
  'balanceHoldTicks',
  'retainedEntries',
  'promotionLagEntries',
  'stopHandOverMs',
  'stopFlushMs',
]);

function typeProblem(field: keyof MultiRaftConfig, value: number | boolean): string | undefined {
  if (field === 'preVote' || field === 'checkQuorum') {
    return typeof value === 'boolean' ? undefined : `must be true or false, is ${String(value)}`;
  }
  const least = ZERO_ALLOWED.has(field) ? 0 : 1;
  return Number.isSafeInteger(value) && Number(value) >= least ? undefined : `must be an integer of at least ${least}, is ${String(value)}`;
}

/** Bounds that only make sense relative to another one. */
function relationProblem(field: keyof MultiRaftConfig, config: MultiRaftConfig): string | undefined {
  const atLeast = (other: keyof MultiRaftConfig, why: string): string | undefined =>
    config[field] >= config[other] ? undefined : `must be at least ${other} (${String(config[other])}), ${why}; is ${String(config[field])}`;
  switch (field) {
    case 'electionTicks':
      return config.electionTicks > config.heartbeatTicks
        ? undefined
        : `must be greater than heartbeatTicks (${config.heartbeatTicks}), or followers campaign between two heartbeats; is ${config.electionTicks}`;
    case 'maxInflightBytes':
      return atLeast('maxMessageBytes', 'or no full message can be in flight');
    case 'maxQueuedProposals':
      return atLeast('maxProposalsPerTurn', 'or a turn can never be full');
    case 'maxQueuedMessages':
      return atLeast('maxMessagesPerTurn', 'or a turn can never be full');
    case 'maxUnappliedEntries':
      return atLeast('maxEntriesPerApply', 'or applying could never catch up');
    default:
      return undefined;
  }
}
