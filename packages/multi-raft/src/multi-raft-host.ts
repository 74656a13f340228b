/** The host of many Raft groups in one process. */
import type { BucketId, RmId } from '@mas/values';
import type { Applier } from './applier';
import { InvalidMultiRaftConfig, validateMultiRaftConfig, type MultiRaftConfig } from './config';
import type { HostPorts } from './host-ports';
import type { GroupStatus, InitialGroup, MultiRaft, ProposalResult, ReadIndexResult, ReplicaChange } from './host';
import type { LogRecovery } from './log-store';

export class MultiRaftHost<Result> implements MultiRaft<Result> {
  /** @throws InvalidMultiRaftConfig */
  constructor(
    readonly ports: HostPorts,
    readonly config: MultiRaftConfig,
  ) {
    const errors = validateMultiRaftConfig(config);
    if (errors.length > 0) throw new InvalidMultiRaftConfig(errors);
  }

  /** Reads the log back and opens the transport. Call once, before addGroup. @throws LogDamaged */
  start(): Promise<LogRecovery> {
    return this.pending();
  }

  addGroup(_group: BucketId, _applier: Applier<Result>, _initial: InitialGroup | null): Promise<void> {
    return this.pending();
  }

  removeGroup(_group: BucketId): Promise<void> {
    return this.pending();
  }

  groups(): readonly BucketId[] {
    return [];
  }

  propose(_group: BucketId, _data: Uint8Array): Promise<ProposalResult<Result>> {
    return this.pending();
  }

  readIndex(_group: BucketId, _timeoutMs: number): Promise<ReadIndexResult> {
    return this.pending();
  }

  leader(_group: BucketId): RmId | null {
    return null;
  }

  isLeader(_group: BucketId): boolean {
    return false;
  }

  transferLeadership(_group: BucketId, _to: RmId): Promise<boolean> {
    return this.pending();
  }

  changeReplicas(_group: BucketId, _change: ReplicaChange): Promise<'done' | 'not-leader' | 'refused' | 'unknown'> {
    return this.pending();
  }

  status(): readonly GroupStatus[] {
    return [];
  }

  /** Closes the transport and the log as well. */
  stop(): Promise<void> {
    return this.pending();
  }

  private pending(): Promise<never> {
    return Promise.reject(new Error('not there yet'));
  }
}
