/** Rules of the ledger, each broken once; the long test's adversary must notice. */

/** A piece of a source file, and what stands there instead. */
export interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** `from` occurs exactly once in its file, so that a mutation cannot silently stop applying. */
export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'a late prepare after a rollback is refused',
    file: 'phases.ts',
    from: 'if (existing !== undefined) return legStands(existing);',
    to: "if (existing !== undefined && existing.state !== 'aborted') return legStands(existing);",
  },
  {
    rule: 'a rollback before its prepare leaves a tombstone',
    file: 'phases.ts',
    from: '  a.putLeg(leg);\n  a.state.rev += 1;\n  return leg;',
    to: '  a.state.rev += 1;\n  return leg;',
  },
  {
    rule: 'phase 2 without a prepare is refused',
    file: 'phases.ts',
    from: "if (leg === undefined) return alarm('COMMIT_WITHOUT_PREPARE', txn, account);",
    to: "if (leg === undefined) return { kind: 'done' };",
  },
  {
    rule: 'a leg in another bucket must have been prepared',
    file: 'decide.ts',
    from: 'if (remotePrepared.includes(account)) continue;',
    to: 'if (remotePrepared.length < 99) continue;',
  },
  {
    rule: 'an abort gives the hold of a debit back',
    file: 'leg-changes.ts',
    from: "      return unmoved(changed(account, 0n, -amountMinor, 0n), endedLeg, reference);\n    case 'credit':",
    to: "      return unmoved(changed(account, 0n, 0n, 0n), endedLeg, reference);\n    case 'credit':",
  },
  {
    rule: 'an abort gives the pending credit back',
    file: 'leg-changes.ts',
    from: 'return unmoved(changed(account, 0n, 0n, -amountMinor), endedLeg, reference);',
    to: 'return unmoved(changed(account, 0n, 0n, 0n), endedLeg, reference);',
  },
  {
    rule: 'an aborted capture gives the reservation back',
    file: 'leg-changes.ts',
    from: "leg, reserved(reference, { status: 'open', consumedBy: null }));",
    to: 'leg, reference);',
  },
  {
    rule: 'a key is decided once',
    file: 'decide.ts',
    from: 'if (outcome === undefined) return null;',
    to: "if (outcome === undefined || outcome.decision.kind === 'aborted') return null;",
  },
  {
    rule: 'a decided key is not applied again',
    file: 'decide.ts',
    from: 'const outcome = recorded(a, instruction) ?? recordAbort(a, instruction, ABANDONED);',
    to: 'const outcome = recordAbort(a, instruction, ABANDONED);',
  },
  {
    rule: 'a key belongs to one txn',
    file: 'decide.ts',
    from: "return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : { kind: 'conflict', bound: outcome };",
    to: "return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : null;",
  },
  {
    rule: 'a prepare is done once',
    file: 'phases.ts',
    from: 'if (existing !== undefined) return legStands(existing);',
    to: "if (existing !== undefined && existing.state !== 'prepared') return legStands(existing);",
  },
  {
    rule: 'the minimum balance is kept',
    file: 'checks.ts',
    from: 'const availableMinor = account.balanceMinor - account.holdsMinor - account.minimumMinor;',
    to: 'const availableMinor = account.balanceMinor - account.holdsMinor;',
  },
  {
    rule: 'held money is not spent again',
    file: 'checks.ts',
    from: 'const availableMinor = account.balanceMinor - account.holdsMinor - account.minimumMinor;',
    to: 'const availableMinor = account.balanceMinor - account.minimumMinor;',
  },
  {
    rule: 'a commit is applied once',
    file: 'phases.ts',
    from: "if (leg.state === 'committed') return isOtherCommitTime(leg.commitUs, commitUs) ? alarm('COMMIT_TIMES_DIFFER', txn, account) : legStands(leg);",
    to: "if (leg.state === 'committed') return { kind: 'leg-ended', leg: commitPrepared(a, { ...leg, state: 'prepared' }, commitUs).leg };",
  },
  {
    rule: 'what was prepared at home is consumed, not applied anew',
    file: 'decide.ts',
    from: "plans.push(leg.state === 'prepared' ? { kind: 'consume', leg } : { kind: 'already', leg });",
    to: "plans.push({ kind: 'already', leg });",
  },
  {
    rule: 'a refusal of one leg stops all',
    file: 'decide.ts',
    from: "if (verdict.kind === 'refused') return { kind: 'abort', reason: verdict.refusal };\n    if (verdict.kind === 'wait')",
    to: "if (verdict.kind === 'refused') continue;\n    if (verdict.kind === 'wait')",
  },
  { rule: 'an abort ends what is prepared at home', file: 'decide.ts', from: "else if (leg.state === 'prepared') abortPrepared(a, leg, reason);", to: '' },
  {
    rule: 'an authorization is captured once',
    file: 'leg-changes.ts',
    from: "return settled(changed(account, -amountMinor, -reservationOf(reference).reservedMinor, 0n), leg, consumed(reference, 'captured', leg.txn), end);",
    to: "return settled(changed(account, -amountMinor, -amountMinor, 0n), leg, reserved(reference, { status: 'open' }), end);",
  },
  {
    rule: 'a capture stays within its authorization',
    file: 'reference-checks.ts',
    from: 'if (spec.amountMinor <= reservation.reservedMinor) return null;',
    to: 'if (spec.amountMinor >= 0n) return null;',
  },
  {
    rule: 'an expired authorization is freed once',
    file: 'housekeeping.ts',
    from: "if (leg?.reservation?.status !== 'open' || a.stampMs < leg.reservation.expiresAtMs) return DONE;",
    to: 'if (!leg?.reservation || a.stampMs < leg.reservation.expiresAtMs) return DONE;',
  },
  {
    rule: 'refunds stay within their original',
    file: 'reference-checks.ts',
    from: 'if (spec.amountMinor <= leftMinor) return',
    to: 'if (spec.amountMinor <= original.spec.amountMinor) return',
  },
  {
    rule: 'an aborted refund gives its reservation back',
    file: 'leg-changes.ts',
    from: 'endedLeg, refunded(reference, 0n, -amountMinor));',
    to: 'endedLeg, reference);',
  },
  {
    rule: 'one of many that fails is no success',
    file: 'members.ts',
    from: "return members.every(({ kind }) => kind === 'done') ? DONE",
    to: 'return members.length > 0 ? DONE',
  },
  { rule: 'of many that are told, the first one is', file: 'told-together.ts', from: 'joinedOutcome(legs.map(', to: 'joinedOutcome(legs.slice(1).map(' },
  {
    rule: 'COMMIT of many announces each account',
    file: 'rows-touched.ts',
    from: '    accounts.push(member.account);\n',
    to: '    if (accounts.length === 0) accounts.push(member.account);\n',
  },
  {
    rule: 'time does not go back',
    file: 'ledger.ts',
    from: 'if (entry.stampMs > this.state.stampMs) this.state.stampMs = entry.stampMs;',
    to: 'this.state.stampMs += 1;',
  },
  {
    rule: 'a decision lies behind its promises',
    file: 'instruction-traits.ts',
    from: 'liesBehind: ({ notBeforeUs }) => (notBeforeUs === null ? NO_BOUND : [notBeforeUs + 1])',
    to: 'liesBehind: () => NO_BOUND',
  },
  {
    rule: 'COMMIT carries the bucket behind the decision',
    file: 'instruction-traits.ts',
    from: 'liesBehind: ({ commitUs }) => (commitUs === null ? NO_BOUND : [commitUs])',
    to: 'liesBehind: () => NO_BOUND',
  },
  { rule: 'no two instructions have one moment', file: 'bucket-state.ts', from: 'Math.max(this.momentUs + 1,', to: 'Math.max(this.momentUs,' },
  {
    rule: 'a promise keeps its moment',
    file: 'phases.ts',
    from: 'if (existing !== undefined) return legStands(existing);',
    to: "if (existing?.state === 'prepared') return { kind: 'prepared', leg: { ...existing, preparedUs: a.momentUs } };\n  if (existing !== undefined) return legStands(existing);",
  },
  { rule: 'a leg is committed at its payment’s commit time', file: 'phases.ts', from: 'recordedCommitTime(a, commitUs)', to: 'a.momentUs' },
  {
    rule: 'COMMIT and ROLLBACK announce the leg they build on',
    file: 'rows-touched.ts',
    from: 'if (pinned !== undefined && pinned.body !== null) addReference',
    to: 'if (pinned === null) addReference',
  },
  {
    rule: 'an account that was given away does not change',
    file: 'own-rows.ts',
    from: 'row instanceof OwnAccount && !row.isLent ? row',
    to: 'row instanceof OwnAccount ? row',
  },
  {
    rule: 'a leg that was given away does not change',
    file: 'own-rows.ts',
    from: 'row instanceof OwnLeg && !row.isLent ? row',
    to: 'row instanceof OwnLeg ? row',
  },
  {
    rule: 'an outcome that was given away does not change',
    file: 'own-rows.ts',
    from: 'row instanceof OwnOutcome && !row.isLent ? row',
    to: 'row instanceof OwnOutcome ? row',
  },
  {
    rule: 'what is answered does not change',
    file: 'ledger.ts',
    from: 'return lentOutcome(applyOne(applying, instruction));',
    to: 'return applyOne(applying, instruction);',
  },
  { rule: 'memory keeps step with the rows', file: 'pinned-index.ts', from: 'if (remove(this.prepared, leg)) this.preparedTotal -= 1;', to: '' },
];
