/** What a group's replica needs of its host. The host alone owns the registry, the scheduler, peers and ticks. */
import type { NodeId, SnapshotMessage } from '@mas/raft';
import type { Condition } from '@mas/health';
import type { MemberId } from '@mas/membership';
import type { BucketId, Clock, Logger, Random } from '@mas/values';
import type { MultiRaftConfig } from '../config';
import type { HostFailure, LeaderPreference } from '../host-ports';
import type { LogStore } from '../log-store';
import type { Outboxes } from '../peers/outboxes';

export interface HostContext {
  readonly self: MemberId;
  readonly nodeId: NodeId;
  readonly config: MultiRaftConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly log: LogStore;
  readonly outboxes: Outboxes;
  readonly preferredLeaders: LeaderPreference;
  /** By id: an incarnation that was replaced is dead, whatever runs in its place. */
  isAlive(peer: NodeId): boolean;
  /** Alive, and by its own word without trouble: something may be handed to it. */
  isWell(peer: NodeId): boolean;
  /** By its own word it leaves precedence to those that are well. */
  isAiling(peer: NodeId): boolean;
  /** How this process is. */
  condition(): Condition;
  /** For how long without interruption; 0 when it is not. */
  aliveForMs(peer: NodeId): number;
  /** Null while it is alive. */
  goneForMs(peer: NodeId): number | null;
  /** Ticks since the host started. */
  tick(): number;
  /** The group has work. */
  schedule(group: BucketId): void;
  /** From now on the group gets ticks, or none. */
  setTicking(group: BucketId, ticking: boolean): void;
  /** Raft wants this follower to get a snapshot. */
  sendSnapshot(group: BucketId, message: SnapshotMessage): void;
  /** Rises while snapshots, of whatever group, get further at this peer. */
  snapshotProgress(peer: NodeId): number;
  fatal(failure: HostFailure): void;
}
