/** Bugs of locks. */
import type { Mutation } from './mutation';

export const LOCK_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a decision looks at no lock',
    why: 'legs that live at home are applied whoever holds their accounts',
    changes: [
      {
        file: 'ledger/src/decide',
        find: 'const verdict = existing[i] === undefined ? checkLock(',
        replace: 'const verdict = existing[i] !== undefined ? checkLock(',
      },
    ],
  },
];
