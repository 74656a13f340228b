/** Locks as their holders saw them: whoever asked after a grant in the same bucket has the higher token, and while one holds a lock nobody else does or pays. */
import { accountNumber } from '@mas/values';
import type { LedgerDraft } from './testing/ledger-draft';
import { finding, findingsAfter, LATER_MS, lock, shortOf, type Tamper } from './testing/sound-ledger';

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
  [
    'a lock that two hold',
    (world) => twice(world, 9, 10, LATER_MS + 100),
    'one exclusive holder',
    /^ann from 1010.0 to 1200.0 was held by one, and granted to another at 1100.0$/,
  ],
  [
    'a payment that is begun and committed while another holds the lock',
    (world) => {
      lock(world, { bob: 0 }, 90, 95, 150);
    },
    'a lock keeps others out',
    /^bill was begun and committed while somebody held bob from 95.0 to 150.0$/,
  ],
  [
    "a holder's token that is not good",
    (world) => {
      lock(world, { dan: 2 }, 290, 295, 340);
      const payment = world.payment('wish');
      Object.assign(payment.request, { lockHandle: world.history.locks.at(-1)!.handle });
      const { answer } = payment.attempts[0]!;
      if (answer?.ok === true && answer.value.kind === 'aborted') Object.assign(answer.value, { reason: { ...shortOf('dan'), name: 'LOCK_TOKEN_STALE' } });
    },
    "a holder's token is good",
    /^wish: LOCK_TOKEN_STALE for who held dan from 295.0 to 340.0$/,
  ],
  [
    'a lock that is granted while something is undecided',
    (world) => lock(world, { cid: 3 }, 300, 306, 308),
    'a lock is granted once all is decided',
    /^cid from 306.0 to 308.0: \w{8} was prepared at 305.0 and undecided until 311.0$/,
  ],
  ['a lock without a token', (world) => lock(world, { dan: -1 }, 0, 1), 'one exclusive holder', /^dan was granted without a token$/],
])('%s is named', (_name, tamper, rule, text) => {
  expect(findingsAfter(tamper)).toContainEqual(finding(rule, text));
});

test.each<[string, Tamper]>([
  ['who asked at the moment of the grant may have been served before it', (world) => lock(world, { cid: 5 }, 900, 910)],
  ['a bucket counts by itself', (world) => lock(world, { dan: 2 }, 901, 910)],
  ['who has given it back holds it no more', (world) => twice(world, 9, 10, LATER_MS + 201)],
  [
    'whose lock an operator has broken holds it no more',
    (world) => {
      world.history.lockBreaks.push({ lockId: 'ann', startMs: LATER_MS + 50, endMs: null });
      twice(world, 9, 10, LATER_MS + 100);
    },
  ],
  [
    'what may have been undecided then, or never was, says nothing',
    (world) => {
      for (const hold of world.holds.on(accountNumber('cid'))) Object.assign(hold, { isCertain: false });
      lock(world, { cid: 3 }, 300, 306, 308);
    },
  ],
  ['a payment that was begun before is not kept out', (world) => lock(world, { bob: 0 }, 90, 101, 150)],
])('%s', (_name, tamper) => {
  expect(findingsAfter(tamper)).toEqual([]);
});

/** One who holds ann for a while, and another who is granted it. */
function twice(world: LedgerDraft, token: number, otherToken: number, grantedMs: number): void {
  lock(world, { [accountNumber('ann')]: token + 1 }, LATER_MS, LATER_MS + 10, LATER_MS + 200);
  lock(world, { [accountNumber('ann')]: otherToken + 1 }, LATER_MS + 20, grantedMs);
}
