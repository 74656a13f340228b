/** Whether two names of an owner are those of one data folder. */
import type { StoreOwner } from '@mas/resource-manager';

export function isSameOwner(a: StoreOwner, b: StoreOwner): boolean {
  return a.clusterId === b.clusterId && a.rm === b.rm && a.incarnation === b.incarnation;
}
