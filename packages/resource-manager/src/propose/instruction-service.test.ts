/** How the fates of a request's items become one reply: never a claim that is not certain. */
import type { ItemReply } from '@mas/two-phase-commit';
import type { Fate } from './proposer';
import { together } from './instruction-service';

const applied: Fate = { kind: 'applied', outcome: { kind: 'done' } };
const done: ItemReply = { kind: 'outcome', outcome: { kind: 'done' } };
const notLeader: Fate = { kind: 'not-leader', leader: null };
const unknown: Fate = { kind: 'unknown', reason: 'leadership changed' };
const denied: ItemReply = { kind: 'permission-denied', reason: 'x' };

test.each<[string, (ItemReply | undefined)[], number[], Fate[], object]>([
  ['all applied', [undefined, undefined], [0, 1], [applied, applied], { kind: 'outcomes', outcomes: [done, done] }],
  ['an item that was never proposed keeps its place', [denied, undefined], [1], [applied], { kind: 'outcomes', outcomes: [denied, done] }],
  ['none applied: the failure is certain', [undefined, undefined], [0, 1], [notLeader, notLeader], notLeader],
  ['some applied: the request as a whole is unknown', [undefined, undefined], [0, 1], [applied, notLeader], { kind: 'unknown' }],
  ['one unknown outweighs what is certain', [undefined, undefined], [0, 1], [notLeader, unknown], unknown],
])('%s', (_what, replies, places, fates, expected) => {
  expect(together(replies, places, fates, null)).toMatchObject(expected);
});
