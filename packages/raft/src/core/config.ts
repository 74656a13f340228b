/** A replica's parameters, their defaults and their complete validation: one error per field, all at once. */
import type { Random } from '@mas/values';
import type { RaftStorage } from '../log/storage';
import { NO_LIMIT, ZERO_INDEX, type LogIndex, type NodeId } from '../model/ids';
import { silentRaftLogger, type RaftLogger } from './logger';

export type ReadOnlyMode = 'safe' | 'lease-based';

export interface RaftConfig {
  readonly id: NodeId;
  readonly storage: RaftStorage;
  /** Spreads election timeouts; nothing else is random. */
  readonly random: Random;
  readonly logger: RaftLogger;
  /** The last index that the state machine already holds; entries up to it are not handed out again. */
  readonly appliedIndex: LogIndex;
  /** A follower campaigns after electionTicks … 2·electionTicks−1 ticks of silence. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Thesis 9.6: ask whether an election could be won before disturbing a working leader. */
  readonly preVote: boolean;
  /** A leader that hears no quorum for electionTicks steps down; voters refuse to depose a leader they hear (thesis 6.2). */
  readonly checkQuorum: boolean;
  /** 'lease-based' trusts clocks to run at about the same speed and needs checkQuorum. */
  readonly readOnly: ReadOnlyMode;
  /** Entries of one append message; a single larger entry still travels. 0: one entry per message. */
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  /** Payload bytes in flight to one follower. */
  readonly maxInflightBytes: number;
  /** Payload bytes of proposals that are not yet applied; beyond it proposals are dropped. */
  readonly maxUncommittedBytes: number;
  /** Entries handed out for applying and not yet acknowledged, in stored bytes. */
  readonly maxCommittedBytesPerReady: number;
  readonly disableProposalForwarding: boolean;
  /** Only for hosts that serialize and check configuration changes themselves. */
  readonly disableConfChangeValidation: boolean;
  readonly stepDownOnRemoval: boolean;
  readonly asyncStorageWrites: boolean;
}

export type RaftConfigInput = Pick<RaftConfig, 'id' | 'storage' | 'random'> & Partial<RaftConfig>;

export interface ConfigError {
  readonly field: keyof RaftConfig;
  readonly problem: string;
}

/** The defaults suit a replica of one of many groups: PreVote and CheckQuorum on, bounded messages and pipelines. */
export function raftConfig(input: RaftConfigInput): RaftConfig {
  return {
    logger: silentRaftLogger,
    appliedIndex: ZERO_INDEX,
    electionTicks: 10,
    heartbeatTicks: 1,
    preVote: true,
    checkQuorum: true,
    readOnly: 'safe',
    maxMessageBytes: 1024 * 1024,
    maxInflightMessages: 256,
    maxInflightBytes: 64 * 1024 * 1024,
    maxUncommittedBytes: 64 * 1024 * 1024,
    maxCommittedBytesPerReady: 4 * 1024 * 1024,
    disableProposalForwarding: false,
    disableConfChangeValidation: false,
    stepDownOnRemoval: true,
    asyncStorageWrites: false,
    ...input,
  };
}

/** @returns every problem found; empty when the configuration can be used. */
export function validateConfig(config: RaftConfig): readonly ConfigError[] {
  const errors: ConfigError[] = [];
  const check = (holds: boolean, field: keyof RaftConfig, problem: string): void => {
    if (!holds) errors.push({ field, problem });
  };
  const positive = (field: keyof RaftConfig, value: number): boolean => {
    const holds = Number.isSafeInteger(value) && value > 0;
    check(holds, field, `must be an integer from 1 to ${NO_LIMIT} (NO_LIMIT), is ${value}`);
    return holds;
  };
  check(Number.isSafeInteger(config.id) && config.id > 0, 'id', `must be a positive safe integer, is ${config.id}`);
  check(isObject(config.storage), 'storage', 'is missing');
  check(isObject(config.random), 'random', 'is missing');
  check(isObject(config.logger), 'logger', 'is missing; use silentRaftLogger for none');
  check(Number.isSafeInteger(config.appliedIndex) && config.appliedIndex >= 0, 'appliedIndex', `must be a safe integer ≥ 0, is ${config.appliedIndex}`);
  const heartbeatHolds = positive('heartbeatTicks', config.heartbeatTicks);
  if (positive('electionTicks', config.electionTicks) && heartbeatHolds) {
    check(
      config.electionTicks > config.heartbeatTicks,
      'electionTicks',
      `must be greater than heartbeatTicks (${config.heartbeatTicks}), is ${config.electionTicks}`,
    );
  }
  check(config.readOnly === 'safe' || config.readOnly === 'lease-based', 'readOnly', `must be 'safe' or 'lease-based', is '${String(config.readOnly)}'`);
  check(
    config.readOnly !== 'lease-based' || config.checkQuorum,
    'readOnly',
    "'lease-based' is only sound with checkQuorum: without it a cut-off leader never gives its lease up",
  );
  check(
    Number.isSafeInteger(config.maxMessageBytes) && config.maxMessageBytes >= 0,
    'maxMessageBytes',
    `must be an integer from 0 to ${NO_LIMIT} (NO_LIMIT), is ${config.maxMessageBytes}`,
  );
  positive('maxInflightMessages', config.maxInflightMessages);
  if (positive('maxInflightBytes', config.maxInflightBytes)) {
    check(
      config.maxInflightBytes >= config.maxMessageBytes,
      'maxInflightBytes',
      `must be at least maxMessageBytes (${config.maxMessageBytes}), is ${config.maxInflightBytes}`,
    );
  }
  positive('maxUncommittedBytes', config.maxUncommittedBytes);
  positive('maxCommittedBytesPerReady', config.maxCommittedBytesPerReady);
  return errors;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
