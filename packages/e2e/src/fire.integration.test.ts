/** A short selection of the scenarios under fire, one for each part that can be struck. `npm run test:fire` runs them all. */
import { FIRE_OPTIONS, runScenario, type ScenarioResult } from './fire/run-scenario';
import { scenarioNamed } from './fire/scenarios';
import { renderTable, row } from './fire/table';
import { World } from './fire/world';

const SELECTION = ['kill the leader of a bucket', 'one way: the leader hears and is not heard', 'empty Redis (FLUSHALL), five times under load', 'kill the SQL server, start it again'];
const SEED = 5;

let world: World;
const results: ScenarioResult[] = [];

beforeAll(async () => {
  world = await World.start(SEED);
});

afterAll(async () => {
  await world?.stop();
  process.stdout.write(`\n${renderTable(results.map(row))}\n`);
});

test.each(SELECTION)('%s', async (name) => {
  const result = await runScenario(world, scenarioNamed(name));
  results.push(result);
  expect(result.problems).toEqual([]);
  expect(result.ratePerSecond).toBeGreaterThanOrEqual(FIRE_OPTIONS.minimumPerSecond);
  expect(result.resolved).toBe(result.unknown);
});
