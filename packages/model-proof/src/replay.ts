/** From the model to production: a trace of the model is done to production's code, and after each step both must be in the same state. */
import { present } from '@mas/values';
import { fieldOf, firstDifference, fromItf, textOf, type ModelValue } from './model-value';
import { World } from './world';

export interface Step {
  readonly event: ModelValue;
  /** After it. */
  readonly state: ModelValue;
}

/** @param itf the text of an ITF file; its first state is the initial one, whose event is nothing that happened. */
export function traceOf(itf: string): readonly Step[] {
  const { states } = JSON.parse(itf) as { readonly states: readonly unknown[] };
  return states.map((json) => {
    const value = fromItf(json);
    return { event: variableOf(value, 'event'), state: variableOf(value, 'state') };
  });
}

/** Quint names a variable with the modules that it comes through. */
function variableOf(state: ModelValue, name: string): ModelValue {
  const full = Object.keys(state).find((each) => each === name || each.endsWith(`::${name}`));
  return fieldOf(state, present(full, `variable ${name} of the model`));
}

/** What differs first; null where production goes the model's way to the end. */
export function replay(trace: readonly Step[], world = new World()): string | null {
  for (const [at, { event, state }] of trace.entries()) {
    const difference = (at === 0 ? null : performed(world, event)) ?? firstDifference(state, world.value());
    if (difference !== null) return `step ${at}, ${textOf(event)}: ${difference}`;
  }
  return null;
}

function performed(world: World, event: ModelValue): string | null {
  try {
    world.perform(event);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
