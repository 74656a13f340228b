/**
 * Which branches of the protocol a run has been through: what each instruction came to, as the logs tell. A batch of seeds that never aborts an expired
 * capture says nothing about that, however many seeds there are.
 */
import type { Decision, Instruction, Outcome } from '@mas/ledger';
import { KNOWN_BRANCHES } from './known-branches';

/** Of an instruction of many: of each member. */
export function branchesOf(instruction: Instruction, outcome: Outcome): readonly string[] {
  if (outcome.kind === 'each') return [...new Set(outcome.outcomes.map((member) => `${instruction.kind}: ${endOf(member)}`))];
  return [`${askedFor(instruction)}: ${endOf(outcome)}`];
}

export function missedBranches(visited: ReadonlySet<string>): readonly string[] {
  return KNOWN_BRANCHES.filter((branch) => !visited.has(branch));
}

function askedFor(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'prepare':
      return `prepare ${instruction.body.legs.find(({ account }) => account === instruction.account)?.effect}`;
    case 'decide-commit':
      return `decide-commit ${instruction.body.kind}`;
    case 'change-account':
      return instruction.change.kind;
    case 'acquire-lock':
      return `acquire-lock ${instruction.mode}`;
    default:
      return instruction.kind;
  }
}

function endOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'decided':
      return `${decisionOf(outcome.outcome.decision)}${outcome.fresh ? '' : ', long ago'}`;
    case 'refused':
      return outcome.refusal.name;
    case 'account':
      return outcome.fresh ? 'done' : 'done, long ago';
    case 'leg-ended':
      return outcome.leg.state;
    case 'lock':
      return outcome.preparedLegs > 0 ? 'held, legs undecided' : 'held';
    case 'move':
      return outcome.stage.kind === 'refused' ? outcome.stage.reason : outcome.stage.kind;
    case 'alarm':
      return outcome.alarm.name;
    default:
      return outcome.kind;
  }
}

function decisionOf(decision: Decision): string {
  return decision.kind === 'committed' ? 'committed' : `aborted ${decision.reason.name}`;
}
