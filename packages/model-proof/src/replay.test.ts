/**
 * Walks of the model, which keep its rules, are done to production's code, state by state; and production's code with a rule broken, or with an event
 * done to it wrongly, leaves the way. The long test has all broken rules.
 */
import { invariant } from '@mas/values';
import { tagsOf } from './history';
import type { ModelValue } from './model-value';
import { walksOfModel } from './quint';
import { replay, traceOf, type Step } from './replay';
import { withMutant } from './testing/mutated';
import { PRODUCTION_MUTANTS } from './testing/production-mutants';
import { World } from './world';

/** Whose walks reach everything; a change of the model makes others of it. */
const SEED = '0x1a';
const WALKS = 24;
const STEPS = 50;
/** Only a hung process takes so long. */
const HUNG_MS = 1_800_000;

let traces: readonly (readonly Step[])[] = [];

beforeAll(async () => {
  traces = (await walksOfModel({ invariant: 'allRules', seed: SEED, samples: WALKS, steps: STEPS })).map(traceOf);
}, HUNG_MS);

test('production goes the way of every walk of the model', () => {
  expect(traces).toHaveLength(WALKS);
  expect(traces.map((trace) => replay(trace)).filter((difference) => difference !== null)).toEqual([]);
});

test('the walks reach what they are for', () => {
  const tags = tagsOf(traces);
  expect(EXPECTED_TAGS.filter((tag) => !tags.has(tag))).toEqual([]);
});

test.each(PRODUCTION_MUTANTS.slice(0, 2))('production leaves the way when broken: $rule', (mutant) => {
  expect(withMutant(mutant, (mutated) => traces.some((trace) => mutated(trace) !== null))).toBe(true);
});

/** What a careless host would do with an event. */
const WRONG: readonly (readonly [string, (world: World, event: { readonly tag: string; readonly value: ModelValue }) => void])[] = [
  [
    'delivers a message twice',
    (world, event) => {
      world.perform(event);
      if (event.tag === 'Deliver') world.perform(event);
    },
  ],
  ['loses a message that is delivered', (world, event) => (event.tag === 'Deliver' ? undefined : world.perform(event))],
  ['does not ask again', (world, event) => (event.tag === 'AskAgain' ? undefined : world.perform(event))],
  ['forgets a deadline', (world, event) => (event.tag === 'Deadline' ? undefined : world.perform(event))],
  ['takes no checkpoint', (world, event) => (event.tag === 'Checkpoint' ? undefined : world.perform(event))],
  ['keeps the dead alive', (world, event) => (event.tag === 'Die' ? undefined : world.perform(event))],
  [
    'comes back from its checkpoint alone',
    (world, event) => {
      if (event.tag !== 'Rejoin') return world.perform(event);
      const bucket = world.bucket(event.value as string);
      bucket.rejoin();
      bucket.checkpoint();
    },
  ],
];

test.each(WRONG)('production leaves the way when its host %s', (_, wrongly) => {
  const host = (): World => {
    const world = new World();
    const perform = world.perform.bind(world);
    const right = Object.assign(Object.create(world) as World, { perform });
    world.perform = (event) => {
      invariant(typeof event === 'object' && 'tag' in event, 'an event');
      wrongly(right, event as { readonly tag: string; readonly value: ModelValue });
    };
    return world;
  };
  expect(traces.some((trace) => replay(trace, host()) !== null)).toBe(true);
});

const EXPECTED_TAGS: readonly string[] = [
  ...['Begin', 'Recover', 'Die', 'Deliver', 'Hear', 'Silence', 'HomesAnswer', 'AskAgain', 'Deadline', 'AnswerBy'],
  ...['LegAsks', 'LegHears', 'HomeTells', 'HomeHears', 'Checkpoint', 'Rejoin'],
  ...['Prepare', 'DecideCommit', 'DecideAbort', 'Commit', 'Rollback', 'Resolve', 'Acknowledge'],
  ...['Promised', 'LegEnded', 'Refused', 'Waits', 'Decided', 'Conflict', 'Done', 'Prepared', 'Committed', 'Aborted'],
  ...['AnsweredCommitted', 'AnsweredAborted', 'AnsweredConflict', 'AnsweredUnknown'],
];
