/** Tokens as holders saw them: whoever asked after a grant in the same bucket has the higher one. */
import { finding, findingsAfter, lock, type Tamper } from './testing/sound-ledger';

test.each<[string, Tamper, string, RegExp]>([
  ['a token that goes back', (world) => lock(world, { ann: 0 }, 100, 150), 'tokens only rise', /^ann got token 0 at 150, ann had 1 at 99$/],
  ['a token given twice', (world) => lock(world, { bob: 1 }, 302, 310), 'tokens only rise', /^bob got token 1 at 310, bob had 1 at 301$/],
  [
    "a token that goes back behind another lock's of the same bucket",
    (world) => lock(world, { cid: 5 }, 901, 910),
    'tokens only rise',
    /^cid got token 5 at 910, ann had 9 at 900$/,
  ],
  [
    'a token that goes back among several',
    (world) => lock(world, { ann: 10, bob: 1 }, 901, 910),
    'tokens only rise',
    /^bob got token 1 at 910, bob had 1 at 301$/,
  ],
  ['a lock without a token', (world) => lock(world, { dan: -1 }, 0, 1), 'one exclusive holder', /^dan was granted without a token$/],
])('%s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper]>([
  ['who asked at the moment of the grant may have been served before it', (world) => lock(world, { cid: 5 }, 900, 910)],
  ['a bucket counts by itself', (world) => lock(world, { dan: 2 }, 901, 910)],
])('%s', (_name, tamper) => {
  expect(findingsAfter(tamper)).toEqual([]);
});
