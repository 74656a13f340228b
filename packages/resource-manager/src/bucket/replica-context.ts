/** What every replica of a Resource Manager shares. */
import type { ResourceManagerOptions } from '../resource-manager-options';
import type { Failpoints } from '../failpoints';
import type { BucketStop } from './bucket-stop';
import type { StoreHealth } from './store-health';

export interface ReplicaContext extends Omit<ResourceManagerOptions, 'failpoints' | 'moves' | 'onBucketStopped' | 'onPlacement'> {
  readonly failpoints: Failpoints;
  readonly health: StoreHealth;
  /** Called once per replica. */
  readonly onBucketStopped: (stop: BucketStop) => void;
}
