/** What an order of an operator's comes to: changes of the map, and what moves by them; or a refusal by name. */
import type { MapChange, PlanStep, SlotsStep } from '@mas/placement';
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
