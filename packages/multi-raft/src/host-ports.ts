/** What the host needs from outside, all through its constructor, so that a simulator can own time, chance, disk and network. */
import type { Clock, BucketId, Logger, Random, RmId } from '@mas/values';
import type { LogStore } from './log-store';
import type { PeerTransport } from './peer-transport';

export interface HostPorts {
  /** The id of this process; its replicas carry it as their Raft node id. */
  readonly self: RmId;
  readonly log: LogStore;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A replica met a broken invariant, its applier rejected a committed entry, or its log could not be reset. The process should stop. */
  readonly onFatal: (failure: HostFailure) => void;
  /** Who should lead a group, best first. Left out: spread evenly over the voters (see balance/preference.ts). */
  readonly preferredLeaders?: LeaderPreference;
}

/** Must be deterministic and equal in all processes; `voters` is ascending. */
export type LeaderPreference = (group: BucketId, voters: readonly RmId[]) => readonly RmId[];

export interface HostFailure {
  readonly group: BucketId | null;
  readonly what: string;
  readonly cause: unknown;
}
