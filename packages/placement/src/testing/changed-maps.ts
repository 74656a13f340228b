/** Maps of founded clusters, and changes of slots and buckets on them, said shortly. */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import { bucketId, rmId, slot, type SlotRange } from '@mas/values';
import { changeMap, type MapChange } from '../map-changes';
import { genesisPlacement, type PlacementMap } from '../placement-map';

export const b = bucketId;
export const range = (from: number, to: number): SlotRange => ({ from: slot(from), to: slot(to) });

export function founded(rms: number, buckets: number, replicas: number): PlacementMap {
  const members = Array.from({ length: rms }, (_, at) => ({ rm: rmId(at + 1), address: `localhost:${50_001 + at}` }));
  const nodes = members.map(({ rm }) => ({ rm, incarnation: incarnation(rm.toString(16).padStart(32, '0')), ordinal: ordinal(rm - 1), isLost: false }));
  return { ...genesisPlacement(members, buckets, replicas), version: 2, cluster: { clusterId: clusterId('c'.repeat(32)), nodes, txnVersion: 2 } };
}

/** @throws where one of them is refused */
export function after(map: PlacementMap, ...changes: readonly MapChange[]): PlacementMap {
  return changes.reduce((current, change) => {
    const changed = changeMap(current, change);
    if (!changed.ok) throw new Error(`${change.kind}: ${changed.error.name}`);
    return changed.value;
  }, map);
}

/** The name of the refusal; null: it is done. */
export function refusal(map: PlacementMap, change: MapChange): string | null {
  const changed = changeMap(map, change);
  return changed.ok ? null : changed.error.name;
}

/** Also of slots that there are not. */
export const move = (from: number, to: number, first: number, last: number): MapChange => ({
  kind: 'move-slots',
  slots: { from: first as SlotRange['from'], to: last as SlotRange['to'] },
  from: b(from),
  to: b(to),
});
export const end = (number: number, isAdopted: boolean): MapChange => ({ kind: 'end-move', move: number, isAdopted });
export const add = (bucket: number, ...replicas: readonly number[]): MapChange => ({ kind: 'add-bucket', bucket: b(bucket), replicas: replicas.map(rmId) });
export const stands = (bucket: number): MapChange => ({ kind: 'founded', bucket: b(bucket) });
export const retire = (bucket: number): MapChange => ({ kind: 'retire-bucket', bucket: b(bucket) });
