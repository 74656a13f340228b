/** What an order of an operator's comes to: changes of the map, and what moves by them; or a refusal by name. */
import { changeMap, type MapChange, type PlacementMap, type PlanStep, type SlotsStep } from '@mas/placement';
import { err, ok, type Result } from '@mas/values';

export interface Refusal {
  readonly name: string;
  readonly message: string;
}

export interface Decided {
  /** One after the other. None: everything is as it is wanted, or nothing shall change. */
  readonly changes: readonly MapChange[];
  /** Replicas that are to move. */
  readonly steps: readonly PlanStep[];
  /** Slots that are to move. */
  readonly slots: readonly SlotsStep[];
}

export type Decision = Result<Decided, Refusal>;

export function decided(changes: readonly MapChange[], steps: readonly PlanStep[] = [], slots: readonly SlotsStep[] = []): Decision {
  return ok({ changes, steps, slots });
}

export function refused(name: string, message: string): Decision {
  return err({ name, message });
}

/** Others may have changed the map as well, or instead. */
export function isThere(map: PlacementMap, change: MapChange): boolean {
  const again = changeMap(map, change);
  return again.ok && again.value === map;
}
