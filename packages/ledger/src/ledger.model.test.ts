/**
 * Any interleaving of prepare, decide, commit, rollback, duplicates, late and lost messages, resolution, expiry,
 * locks, freezes and restarts over three buckets ends with one decision per payment, all legs agreeing, money
 * conserved and nothing held. See testing/model.ts for the adversary and testing/model-checks.ts for the claims.
 */
import * as fc from 'fast-check';
import type { Outcome } from './index';
import { Model } from './testing/model';

const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 250, size: 'max' });

test('whatever the adversary does, every payment ends alike everywhere', () => {
  fc.assert(
    fc.property(choices, (list) => new Model().play(list)),
    { numRuns: 100 },
  );
});

test('the adversary reaches what it is there to reach', () => {
  const seen = new Set<string>();
  const sample = fc.sample(choices, { numRuns: 80, seed: 7 });
  for (const list of sample) {
    const model = new Model();
    model.play(list);
    for (const bucket of model.buckets.values()) {
      for (const outcome of bucket.outcomes.flat()) {
        for (const name of namesOf(outcome)) seen.add(name);
      }
    }
  }
  const names = [
    'prepared',
    'committed',
    'aborted',
    'leg-ended',
    'conflict',
    'wait',
    'locked',
    'wrong-bucket',
    'INSUFFICIENT_FUNDS',
    'ACCOUNT_FROZEN',
    'REFUND_EXCEEDS_PAYMENT',
    'AUTHORIZATION_EXPIRED',
    'CAPTURE_EXCEEDS_AUTHORIZATION',
    'AUTHORIZATION_NOT_OPEN',
  ];
  expect(names.filter((name) => !seen.has(name))).toEqual([]);
});

function namesOf(outcome: Outcome): readonly string[] {
  if (outcome.kind === 'refused') return [outcome.refusal.name];
  if (outcome.kind !== 'decided') return [outcome.kind];
  const { decision } = outcome.outcome;
  return decision.kind === 'aborted' ? ['aborted', decision.reason.name] : ['committed'];
}
