/** Which moves bring the slots nearer to what operators want (docs/adr/0032). Pure; made anew at each look, from the map and what is under way. */
import { MAX_SLOTS_PER_MOVE, overlap, slot, type SlotRange } from '@mas/values';
import type { PlacementMap } from './placement-map';
import { movesOf, type SlotsStep } from './slots-move';
import { EVENLY, planSlots } from './slots-plan';
import { freeSlots, wishesOf } from './slots-wishes';

/** All that is still to be ordered. What was named comes first; for the balance nothing moves until that is done, for it would take it back. */
export function planWishes(map: PlacementMap): readonly SlotsStep[] {
  const { wanted, retiring, isBalancing } = wishesOf(map);
  const named = wanted.flatMap((one) => namedSteps(map, one));
  if (retiring.length === 0 && !isBalancing) return named;
  const planned = planSlots(map, { ...EVENLY, emptied: retiring });
  if (!planned.ok) return named;
  const others = planned.value.filter(({ slots, from }) =>
    wanted.length === 0 ? isBalancing || retiring.includes(from) : retiring.includes(from) && wanted.every((one) => !overlap(one.slots, slots)),
  );
  return [...named, ...others];
}

/** Nothing is wanted any more of what the plan could still do, and nothing is under way for it. */
export function isBalanced(map: PlacementMap): boolean {
  return movesOf(map).length === 0 && planWishes(map).length === 0;
}

function namedSteps(map: PlacementMap, { slots, from, to }: SlotsStep): readonly SlotsStep[] {
  const giver = map.buckets.find(({ bucket }) => bucket === from);
  if (giver === undefined) return [];
  return freeSlots(map, giver)
    .filter((range) => overlap(range, slots))
    .flatMap((range) => inPieces({ from: range.from > slots.from ? range.from : slots.from, to: range.to < slots.to ? range.to : slots.to }))
    .map((piece) => ({ slots: piece, from, to }));
}

function inPieces({ from, to }: SlotRange): readonly SlotRange[] {
  const pieces: SlotRange[] = [];
  for (let at: number = from; at <= to; at += MAX_SLOTS_PER_MOVE) pieces.push({ from: slot(at), to: slot(Math.min(to, at + MAX_SLOTS_PER_MOVE - 1)) });
  return pieces;
}
