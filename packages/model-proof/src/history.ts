/** Histories of production, given to the model: a module of Quint whose one walk does the same events, or ends where one is not enabled. */
import { quintOf, textOf, type ModelValue } from './model-value';
import { paymentsValue } from './model-payments';
import { firstDifference } from './model-value';
import { traceOf, type Step } from './replay';

const MODULE = 'history';

/** Each history begins anew, with the event `Start`. */
export function historyModule(histories: readonly (readonly Step[])[]): { readonly module: string; readonly text: string; readonly steps: number } {
  const events = histories.flatMap((history) => history.map(({ event }) => event));
  // A definition of its own for each, with its type: inferring the type of one list of records takes minutes.
  const text = `module ${MODULE} {
  import payments.* from "./model/payments"
  import bucket.* from "./model/bucket"
  import coordinator.* from "./model/coordinator"
  import cluster.* from "./model/cluster"

  ${events.map((event, at) => `pure val e${at}: Event = ${quintOf(event)}`).join('\n  ')}

  pure val EVENTS: List[Event] = [${events.map((_, at) => `e${at}`).join(', ')}]

  var at: int

  action begin = all {
    PAYMENTS == ${quintOf(paymentsValue())},
    init,
    at' = 1,
  }

  action step = all {
    at < length(EVENTS),
    at' = at + 1,
    if (EVENTS[at] == Start) init else perform(EVENTS[at]),
  }
}
`;
  return { module: MODULE, text, steps: events.length - 1 };
}

/** Where the model and production part; null: every step of production is one of the model, and leads to the same state. */
export function disagreement(histories: readonly (readonly Step[])[], itf: string): string | null {
  const walk = traceOf(itf);
  const steps = histories.flat();
  for (const [at, { event, state }] of steps.entries()) {
    const modelled = walk[at];
    if (modelled === undefined) return `step ${at}: the model does not allow ${textOf(event)}`;
    const difference = firstDifference(modelled.state, state);
    if (difference !== null) return `step ${at}, ${textOf(event)}: ${difference}`;
  }
  return null;
}

/** What happened in histories: the tags of their events, and of the outcomes that were heard or stand in their last networks. */
export function tagsOf(histories: readonly (readonly Step[])[]): ReadonlySet<string> {
  const tags = new Set<string>();
  const walk = (value: ModelValue): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('tag' in value && typeof value.tag === 'string') tags.add(value.tag);
    for (const each of Object.values(value)) if (Array.isArray(each)) each.forEach(walkAny);
    for (const each of Object.values(value)) if (!Array.isArray(each)) walkAny(each);
  };
  const walkAny = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walkAny);
    else walk(value as ModelValue);
  };
  for (const history of histories)
    for (const { event, state } of history) {
      walkAny(event);
      walkAny(state);
    }
  return tags;
}
