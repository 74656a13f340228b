/**
 * COMMIT and ACKNOWLEDGE of many payments: an item, an entry's slot and an answer for all of them instead of one each. What they mean is what their
 * members mean alone; here is how the one form is turned into the other.
 */
import { invariant } from '@mas/values';
import { MAX_MEMBERS, type Acknowledge, type AcknowledgeMany, type CommitLeg, type CommitMany, type Instruction } from './instruction';
import type { MemberOutcome, Outcome } from './outcome';

export type ManyInstruction = CommitMany | AcknowledgeMany;

const DONE: MemberOutcome = { kind: 'done' };

export function isMany(instruction: Instruction): instruction is ManyInstruction {
  return instruction.kind === 'commit-many' || instruction.kind === 'acknowledge-many';
}

/** An instruction of its own for each member, in order. */
export function membersOf(many: ManyInstruction): readonly (CommitLeg | Acknowledge)[] {
  if (many.kind === 'commit-many') return many.legs.map(({ txn, account, commitUs }) => ({ kind: 'commit', txn, account, commitUs }));
  return many.told.map(({ key, txn, accounts }) => ({ kind: 'acknowledge', key, txn, accounts }));
}

/** What has been told, in as few instructions as may be. */
export function acknowledgedTogether(told: readonly Acknowledge[]): readonly (Acknowledge | AcknowledgeMany)[] {
  const together: (Acknowledge | AcknowledgeMany)[] = [];
  for (let from = 0; from < told.length; from += MAX_MEMBERS) {
    const members = told.slice(from, from + MAX_MEMBERS);
    if (members.length === 1) together.push(...members);
    else together.push({ kind: 'acknowledge-many', told: members.map(({ key, txn, accounts }) => ({ key, txn, accounts })) });
  }
  return together;
}

/** What many are answered whose members have come to these. */
export function joinedOutcome(outcomes: readonly Outcome[]): Outcome {
  const members = outcomes.map(memberOutcome);
  return members.every(({ kind }) => kind === 'done') ? DONE : { kind: 'each', outcomes: members };
}

/** A COMMIT that ends otherwise than committed fails by name. */
function memberOutcome(outcome: Outcome): MemberOutcome {
  if (outcome.kind === 'done' || outcome.kind === 'alarm' || outcome.kind === 'wrong-bucket') return outcome;
  const isCommitted = outcome.kind === 'leg-ended' && outcome.leg.state === 'committed';
  if (!isCommitted) invariant(false, 'what a bucket is told is done or fails by name', { kind: outcome.kind });
  return DONE;
}
