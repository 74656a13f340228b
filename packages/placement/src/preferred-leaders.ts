/** leaderOrder by the newest map that a process knows: computed once per map. Before nodes have come or gone the order is the one that needs no map. */
import type { BucketId, RmId } from '@mas/values';
import { leaderOrder } from './leader-order';
import type { PlacementMap } from './placement-map';

type Order = (group: BucketId, voters: readonly RmId[]) => readonly RmId[];

export function preferredLeaders(newest: () => PlacementMap, fallback: Order): Order {
  let known: { readonly map: PlacementMap; readonly order: Order } | null = null;
  return (group, voters) => {
    const map = newest();
    if (known?.map !== map) known = { map, order: map.cluster?.roster === undefined ? fallback : leaderOrder(map, fallback) };
    return known.order(group, voters);
  };
}
