/** Bugs of two-phase commit: decisions too early, flipped, forgotten or made up, and readers who see too much or too little. */
import type { Mutation } from './mutation';

export const PROTOCOL_MUTATIONS: readonly Mutation[] = [
  {
    name: 'decision sent before it is durable',
    why: 'legs are told to commit while the home is still being asked',
    changes: [
      {
        file: 'two-phase-commit/src/instructing',
        find: "return ready ? startDecision(txn, nowMs, { kind: 'commit' }) : { txn, effects: [] };",
        replace:
          "if (!ready) return { txn, effects: [] };\n  const asked = startDecision(txn, nowMs, { kind: 'commit' });\n  const early: TransactionEffect[] = txn.legs.filter((leg) => leg.state === 'prepared').map((leg) => ({ kind: 'tell', bucket: leg.bucket, instruction: { kind: 'commit', txn: txn.plan.txn, account: leg.spec.account, commitUs: null } }));\n  return { txn: asked.txn, effects: [...asked.effects, ...early] };",
      },
      {
        file: 'transaction-coordinator/src/payment/flight',
        find: "link.submitFor(this, passenger.place, this.home, 'phase-2-commit', decideCommitOf(plan, remote === null ? NO_PROMISES : promisesOf(passenger, remote), NO_TXNS), token, nowMs + config.decideTimeoutMs);",
        replace:
          "link.submitFor(this, passenger.place, this.home, 'phase-2-commit', decideCommitOf(plan, remote === null ? NO_PROMISES : promisesOf(passenger, remote), NO_TXNS), token, nowMs + config.decideTimeoutMs);\n      if (remote !== null) link.submitBackground(remote.bucket, 'phase-2-commit', { kind: 'commit', txn: plan.txn, account: remote.account, commitUs: null }, nowMs + config.tellTimeoutMs, () => undefined);",
      },
    ],
  },
  {
    name: 'rollback races commit',
    why: 'an abort is recorded over what is recorded already',
    changes: [
      {
        file: 'ledger/src/decide',
        find: 'return recorded(a, instruction) ?? recordAbort(a, instruction, instruction.reason);',
        replace: 'return recordAbort(a, instruction, instruction.reason);',
      },
    ],
  },
  {
    name: 'an abort is not final',
    why: 'a retry after an abort commits',
    changes: [
      {
        file: 'ledger/src/decide',
        find: 'if (outcome === undefined) return null;',
        replace: "if (outcome === undefined || outcome.decision.kind === 'aborted') return null;",
      },
    ],
  },
  {
    name: 'resolve aborts what is committed',
    why: 'presumed abort without looking first',
    changes: [
      {
        file: 'ledger/src/decide',
        find: 'recorded(a, instruction) ?? recordAbort(a, instruction, ABANDONED)',
        replace: 'recordAbort(a, instruction, ABANDONED)',
      },
    ],
    faults: ['deaths at a step', 'delays'],
  },
  {
    name: 'phase 2 without prepare accepted',
    why: 'the home decides while a leg has not promised, and the leg says OK to a commit of nothing',
    changes: [
      {
        file: 'two-phase-commit/src/instructing',
        find: "const ready = txn.legs.every((leg) => leg.state === 'at-home' || leg.state === 'prepared');",
        replace: "const ready = txn.legs.every((leg) => leg.state === 'at-home' || leg.state === 'prepared' || leg.state === 'preparing');",
      },
      { file: 'two-phase-commit/src/instructing', find: "if (leg.state !== 'prepared') continue;", replace: "if (leg.state === 'at-home') continue;" },
      {
        file: 'transaction-coordinator/src/payment/flight',
        find: 'for (const passenger of remote) this.prepare(passenger, nowMs);',
        replace: 'this.decide(remote, nowMs);',
      },
      {
        file: 'ledger/src/phases',
        find: "if (leg === undefined) return alarm('COMMIT_WITHOUT_PREPARE', txn, account);",
        replace: "if (leg === undefined) return { kind: 'done' };",
      },
    ],
  },
  {
    name: 'one for many loads the first leg’s account',
    why: 'of what a COMMIT of many payments changes, only the rows of one are fetched from the database before it is applied',
    changes: [
      {
        file: 'ledger/src/rows-touched',
        find: '    accounts.push(member.account);\n',
        replace: '    if (accounts.length === 0) accounts.push(member.account);\n',
      },
    ],
  },
  {
    name: 'late prepare after rollback accepted',
    why: 'a rollback that overtakes its prepare leaves no tombstone',
    changes: [{ file: 'ledger/src/phases', find: '  a.putLeg(leg);\n  a.state.rev += 1;\n  return leg;', replace: '  return leg;' }],
    faults: ['delays', 'loss'],
  },
  {
    name: 'an undecided leg gives up by itself',
    why: 'a home that does not answer is taken for an abort',
    changes: [
      {
        file: 'resource-manager/src/homes/leg-ending',
        find: "    case 'undecided':\n    case 'unreachable':\n      return null;",
        replace:
          "    case 'undecided':\n    case 'unreachable':\n      return { kind: 'rollback', txn: leg.txn, key: leg.key, homeSlot: leg.homeSlot, account: leg.account, spec: leg.spec, reason: { name: 'ABANDONED', account: null, facts: {} } };",
      },
    ],
  },
  {
    name: 'nobody resolves what is left prepared',
    why: 'everything depends on the coordinator that came down, and on a Redis that remembers',
    changes: [
      {
        file: 'resource-manager/src/drivers/resolve',
        find: 'for (const leg of this.applier.state().ledger.preparedLegs()) {',
        replace: 'for (const leg of [] as LegRow[]) {',
      },
    ],
    faults: ['deaths at a step', 'deaths at a step', 'Redis'],
  },
  {
    name: 'the home forgets whom to tell',
    why: 'only the coordinator tells the legs',
    changes: [
      {
        file: 'resource-manager/src/drivers/deliver',
        find: 'for (const outcome of this.applier.state().ledger.undelivered()) {',
        replace: 'for (const outcome of [] as OutcomeRow[]) {',
      },
    ],
    faults: ['deaths at a step', 'Redis', 'crashes'],
  },
  {
    name: 'committed reads do not ask the homes',
    why: 'what was answered is not yet visible where its leg is only prepared',
    changes: [
      { file: 'resource-manager/src/reads/decided-legs', find: 'if (prepared.length === 0) return [];', replace: 'if (prepared.length >= 0) return [];' },
    ],
  },
  {
    name: 'several accounts read one after the other',
    why: 'each bucket is read at a moment of its own',
    changes: [
      {
        file: 'transaction-coordinator/src/reads/account-reads',
        find: "const collected = await this.collect(numbers, groups, 'committed', latestUs, caller);",
        replace: "const collected = await this.collect(numbers, groups, 'committed', latestUs > 0 ? 'now' : latestUs, caller);",
      },
    ],
  },
  {
    name: 'undecided money is shown',
    why: 'pending credits count as balance in a read',
    changes: [
      {
        file: 'resource-manager/src/reads/account-reads',
        find: 'balanceMinor: row.balanceMinor + changeMinor,',
        replace: 'balanceMinor: row.balanceMinor + (changeMinor === 0n ? row.pendingCreditsMinor : changeMinor),',
      },
    ],
  },
  {
    name: 'what is unknown is called aborted',
    why: 'a deadline is answered with an abort that the home has not recorded',
    changes: [
      {
        file: 'two-phase-commit/src/global-transaction',
        find: "const answer: TransactionAnswer = { kind: 'unknown', message: 'The home bucket has not recorded a decision in time; ask again with the same id.' };",
        replace:
          "const answer: TransactionAnswer = { kind: 'recorded', fresh: true, outcome: { txn: txn.plan.txn, body: txn.plan.body, decision: { kind: 'aborted', atMs: nowMs, reason: { name: 'DEADLINE_EXCEEDED', account: null, facts: {} } }, balances: [], untold: [] } };",
      },
    ],
    faults: ['partitions', 'loss', 'pauses'],
  },
  {
    name: 'an id is not bound for account changes',
    why: 'each account keeps its own record of ids, so one id freezes many accounts and makes a payment',
    changes: [
      {
        file: 'transaction-coordinator/src/accounts/accounts',
        find: '    const bound = await this.bind(caller, identity.value, txn, number, body);\n    if (!bound.ok) return bound;\n    const record',
        replace: '    const record',
      },
    ],
  },
  {
    name: 'an account change happens again',
    why: 'a retry or a late message after the opposite change is applied, not answered from the record',
    changes: [{ file: 'ledger/src/accounts', find: '  if (earlier !== undefined) return recordedAnswer(earlier, instruction, account);\n', replace: '' }],
  },
  {
    name: 'a refused account change is not final',
    why: 'what was refused is done when it comes again and could be done by then',
    changes: [
      {
        file: 'ledger/src/accounts',
        find: '    if (decidedOnce) record(',
        replace: "    if (decidedOnce && stopped.refusal.name === 'ACCOUNT_CLOSED') record(",
      },
    ],
    faults: ['delays', 'loss'],
  },
];
