/** What every replica of a Resource Manager shares. */
import type { ResourceManagerOptions } from '../resource-manager-options';
import type { Failpoints } from '../failpoints';
import type { StoreHealth } from './store-health';

export interface ReplicaContext extends Omit<ResourceManagerOptions, 'failpoints'> {
  readonly failpoints: Failpoints;
  readonly health: StoreHealth;
}
