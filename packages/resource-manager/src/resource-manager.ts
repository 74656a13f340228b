/** The Resource Manager of one process: its buckets' replicas, and the server side of what coordinators and peers ask. */
import type { ParticipantReply, ParticipantRequest, ParticipantServer } from '@mas/two-phase-commit';
import { InvariantViolation, type BucketId } from '@mas/values';
import type { ResourceManagerOptions } from './resource-manager-options';

export class ResourceManager implements ParticipantServer {
  constructor(private readonly options: ResourceManagerOptions) {}

  /** Opens the store and every replica that the placement gives this RM; resolves once all take part. */
  start(): Promise<void> {
    return Promise.reject(new InvariantViolation('not written yet', { rm: this.options.rm }));
  }

  /** Stops taking work, finishes what is in flight, hands over leaderships, writes a last checkpoint, closes the store. */
  stop(): Promise<void> {
    return Promise.resolve();
  }

  handle(_request: ParticipantRequest, _caller: 'tm' | 'rm'): Promise<ParticipantReply> {
    return Promise.resolve({ kind: 'unavailable', reason: 'starting' });
  }

  /** Hosts a replica of a bucket that was placed here later: it waits to be added and caught up. */
  addReplica(_bucket: BucketId): Promise<void> {
    return Promise.resolve();
  }

  /** Stops a replica that was removed from its group and drops its rows. */
  removeReplica(_bucket: BucketId): Promise<void> {
    return Promise.resolve();
  }
}
