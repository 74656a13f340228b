/** Bugs of what is shown: caches, look-ups, moments. */
import type { Mutation } from './mutation';

export const VIEW_MUTATIONS: readonly Mutation[] = [
  {
    name: 'cached balances go back',
    why: 'what this coordinator has answered before is not compared',
    changes: [
      {
        file: 'transaction-coordinator/src/reads/balance-cache',
        find: '|| balance.rev < details.seenRev) return null;',
        replace: '|| balance.rev < 0) return null;',
      },
      { file: 'transaction-coordinator/src/reads/balance-cache', find: '      details.seenRev = balance.rev;\n', replace: '' },
    ],
    faults: ['Redis', 'partitions'],
  },
  {
    name: 'what is decided behind the moment is shown at it',
    why: 'one leg whose home has decided is enough to show it',
    changes: [
      {
        file: 'resource-manager/src/reads/account-reads',
        find: 'decided.filter(({ commitUs }) => (commitUs ?? 0) <= us),',
        replace: 'decided.filter(({ commitUs }) => (commitUs ?? 0) <= us || us > 0),',
      },
    ],
  },
];
