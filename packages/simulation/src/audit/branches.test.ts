/** What instructions came to has one name each, and what a batch has not been through is said. */
import type { Instruction, Outcome } from '@mas/ledger';
import { branchesOf, missedBranches } from './branches';
import { KNOWN_BRANCHES } from './known-branches';

const named = (instruction: object, outcome: object): readonly string[] => branchesOf(instruction as Instruction, outcome as Outcome);
const decided = (decision: object, fresh: boolean): object => ({ kind: 'decided', outcome: { decision }, fresh });

test.each<[object, object, string]>([
  [{ kind: 'prepare', account: 'a', body: { legs: [{ account: 'a', effect: 'debit' }] } }, { kind: 'prepared' }, 'prepare debit: prepared'],
  [
    { kind: 'prepare', account: 'a', body: { legs: [{ account: 'a', effect: 'capture' }] } },
    { kind: 'refused', refusal: { name: 'AUTHORIZATION_EXPIRED' } },
    'prepare capture: AUTHORIZATION_EXPIRED',
  ],
  [{ kind: 'decide-commit', body: { kind: 'refund' } }, decided({ kind: 'committed' }, true), 'decide-commit refund: committed'],
  [{ kind: 'resolve' }, decided({ kind: 'aborted', reason: { name: 'ABANDONED' } }, false), 'resolve: aborted ABANDONED, long ago'],
  [{ kind: 'change-account', change: { kind: 'close' } }, { kind: 'account', fresh: false }, 'close: done, long ago'],
  [{ kind: 'acquire-lock', mode: 'exclusive' }, { kind: 'lock', preparedLegs: 1 }, 'acquire-lock exclusive: held, legs undecided'],
  [{ kind: 'rollback' }, { kind: 'leg-ended', leg: { state: 'aborted' } }, 'rollback: aborted'],
  [{ kind: 'release-slots' }, { kind: 'move', stage: { kind: 'released' } }, 'release-slots: released'],
  [{ kind: 'adopt-slots' }, { kind: 'move', stage: { kind: 'refused', reason: 'INCOMPLETE' } }, 'adopt-slots: INCOMPLETE'],
  [{ kind: 'commit' }, { kind: 'alarm', alarm: { name: 'COMMIT_WITHOUT_PREPARE' } }, 'commit: COMMIT_WITHOUT_PREPARE'],
])('%j with %j', (instruction, outcome, name) => {
  expect(named(instruction, outcome)).toEqual([name]);
});

test('of many, each member by itself', () => {
  const outcomes = [{ kind: 'done' }, { kind: 'alarm', alarm: { name: 'COMMIT_WITHOUT_PREPARE' } }, { kind: 'done' }];
  expect(named({ kind: 'commit-many' }, { kind: 'each', outcomes })).toEqual(['commit-many: done', 'commit-many: COMMIT_WITHOUT_PREPARE']);
});

test('what was not visited is named', () => {
  expect(missedBranches(new Set(KNOWN_BRANCHES))).toEqual([]);
  expect(missedBranches(new Set(KNOWN_BRANCHES.slice(1)))).toEqual([KNOWN_BRANCHES[0]]);
  expect(new Set(KNOWN_BRANCHES).size).toBe(KNOWN_BRANCHES.length);
});
