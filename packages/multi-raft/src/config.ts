/**
 * The host's parameters, their defaults and their complete validation: one error per field, all at once. Every queue
 * of the host has its bound here. Units are the last word of a name; without one it is a count.
 */
export interface MultiRaftConfig {
  /** Length of a Raft tick, and the pace of signs of life. Other times are rounded to whole ticks, at least one. */
  readonly tickMs: number;
  /** A peer process counts as silent after so long on a quiet machine, … */
  readonly minSilenceMs: number;
  /** … and after so long at most on one that makes long pauses (packages/health). */
  readonly maxSilenceMs: number;
  /** The last resort: a follower that heard nothing of its leader campaigns after once to twice so long, whatever else is known. */
  readonly electionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** A quorum that has been missing for so long is called so. */
  readonly noQuorumMs: number;
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

  /** A group is quiet after so long with nothing to do; 0: never. */
  readonly quiesceAfterMs: number;
  /** A read round that got no answer for so long is asked again. */
  readonly readRetryMs: number;

  /** So often: compaction, checkpoints, health of quiet groups. */
  readonly maintenanceMs: number;
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

  /** So often leaders look whether a preferred peer should lead; 0: never. */
  readonly balanceMs: number;
  /** A leader keeps a group at least so long before it gives it away by itself; for balance, doubled whenever that did not last. */
  readonly holdMs: number;
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
  tickMs: 40,
  minSilenceMs: 300,
  maxSilenceMs: 1_500,
  electionTimeoutMs: 1_500,
  heartbeatMs: 200,
  noQuorumMs: 1_000,
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
  quiesceAfterMs: 1_000,
  readRetryMs: 500,
  maintenanceMs: 1_000,
  retainedEntries: 4096,
  compactionStepEntries: 1024,
  maxFollowerLagBytes: 64 * MIB,
  maxUncheckpointedBytes: 64 * MIB,
  maxSnapshotSends: 2,
  maxSnapshotInstalls: 2,
  snapshotRetryMs: 1000,
  balanceMs: 2_000,
  holdMs: 3_000,
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

/** A time in ticks of this configuration: the nearest, at least one. */
export function ticksIn({ tickMs }: Pick<MultiRaftConfig, 'tickMs'>, durationMs: number): number {
  return Math.max(1, Math.round(durationMs / tickMs));
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

/** So many signs of life fit into the least silence. */
const SIGNS_IN_SILENCE = 3;

/** Fields where 0 means "never" or "nothing". */
const ZERO_ALLOWED: ReadonlySet<keyof MultiRaftConfig> = new Set([
  'quiesceAfterMs',
  'balanceMs',
  'holdMs',
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
    case 'minSilenceMs':
      return config.minSilenceMs >= SIGNS_IN_SILENCE * config.tickMs
        ? undefined
        : `must be at least ${SIGNS_IN_SILENCE} times tickMs (${config.tickMs}), or one sign of life that is late is silence; is ${config.minSilenceMs}`;
    case 'maxSilenceMs':
      return atLeast('minSilenceMs', 'of which it is the most');
    case 'electionTimeoutMs':
      return atLeast('maxSilenceMs', 'or followers campaign against a leader whose process is allowed to be silent') ?? electionProblem(config);
    case 'heartbeatMs':
      return atLeast('tickMs', 'at whose pace it goes');
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

function electionProblem(config: MultiRaftConfig): string | undefined {
  return config.electionTimeoutMs >= config.heartbeatMs + config.tickMs
    ? undefined
    : `must be greater than heartbeatMs (${config.heartbeatMs}) by a tick (${config.tickMs}), or followers campaign between two heartbeats; is ${config.electionTimeoutMs}`;
}
