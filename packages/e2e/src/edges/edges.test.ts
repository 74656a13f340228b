/** Random histories at the ends of all ranges never make apply, audit, codecs, a checkpoint, a read or a snapshot fail: in memory and on the embedded store. */
import { join } from 'node:path';
import * as fc from 'fast-check';
import { openEmbeddedStore } from '@mas/sql-store';
import { tempFolder } from '@mas/test-servers';
import { bucketId } from '@mas/values';
import { checkRows, checkStore, choices, played } from './testing/edge-laws';

test('rows add up and come through their bytes', () => {
  fc.assert(
    fc.property(choices, (list) => checkRows(played(list))),
    { numRuns: 100 },
  );
});

test('credits promised to an account far below zero fit 64 bits: the history that showed it', () => {
  checkRows(played([1712156364, 0, 0, 0, 0, 0, 151903709, 0, 0, 0, 158285389, 0, 1918434320, 0, 0, 0, 0, 0, 0, 52754557, 0]));
});

test('the histories reach what they are there to reach', () => {
  const seen = new Set<string>();
  for (const list of fc.sample(choices, { numRuns: 60, seed: 3 })) {
    for (const outcome of played(list).outcomes) {
      if (outcome.kind === 'refused') seen.add(outcome.refusal.name);
      else if (outcome.kind === 'decided' && outcome.outcome.decision.kind === 'aborted') seen.add(outcome.outcome.decision.reason.name);
      else seen.add(outcome.kind);
    }
  }
  const names = [
    'HOLDS_OVERFLOW',
    'BALANCE_OVERFLOW',
    'INSUFFICIENT_FUNDS',
    'CAPTURE_EXCEEDS_AUTHORIZATION',
    'REFUND_EXCEEDS_PAYMENT',
    'ACCOUNT_FROZEN',
    'prepared',
    'leg-ended',
    'decided',
    'account',
    'lock',
  ];
  expect(names.filter((name) => !seen.has(name))).toEqual([]);
});

test('the embedded store takes them and gives them back', async () => {
  const folder = await tempFolder('mas-edges');
  const store = await openEmbeddedStore({ file: join(folder.path, 'rm.db') });
  await store.migrate();
  let bucket = 0;
  await fc.assert(
    fc.asyncProperty(choices, (list) => checkStore(store, bucketId((bucket += 1)), played(list))),
    { numRuns: 10 },
  );
  await store.close();
  await folder.remove();
});
