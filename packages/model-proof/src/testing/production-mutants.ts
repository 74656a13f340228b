/** Production's rules, each broken once in a copy of the sources: it must then leave the way of some trace of the model. */

export interface ProductionMutant {
  readonly rule: string;
  readonly package: 'ledger' | 'two-phase-commit';
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const PRODUCTION_MUTANTS: readonly ProductionMutant[] = [
  {
    rule: 'RESOLVE answers what is decided',
    package: 'ledger',
    file: 'decide.ts',
    find: 'const outcome = recorded(a, instruction) ?? recordAbort(a, instruction, ABANDONED);',
    replace: 'const outcome = recordAbort(a, instruction, ABANDONED);',
  },
  {
    rule: 'the first entry at the home wins',
    package: 'ledger',
    file: 'decide.ts',
    find: 'if (outcome === undefined) return null;',
    replace: "if (outcome === undefined || outcome.decision.kind === 'aborted') return null;",
  },
  {
    rule: 'an id belongs to one request',
    package: 'ledger',
    file: 'decide.ts',
    find: "return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : { kind: 'conflict', bound: outcome };",
    replace: "return { kind: 'decided', outcome, fresh: false };",
  },
  {
    rule: 'the home remembers whom to tell',
    package: 'ledger',
    file: 'decide.ts',
    find: 'const untold: UntoldLeg[] = remote.map(({ account }) => ({ account }));',
    replace: 'const untold: UntoldLeg[] = remote.slice(1).map(({ account }) => ({ account }));',
  },
  {
    rule: 'a late prepare finds its leg ended',
    package: 'ledger',
    file: 'phases.ts',
    find: 'if (existing !== undefined) return legStands(existing);',
    replace: "if (existing !== undefined && existing.state !== 'aborted') return legStands(existing);",
  },
  {
    rule: 'a rollback that overtakes its prepare leaves a tombstone',
    package: 'ledger',
    file: 'phases.ts',
    find: 'a.putLeg(leg);\n  a.state.rev += 1;\n  return leg;',
    replace: 'a.state.rev += 1;\n  return leg;',
  },
  {
    rule: 'c lies behind every p',
    package: 'ledger',
    file: 'instruction-traits.ts',
    find: 'liesBehind: ({ notBeforeUs }) => (notBeforeUs === null ? NO_BOUND : [notBeforeUs + 1])',
    replace: 'liesBehind: () => NO_BOUND',
  },
  {
    rule: 'a rollback frees what is pending',
    package: 'ledger',
    file: 'leg-changes.ts',
    find: 'return unmoved(changed(account, 0n, 0n, -amountMinor), endedLeg, reference);',
    replace: 'return unmoved(changed(account, 0n, 0n, 0n), endedLeg, reference);',
  },
  {
    rule: 'held money is not promised again',
    package: 'ledger',
    file: 'checks.ts',
    find: 'const availableMinor = account.balanceMinor - account.holdsMinor - account.minimumMinor;',
    replace: 'const availableMinor = account.balanceMinor - account.minimumMinor;',
  },
  {
    rule: 'an acknowledgement strikes off whom it names',
    package: 'ledger',
    file: 'housekeeping.ts',
    find: 'const untold = outcome.untold.filter((leg) => !accounts.includes(leg.account));',
    replace: 'const untold = outcome.untold.slice(accounts.length);',
  },
  {
    rule: 'a home that does not answer is UNKNOWN',
    package: 'two-phase-commit',
    file: 'decision.ts',
    find: "case 'unreachable':\n      return inDoubt(txn, nowMs, reply);",
    replace: "case 'unreachable':\n      return startDecision(txn, nowMs, { kind: 'abort', reason: lateReason });",
  },
  {
    rule: 'only who was told is struck off',
    package: 'two-phase-commit',
    file: 'phase-two.ts',
    find: "if (txn.legs.some((leg) => leg.spec.account === account && leg.state === 'told')) told.push(account);",
    replace: 'told.push(account);',
  },
  {
    rule: 'a commit that is at the home is not followed by an abort',
    package: 'two-phase-commit',
    file: 'global-transaction.ts',
    find: "if (txn.phase.state === 'asked') return { txn: { ...txn, phase: { ...txn.phase, late: true } }, effects: [] };",
    replace: '',
  },
  {
    rule: 'DECIDE carries the highest moment of the promises',
    package: 'two-phase-commit',
    file: 'instructing.ts',
    find: 'if (leg.preparedUs !== null) notBeforeUs = Math.max(notBeforeUs ?? 0, leg.preparedUs);',
    replace: '',
  },
  {
    rule: 'nothing is committed with a promise missing',
    package: 'two-phase-commit',
    file: 'instructing.ts',
    find: "const ready = txn.legs.every((leg) => leg.state === 'at-home' || leg.state === 'prepared');",
    replace: "const ready = txn.legs.some((leg) => leg.state === 'at-home' || leg.state === 'prepared');",
  },
];
