/** Random schedules of production's code are ways of the model: every step is one that the model allows, and leads where the model says. */
import { SeededRandom } from '@mas/values';
import { disagreement, historyModule, tagsOf } from './history';
import { variant } from './model-value';
import { walkOf } from './quint';
import { randomHistory } from './random-schedule';
import type { Step } from './replay';

const STEPS = 40;
const historyOf = (seed: number): readonly Step[] => randomHistory(new SeededRandom(seed), STEPS);

/** One run of Quint for the histories, and for a last one that cannot be. */
test('the model goes the way of every history of production, and of no other', async () => {
  const impossible = variant('Hear', { machine: 9, question: variant('Resolve', 't1'), outcome: variant('Done'), isTired: false });
  const forged: Step = { event: impossible, state: variant('Start') };
  const histories = [historyOf(1), historyOf(2), historyOf(3), [forged]];
  const { module, text, steps } = historyModule(histories);
  const itf = await walkOf(module, text, steps);
  expect(disagreement(histories.slice(0, -1), itf)).toBeNull();
  expect(disagreement(histories, itf)).toMatch('the model does not allow');
});

test('the histories reach what they are for', () => {
  const tags = tagsOf(Array.from({ length: 60 }, (_, seed) => historyOf(seed)));
  const wanted = [
    'Recover',
    'Die',
    'Silence',
    'HomesAnswer',
    'LegHears',
    'HomeHears',
    'Rejoin',
    'Refused',
    'Waits',
    'Conflict',
    'AnsweredCommitted',
    'AnsweredAborted',
  ];
  expect(wanted.filter((tag) => !tags.has(tag))).toEqual([]);
});
