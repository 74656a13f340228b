/**
 * A short selection of the scenarios under fire, one for each part that can be struck. `npm run test:fire` runs them all, and holds
 * them to times and rates; here nothing depends on how fast the machine is.
 */
import { createConnection } from 'mysql2/promise';
import { PATIENT_OPTIONS, runScenario, type ScenarioResult } from './fire/run-scenario';
import { scenarioNamed } from './fire/scenarios';
import { renderTable, row } from './fire/table';
import { World } from './fire/world';
import { renderFinalAudit } from './harness/final-audit';

const SELECTION = [
  'kill the leader of a bucket',
  'one way: the leader hears and is not heard',
  'empty Redis (FLUSHALL), five times under load',
  'kill the SQL server, start it again',
];
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
  const result = await runScenario(world, scenarioNamed(name), PATIENT_OPTIONS);
  results.push(result);
  expect(result.problems).toEqual([]);
  expect(result.ratePerSecond).toBeGreaterThanOrEqual(PATIENT_OPTIONS.minimumPerSecond);
  expect(result.resolved).toBe(result.unknown);
});

test('in the end: all that was asked and heard, against the rows of every replica', async () => {
  const final = await world.auditAtRest();
  process.stdout.write(`\n${renderFinalAudit(final)}\n`);
  expect(final.findings).toEqual([]);
  expect(final.replicas).toBe(9);
  expect(final.payments).toBeGreaterThan(4 * PATIENT_OPTIONS.minimumPerSecond);
  expect(final.reads.explained).toBeGreaterThan(0);
  await tampered(1);
  const rules = (await world.auditAtRest()).findings.map(({ rule }) => rule);
  expect(new Set(rules)).toEqual(new Set(['equal replicas']));
  await tampered(-1);
});

/** One account's balance, in the database of one replica. */
async function tampered(byMinor: number): Promise<void> {
  const [, , { url } = { url: '' }] = world.cluster.databases();
  const sql = await createConnection(url);
  try {
    const [changed] = await sql.execute('UPDATE account SET balance_minor = balance_minor + ? ORDER BY number LIMIT 1', [byMinor]);
    expect(changed).toMatchObject({ affectedRows: 1 });
  } finally {
    await sql.end();
  }
}
