/** Bugs of what homes say, and of what is made of it. */
import type { Mutation } from './mutation';

export const HOME_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the driver of the home forgets when',
    why: 'the legs that the home itself tells hear no commit time',
    changes: [
      {
        file: 'resource-manager/src/drivers/deliver',
        find: "return { kind: 'commit', txn, account, commitUs: decision.commitUs };",
        replace: "return { kind: 'commit', txn, account, commitUs: null };",
      },
    ],
    faults: ['deaths at a step', 'crashes'],
  },
  {
    name: 'a coordinator tells another commit time than was recorded',
    why: 'legs hear when the coordinator heard',
    changes: [
      {
        file: 'transaction-coordinator/src/payment/flight',
        find: "return record?.decision.kind === 'committed' ? record.decision.commitUs : null;",
        replace: "return record?.decision.kind === 'committed' ? (record.decision.commitUs ?? 0) + 1 : null;",
      },
    ],
  },
  {
    name: 'a lock stops a commit',
    why: 'a decided payment waits for whoever has come after it',
    changes: [
      {
        file: 'ledger/src/phases',
        find: "  if (leg.state === 'aborted') return alarm('COMMIT_OF_ABORTED_LEG', txn, account);",
        replace:
          "  const inTheWay = a.lockInForce(account);\n  if (inTheWay !== undefined && leg.state === 'prepared') return { kind: 'locked', lock: inTheWay };\n  if (leg.state === 'aborted') return alarm('COMMIT_OF_ABORTED_LEG', txn, account);",
      },
    ],
  },
  {
    name: 'a freeze stops a commit',
    why: 'a decided payment is refused by what came after its promise',
    changes: [
      {
        file: 'ledger/src/phases',
        find: "  if (leg.state === 'aborted') return alarm('COMMIT_OF_ABORTED_LEG', txn, account);",
        replace:
          "  if (leg.state === 'prepared' && a.account(account)?.status === 'frozen') return { kind: 'refused', refusal: { name: 'ACCOUNT_FROZEN', account, facts: {} } };\n  if (leg.state === 'aborted') return alarm('COMMIT_OF_ABORTED_LEG', txn, account);",
      },
    ],
  },
  {
    name: 'a retry is answered with nothing',
    why: 'a record is looked for in memory only',
    changes: [
      {
        file: 'resource-manager/src/rows/id-filter',
        find: '    const position = this.hash(first, second, 0x811c9dc5);\n    let at = position & table.mask;',
        replace: '    const position = this.hash(first, second, 0x811c9dc5);\n    if (position % 4 === 0) return;\n    let at = position & table.mask;',
      },
    ],
    faults: ['rolling restarts', 'crashes'],
  },
  {
    name: 'a home that cannot be reached counts as undecided',
    why: 'silence is taken for a record that is not there: what was answered as committed is neither shown nor spent',
    changes: [
      {
        file: 'resource-manager/src/homes/home-querier',
        find: "return questions.map(() => ({ kind: 'unreachable', isSilent, reason, noQuorum }));",
        replace: "return questions.map(() => (isSilent ? { kind: 'undecided' } : { kind: 'unreachable', isSilent, reason, noQuorum }));",
      },
    ],
    faults: ['homes out of reach'],
  },
];
