/** What the host needs from outside, all through its constructor, so that a simulator can own time, chance, disk and network. */
import type { Clock, BucketId, Logger, Random, RmId } from '@mas/values';
import type { MemberId, PositionMark } from '@mas/membership';
import type { LogStore } from './log-store';
import type { PeerTransport } from './peer-transport';

export interface HostPorts {
  /** Which incarnation of which Resource Manager this process is; its replicas' Raft node id is made of it. */
  readonly self: MemberId;
  readonly log: LogStore;
  readonly transport: PeerTransport;
  readonly positions: PositionExchange;
  /** How many processes the cluster has, this one included: most of them agree on the time. */
  readonly processes: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A replica met a broken invariant, its applier rejected an entry for a reason that is not its group's alone, or its log could not be reset. The process should stop. */
  readonly onFatal: (failure: HostFailure) => void;
  /** Who should lead a group, best first. Left out: spread evenly over the voters (see balance/preference.ts). */
  readonly preferredLeaders?: LeaderPreference;
}

/**
 * How far logs are known to be, told with signs of life and with every promise, and heard from peers (docs/adr/0011, rule 3): whoever
 * counts on an acknowledgement or a vote knows how far the log of its sender was.
 */
export interface PositionExchange {
  /** This process's own position; at least where it was when anything that leaves now became durable. */
  own(): PositionMark;
  /** This process's own position, and the marks that it has of others. */
  tell(): readonly PositionMark[];
  heard(marks: readonly PositionMark[]): void;
}

/** Must be deterministic and equal in all processes; `voters` is ascending. */
export type LeaderPreference = (group: BucketId, voters: readonly RmId[]) => readonly RmId[];

export interface HostFailure {
  readonly group: BucketId | null;
  readonly what: string;
  readonly cause: unknown;
}
