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
    name: 'what Redis has forgotten is called unheard of',
    why: 'absence in Redis is believed',
    changes: [
      {
        file: 'transaction-coordinator/src/reads/payment-views',
        find: '    const row = await this.link.query(key, homeSlot, caller.deadlineMs);',
        replace: '    if (matching === null) return notFound();\n    const row = await this.link.query(key, homeSlot, caller.deadlineMs);',
      },
    ],
    faults: ['Redis'],
  },
  {
    name: 'what Redis calls pending is believed',
    why: 'the home is not asked about what an index says',
    changes: [
      {
        file: 'transaction-coordinator/src/reads/payment-views',
        find: '    const row = await this.link.query(key, homeSlot, caller.deadlineMs);',
        replace:
          "    if (matching !== null && matching.state === 'PENDING') return success(viewOfEntry(key, matching));\n    const row = await this.link.query(key, homeSlot, caller.deadlineMs);",
      },
    ],
    faults: ['Redis', 'crashes'],
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
