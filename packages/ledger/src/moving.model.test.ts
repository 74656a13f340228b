/**
 * While slots move between buckets, at any pace and in spite of everything that ends whoever moves them, all holds that holds without (testing/model.ts),
 * and a slot has one owner. See testing/moving-model.ts for the adversary.
 */
import * as fc from 'fast-check';
import { MOVE_REFUSALS } from './index';
import { MovingModel } from './testing/moving-model';

const choices = fc.array(fc.nat(), { minLength: 40, maxLength: 400, size: 'max' });

test('whatever the adversary does while slots move, every payment ends alike everywhere', () => {
  fc.assert(
    fc.property(choices, (list) => new MovingModel().play(list)),
    { numRuns: 100 },
  );
});

test('the adversary reaches what it is there to reach', () => {
  const seen = new Set<string>();
  for (const list of fc.sample(choices, { numRuns: 150, seed: 7 })) {
    const model = new MovingModel();
    model.play(list);
    for (const name of model.seen) seen.add(name);
  }
  const cuts = ['whole', 'counted twice', 'nobody speaks', 'followed'];
  const met = [...cuts, 'importing', 'adopted', 'declined', 'released', 'reclaimed', 'confirmed', 'over', ...MOVE_REFUSALS.filter((name) => !RARE.has(name))];
  expect(met.filter((name) => !seen.has(name))).toEqual([]);
});

/** Carriers that keep their rules do not hear these: moving-slots.test.ts does. */
const RARE = new Set(['NOT_OWNED', 'OWNED_ALREADY', 'STILL_LEAVING', 'ROWS_ELSEWHERE', 'SEMANTICS_OLDER', 'POLICY_OLDER', 'BUCKET_FULL']);
