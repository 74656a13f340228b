/** Every change of the map but those of incarnations (docs/adr/0011), on the map that it was decided on. Pure. */
import type { Result } from '@mas/values';
import { changeNodes, type NodeChange, type NodeRefusal } from './node-changes';
import type { PlacementMap } from './placement-map';
import { changeSlots, type SlotsChange, type SlotsRefusal } from './slots-changes';
import { changeWishes, type WishChange } from './wish-changes';

export type MapChange = NodeChange | SlotsChange | WishChange;
export type MapRefusal = NodeRefusal | SlotsRefusal;

/** The same map where nothing changes. */
export function changeMap(map: PlacementMap, change: MapChange): Result<PlacementMap, MapRefusal> {
  switch (change.kind) {
    case 'move-slots':
    case 'call-off':
    case 'end-move':
    case 'add-bucket':
    case 'founded':
    case 'retire-bucket':
      return changeSlots(map, change);
    case 'balance-slots':
    case 'want-slots':
    case 'empty-bucket':
    case 'pause-moves':
    case 'cancel-moves':
      return changeWishes(map, change);
    default:
      return changeNodes(map, change);
  }
}
