/** What a process of a cluster of three does for a payment: its own stages whole, a leader's for a third, a follower's for two. */
import { renderStages, sumsOf } from './stages-report';

const stage = (name: string, microseconds: number, bytes: number): { readonly name: string; readonly microseconds: number; readonly bytes: number } => ({
  name,
  microseconds,
  bytes,
});

const STAGES = [
  stage('TM: validate', 1, 10),
  stage('TM: identity and draft', 2, 20),
  stage('TM: hash', 3, 30),
  stage('TM: coordinator on fakes, draft and hash included', 40, 400),
  stage('RM leader: admission', 9, 90),
  stage('RM follower: decode entries', 6, 60),
  stage('RM: apply PREPARE', 4, 40),
];

test('what the coordinator’s stage includes is not counted twice', () => {
  expect(sumsOf(STAGES)[0]).toMatchObject({ microseconds: 41, bytes: 410 });
});

test('a replica leads one bucket in three', () => {
  expect(sumsOf(STAGES)[1]).toMatchObject({ microseconds: 3 + 4 + 4, bytes: 30 + 40 + 40 });
});

test('the table has a line for every stage, and the sums', () => {
  const text = renderStages({ rounds: 20, paymentsPerRound: 1600, stages: STAGES });
  for (const { name } of STAGES) expect(text).toContain(name);
  expect(text).toMatch(/sum of the TM +41\.00 +410/);
});
