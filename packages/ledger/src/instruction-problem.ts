/** What makes instructions impossible in themselves (instruction-traits.ts): a sentence each, or null when nothing is wrong. */
import { fitsInt64 } from '@mas/values';
import {
  MAX_MEMBERS,
  type Acknowledge,
  type AcknowledgeMany,
  type AcquireLock,
  type BindId,
  type ChangeAccount,
  type CommitMany,
  type CommittedLeg,
  type CreateAccount,
  type DecideCommit,
  type Genesis,
  type Prepare,
  type RollbackLeg,
  type SetPolicy,
} from './instruction';
import type { Policy } from './policy';
import { SEMANTICS_VERSION } from './semantics';

/** The longest time that one lock request can ask for: a day. */
export const MAX_LOCK_TTL_MS = 86_400_000;
/** In the year 2112. A bucket that has been carried there has room for as many moments again. */
export const LAST_MOMENT_US = 2 ** 52;

export function momentProblem(us: number | null): string | null {
  return us === null || (Number.isSafeInteger(us) && us > 0 && us <= LAST_MOMENT_US)
    ? null
    : `a moment is a whole number of microseconds from 1 to ${LAST_MOMENT_US}`;
}

export function setPolicyProblem(instruction: SetPolicy): string | null {
  return policyProblem(instruction.policy) ?? semanticsProblem(instruction);
}

/** A name, or null: this program does not know what instructions would mean. */
export function unknownSemantics({ semanticsVersion }: Pick<Genesis, 'semanticsVersion'>): string | null {
  return semanticsVersion <= SEMANTICS_VERSION ? null : 'SEMANTICS_UNKNOWN';
}

export function creationProblem({ openingBalanceMinor, minimumMinor }: CreateAccount): string | null {
  return fitsInt64(openingBalanceMinor) && (minimumMinor === null || fitsInt64(minimumMinor)) ? null : 'an amount of the account exceeds 64 bits';
}

export function changeProblem({ change }: ChangeAccount): string | null {
  return change.kind !== 'set-minimum' || fitsInt64(change.minimumMinor) ? null : 'the minimum exceeds 64 bits';
}

export function bindingProblem({ body }: BindId): string | null {
  return body.legs.length === 0 && body.memo !== '' ? null : 'an id that is bound is a request’s without legs';
}

export function decisionProblem(instruction: DecideCommit): string | null {
  return bodyProblem(instruction) ?? momentProblem(instruction.notBeforeUs);
}

/** A name, or null. */
export function unknownLeg({ remotePrepared, body }: DecideCommit): string | null {
  return remotePrepared.every((account) => body.legs.some((leg) => leg.account === account)) ? null : 'LEG_NOT_IN_BODY';
}

export function rollbackProblem({ spec, account }: RollbackLeg): string | null {
  return spec.account === account ? null : 'the rolled back leg is another account’s';
}

export function commitManyProblem({ legs }: CommitMany): string | null {
  return memberProblem(legs.length) ?? firstProblem(legs);
}

export function acknowledgeProblem({ accounts }: Pick<Acknowledge, 'accounts'>): string | null {
  return accounts.length > 0 ? null : 'an acknowledgement names no leg';
}

export function acknowledgeManyProblem({ told }: AcknowledgeMany): string | null {
  const problem = memberProblem(told.length);
  if (problem !== null) return problem;
  for (const legs of told) {
    const none = acknowledgeProblem(legs);
    if (none !== null) return none;
  }
  return null;
}

export function lockTimeProblem({ ttlMs }: Pick<AcquireLock, 'ttlMs'>): string | null {
  return Number.isSafeInteger(ttlMs) && ttlMs > 0 && ttlMs <= MAX_LOCK_TTL_MS ? null : `a lock is held for 1 to ${MAX_LOCK_TTL_MS} ms`;
}

function firstProblem(legs: readonly CommittedLeg[]): string | null {
  for (const { commitUs } of legs) {
    const problem = momentProblem(commitUs);
    if (problem !== null) return problem;
  }
  return null;
}

/** One alone has an instruction of its own: what means the same is said in one way. */
function memberProblem(count: number): string | null {
  return count >= 2 && count <= MAX_MEMBERS ? null : `an instruction for many payments names 2 to ${MAX_MEMBERS} of them, this one ${count}`;
}

export function bodyProblem({ body }: Pick<Prepare, 'body'>): string | null {
  const problem = body.problems()[0];
  return problem === undefined ? null : `${problem.field}: ${problem.name}`;
}

export function prepareProblem(instruction: Prepare): string | null {
  const problem = bodyProblem(instruction);
  if (problem !== null) return problem;
  return instruction.body.legs.some((leg) => leg.account === instruction.account) ? null : 'the body has no leg of the account to be prepared';
}

export function genesisProblem(genesis: Genesis): string | null {
  const { slots, policy } = genesis;
  let next = 0;
  for (const { from, to } of slots) {
    if (from < next || to < from) return 'slot ranges are not sorted';
    next = to + 1;
  }
  return policyProblem(policy) ?? semanticsProblem(genesis);
}

function semanticsProblem({ semanticsVersion }: Pick<Genesis, 'semanticsVersion'>): string | null {
  return Number.isSafeInteger(semanticsVersion) && semanticsVersion >= 1 ? null : 'a semantics version is a positive whole number';
}

function policyProblem({ version, numberPattern, minimumBalanceMinor, maximumAmountMinor }: Policy): string | null {
  if (!Number.isSafeInteger(version) || version < 1) return 'a policy’s version is a positive whole number';
  if (numberPattern === '') return 'a policy’s number pattern is `any` or a template';
  return fitsInt64(minimumBalanceMinor) && fitsInt64(maximumAmountMinor) && maximumAmountMinor > 0n
    ? null
    : 'a policy’s amounts fit 64 bits, and the maximum is above zero';
}
