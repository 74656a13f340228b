/** When a call ends: what its attempts met, from one Transaction Manager or two. */
import type { RequestError } from '@mas/transaction-coordinator';
import { Attempts } from './attempts';

const failure = (reason: string, message = ''): RequestError => ({ kind: 'unavailable', reason, field: null, message, facts: {} });
const noQuorum = failure('NO_QUORUM', 'Bucket 2 has no quorum: 1 of its 3 replicas is up, 2 are needed; try again.');
const refused = failure('GRPC_UNAVAILABLE', 'No connection established. Last error: Error: connect ECONNREFUSED');

test('no quorum: the only Transaction Manager has said it; of two the other is asked as well', () => {
  expect(new Attempts(1, 3_000).failed(0, 'a', noQuorum, 0)).toBe(noQuorum);
  const two = new Attempts(2, 3_000);
  expect(two.failed(0, 'a', noQuorum, 0)).toBeNull();
  expect(two.failed(0, 'a', noQuorum, 1)).toBeNull();
  expect(two.failed(1, 'b', noQuorum, 2)).toBe(noQuorum);
});

test.each([
  ['an outcome that was unknown', failure('OUTCOME_UNKNOWN', 'unknown')],
  ['a connection that was lost under way', failure('GRPC_UNAVAILABLE', 'Connection dropped')],
])('no quorum after %s: unknown, never "nothing was done"', (_what, before) => {
  const attempts = new Attempts(1, 3_000);
  expect(attempts.failed(0, 'a', before, 0)).toBeNull();
  expect(attempts.failed(0, 'a', noQuorum, 1)).toMatchObject({
    reason: 'OUTCOME_UNKNOWN',
    message:
      'Bucket 2 has no quorum: 1 of its 3 replicas is up, 2 are needed; an earlier attempt of this call may have been carried out: ask again with the same id.',
  });
});

test('nobody there: the patience runs from the first refusal, and anew after an answer', () => {
  const attempts = new Attempts(2, 3_000);
  expect(attempts.failed(0, 'a', refused, 1_000)).toBeNull();
  expect(attempts.failed(1, 'b', refused, 3_999)).toBeNull();
  expect(attempts.failed(0, 'a', failure('SHUTTING_DOWN'), 3_999)).toBeNull();
  expect(attempts.failed(0, 'a', refused, 4_500)).toBeNull();
  expect(attempts.failed(0, 'a', refused, 7_499)).toBeNull();
  expect(attempts.failed(0, 'a', refused, 7_500)).toBe(refused);
});

test.each([
  ['nobody there', refused, false],
  ['no quorum', noQuorum, false],
  ['a refusal', { ...failure('ID_CONFLICT'), kind: 'already-exists' } as const, false],
  ['a connection that was lost under way', failure('GRPC_UNAVAILABLE', 'Connection dropped'), true],
  ['a deadline', { ...failure('GRPC_DEADLINE_EXCEEDED'), kind: 'deadline-exceeded' } as const, true],
  ['an outcome that was unknown', failure('OUTCOME_UNKNOWN'), true],
])('whether it may have happened, after %s', (_what, error, mayHaveHappened) => {
  const attempts = new Attempts(1, 3_000);
  attempts.met(error);
  expect(attempts.mayHaveHappened).toBe(mayHaveHappened);
  attempts.met(refused);
  expect(attempts.mayHaveHappened).toBe(mayHaveHappened);
});
