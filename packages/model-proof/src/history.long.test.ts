/** Many random schedules of production's code are ways of the model. */
import { SeededRandom } from '@mas/values';
import { disagreement, historyModule } from './history';
import { walkOf } from './quint';
import { randomHistory } from './random-schedule';

const MODULES = 12;
/** In one module: the time that Quint takes grows faster than their number. */
const HISTORIES = 6;
const STEPS = 60;

test.each(Array.from({ length: MODULES }, (_, at) => at))('the model goes the way of every history of production: part %d', async (part) => {
  const histories = Array.from({ length: HISTORIES }, (_, at) => randomHistory(new SeededRandom(1_000 + part * HISTORIES + at), STEPS));
  const { module, text, steps } = historyModule(histories);
  expect(disagreement(histories, await walkOf(module, text, steps))).toBeNull();
});
